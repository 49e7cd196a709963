"""Copies of a case, made in the background and fetched by whoever asked."""
