"""The use cases: the one place where channels, indexes, tables, solver and installer meet."""
