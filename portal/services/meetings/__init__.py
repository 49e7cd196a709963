"""Meetings: planned, held, ended, and whether the young person was heard."""
