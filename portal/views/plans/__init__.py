"""Screens about the tools of the model."""
