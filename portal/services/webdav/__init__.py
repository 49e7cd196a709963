"""Files opened in a word processor: links, locks, and the copy that is worked on."""
