"""Edits of environment files that keep every other byte."""
