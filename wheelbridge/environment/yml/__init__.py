"""environment.yml (CEP 24), read and written."""
