"""Screens about consent, and about what is opened by law."""
