"""The target, as this machine answers."""
