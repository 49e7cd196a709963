"""What the capabilities offer to the work that goes over all of them, in the order in which it is done.

Each says so in its `capability.py`; a new one adds its lines here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from portal.access.actor import Actor
from portal.access.signin import capability as signin
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.consents import capability as consents
from portal.services.exports import capability as exports
from portal.services.files import capability as files
from portal.services.meetings import capability as meetings
from portal.services.members import capability as members
from portal.services.messages import capability as messages
from portal.services.oversight import capability as oversight
from portal.services.plans import capability as plans
from portal.services.shared import idempotency
from portal.services.shared.front import Front, FrontQuestions
from portal.services.shared.needs import NeedLine, OwnCases
from portal.services.webdav import capability as webdav

SWEEPS: tuple[Callable[[PortalSession], None], ...] = (
    signin.sweep,
    files.sweep,
    webdav.sweep,
    exports.sweep,
    messages.sweep,
    idempotency.sweep,
)
"""Delete what is over: half-finished sign-ins, uploads nobody went on with, links and copies whose time has passed."""

REMINDERS: tuple[Callable[[PortalSession], int], ...] = (consents.send_reminders, plans.send_reminders)
"""Queue a mail to whom something must be brought to mind, and say to how many people."""

FRONT: tuple[FrontQuestions, ...] = (
    plans.FRONT,
    meetings.FRONT,
    members.FRONT,
    consents.FRONT,
    messages.FRONT,
    oversight.FRONT,
)
"""What each asks in the one statement that the front of a case begins with."""

NEWS: tuple[Callable[[CaseTicket, Front], Any], ...] = (
    consents.news,
    members.news,
    meetings.news,
    plans.news,
    messages.news,
    files.news,
)
"""Say what the front of a case tells of each: a dataclass, whose fields the page reads by their names."""

NEEDS: tuple[Callable[[Actor, OwnCases], Iterable[NeedLine]], ...] = (
    members.needs_me,
    consents.needs_me,
    meetings.needs_me,
    plans.needs_me,
    messages.needs_me,
)
"""Say what all cases of somebody need of them, for the first page: as many statements for two cases as for sixty."""
