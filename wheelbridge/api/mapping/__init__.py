"""The use cases of the mapping tables: look-up, maintenance, and maps of somebody's own."""
