"""Why a package is in an environment, and what would have to change for another."""
