"""Messages: threads, and what of them is not read yet."""
