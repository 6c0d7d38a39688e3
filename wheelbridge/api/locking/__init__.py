"""Locks made: one solve for each target, and what a lock needs to know of its packages."""
