"""The door that word processors come through."""

from __future__ import annotations

from portal.web.navigation import Layout

LAYOUT = Layout(door="files")
