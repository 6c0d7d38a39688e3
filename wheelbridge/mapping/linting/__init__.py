"""The rules that tables are held to, and what they find; values only."""
