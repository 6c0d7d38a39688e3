"""PyPA metadata said in conda's words: exact for a target, or refused."""
