"""Screens about accounts, for administrators."""
