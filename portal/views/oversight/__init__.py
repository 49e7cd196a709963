"""Screens about who has looked, for those it is about and for those who watch over it."""

from __future__ import annotations

from portal.access.policy.actions import Action, OfficeAction
from portal.services.oversight.case_log import LOOKS
from portal.web.navigation import N_, Layout, MenuEntry, RemainingRight

LAYOUT = Layout(
    menu=(
        MenuEntry(30, "oversight.figures", N_("Figures"), OfficeAction.FIGURES_VIEW),
        MenuEntry(40, "oversight.trace", N_("Trace"), OfficeAction.TRACE_VIEW),
    ),
    rights=(
        RemainingRight(
            30,
            Action.LOG_VIEW,
            "log.index",
            N_("Who has seen something about me"),
            "list-check",
            name_for=(Action.CONSENT_GIVE, N_("Who has seen my case")),
        ),
    ),
    parts={"case_head": (20, "oversight/who_has_seen.html")},
    template_globals={"looks": LOOKS},
)
