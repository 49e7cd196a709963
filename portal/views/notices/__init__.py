"""How people are told that there is something new."""

from __future__ import annotations

from portal.web.navigation import Layout

LAYOUT = Layout()
