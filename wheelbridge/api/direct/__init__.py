"""Links: projects that are asked for by where they are, opened for a solve that only they serve their names in."""
