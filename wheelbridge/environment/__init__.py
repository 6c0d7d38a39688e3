"""Environment files and lock files, in and out: texts to values and back; nothing here solves or installs."""
