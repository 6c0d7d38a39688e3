"""``wheelbridge external``: a module a command."""
