"""``pyproject.toml`` as a file that says what to install."""
