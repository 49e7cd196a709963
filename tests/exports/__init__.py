"""Copies of a case to take away."""
