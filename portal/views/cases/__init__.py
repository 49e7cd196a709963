"""Screens to list, open and find cases, and the front of one."""

from __future__ import annotations

from portal.web.navigation import N_, CaseDoor, Layout, MenuEntry

LAYOUT = Layout(
    door="overview",
    doors=(CaseDoor(10, "overview", "case.overview", N_("Overview"), "home"),),
    menu=(MenuEntry(10, "case_list.index", N_("My cases")),),
    parts={"case_head": (10, "cases/who_can_see.html")},
)
