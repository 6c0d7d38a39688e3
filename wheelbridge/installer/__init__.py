"""The installer: wheels and conda packages into one environment, in one transaction."""
