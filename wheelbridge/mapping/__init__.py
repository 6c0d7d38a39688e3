"""Names of two worlds tied together: rows, look-up, checks; values only."""
