"""``--solver wheelbridge``: conda's own commands solve over channels and indexes at once, and conda links."""
