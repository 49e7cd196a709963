"""What oversight offers to services/registry.py."""

from __future__ import annotations

from portal.services.oversight import queries
from portal.services.shared.front import FrontQuestions

FRONT = FrontQuestions(
    of_all={"last_look": queries.LAST_LOOK}, values=lambda ticket: {"is_citizen": not ticket.actor.is_staff}
)
