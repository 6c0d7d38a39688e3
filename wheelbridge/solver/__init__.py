"""The joint solve: problem, engine, explanation."""
