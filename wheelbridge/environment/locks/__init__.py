"""Lock files: pixi.lock, pylock.toml, conda-lock.yml, and explicit lists."""
