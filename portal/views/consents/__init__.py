"""Screens about consent, and about what is opened by law."""

from __future__ import annotations

from portal.access.policy.actions import Action
from portal.views.consents.words import party_title
from portal.web.navigation import N_, Layout, RemainingRight

LAYOUT = Layout(
    door="people",
    rights=(RemainingRight(20, Action.CONSENT_VIEW, "consents.mine", N_("Your consents"), "how-to-reg"),),
    template_globals={"party_title": party_title},
)
