"""Screens about the tools of the model."""

from __future__ import annotations

from portal.views.plans.words import age
from portal.web.navigation import N_, CaseDoor, Layout

LAYOUT = Layout(
    door="plans",
    doors=(CaseDoor(20, "plans", "plan.index", N_("Plan"), "flag"),),
    template_globals={"age": age},
)
