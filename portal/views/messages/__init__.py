"""Screens about messages."""
