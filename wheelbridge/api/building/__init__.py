"""Building: the environment that a project is built in, and the wheels that come out of source distributions."""
