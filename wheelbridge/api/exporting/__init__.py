"""What an environment is, as files for others."""
