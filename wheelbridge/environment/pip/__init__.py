"""pip's requirements: files, and the ``pip:`` section of environment files."""
