"""Files opened in a word processor."""
