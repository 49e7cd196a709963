"""Accounts of professionals, their units and organisations, and how they come to sign in."""
