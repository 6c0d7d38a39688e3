"""The values wheelbridge works on: frozen, typed, without input or output."""
