"""Screens to list, open and find cases, and the front of one."""
