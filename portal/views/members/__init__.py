"""Screens about the people of a case."""
