"""Environments made exactly as a lock says."""
