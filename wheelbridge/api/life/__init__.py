"""The life of an environment: updates, pins, revisions, clones."""
