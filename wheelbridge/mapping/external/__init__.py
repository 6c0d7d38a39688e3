"""External dependencies (PEP 725, PEP 804): ids, rows, documents; values only."""
