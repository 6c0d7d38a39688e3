"""Rows of native things: what wheels need, shared libraries, providers and runtimes; values only."""
