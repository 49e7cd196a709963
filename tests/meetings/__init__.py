"""Meetings: planned, held on a screen in the room, ended."""
