"""Files that say where packages come from: wheelbridge's own, conda's, pip's and uv's."""
