"""Accounts of professionals: made, changed, moved, closed, and what an administrator can do."""
