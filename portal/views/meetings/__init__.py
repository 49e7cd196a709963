"""Screens about meetings."""

from __future__ import annotations

from portal.web.navigation import Layout

LAYOUT = Layout(door="plans")
