"""``wheelbridge map``: a module a command."""
