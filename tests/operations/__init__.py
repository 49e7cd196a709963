"""What keeps an installation in order: commands, keys, the compose file, the Makefile, the measurements."""
