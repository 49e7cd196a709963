"""Screens about copies of a case."""
