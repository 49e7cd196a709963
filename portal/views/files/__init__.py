"""Screens about files."""

from __future__ import annotations

from portal.views.files.words import file_icon
from portal.web.navigation import N_, CaseDoor, Layout

LAYOUT = Layout(
    door="files",
    doors=(CaseDoor(30, "files", "files.index", N_("Files"), "folder"),),
    template_globals={"file_icon": file_icon},
)
