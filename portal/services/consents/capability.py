"""What consents offers to services/registry.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.actor import Actor
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.consents import needs, noted_by_others, overrides, queries, reminders, requests
from portal.services.consents.overrides import FreezeLine
from portal.services.consents.reminders import Ending
from portal.services.shared.front import Front, FrontQuestions
from portal.services.shared.needs import NeedLine, OwnCases


def send_reminders(session: PortalSession) -> int:
    """To whom a consent that ends soon must be brought to mind."""
    return reminders.send_due(session)


FRONT = FrontQuestions(of_all={"spoken_for": queries.NOTED_BY_OTHERS.scalar_subquery()})


@dataclass(frozen=True)
class ConsentNews:
    asks_me: int
    """Parties that wait for this person's own consent."""
    is_spoken_for: bool
    """Whether somebody has noted an answer in this person's name, which they have not looked at."""
    endings: tuple[Ending, ...]
    """Consents that end soon, as far as this person may know of them."""
    frozen: tuple[FreezeLine, ...]
    """Freezes that the owner must look at again."""


def news(ticket: CaseTicket, front: Front) -> ConsentNews:
    """What the front of a case tells of consents."""
    spoken_for = front.there.spoken_for
    return ConsentNews(
        asks_me=requests.asks_me(ticket),
        is_spoken_for=ticket.allows(Action.CONSENT_GIVE) and noted_by_others.is_news(ticket, spoken_for),
        endings=tuple(reminders.endings(ticket)),
        frozen=tuple(f for f in overrides.freezes(ticket) if f.is_due) if front.leads else (),
    )


def needs_me(actor: Actor, cases: OwnCases) -> Iterator[NeedLine]:
    """Consents that end."""
    return needs.needs_me(actor, cases)
