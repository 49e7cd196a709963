"""Screens about the people of a case."""

from __future__ import annotations

from portal.access.policy.actions import Action
from portal.web.navigation import N_, CaseDoor, Layout, RemainingRight

LAYOUT = Layout(
    door="people",
    doors=(CaseDoor(50, "people", "people.index", N_("People"), "groups"),),
    rights=(
        RemainingRight(
            10,
            Action.HAND_OVER_SAY,
            "hand_over.say",
            N_("Another guide: your answer"),
            "how-to-reg",
            when_asked_about_guide=True,
        ),
    ),
)
