"""Ways in and out, and one's own account."""

from __future__ import annotations

from portal.web.navigation import Layout

LAYOUT = Layout(
    parts={"bar": (10, "signin/bar.html"), "notes": (10, "signin/notes.html"), "end": (10, "signin/session_end.html")},
    addresses={"home": "front.index", "language": "front.language"},
)
