"""Screens about copies of a case."""

from __future__ import annotations

from portal.web.navigation import Layout

LAYOUT = Layout(door="files")
