"""Is an environment sound, and what to do where it is not."""
