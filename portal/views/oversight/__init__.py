"""Screens about who has looked, for those it is about and for those who watch over it."""
