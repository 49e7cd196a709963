"""What a change would do, as names and things, before the button that does it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from portal import clock
from portal.access.policy import whatif
from portal.access.policy.facts import Facts, Member
from portal.access.policy.roles import Level
from portal.access.policy.whatif import AccessChange, Prospect
from portal.access.ticket import CaseTicket
from portal.models import Membership
from portal.services.files import files
from portal.services.messages import threads as message_threads

NAMED = 3
"""Things of a compartment that are named; the others are counted."""


@dataclass(frozen=True)
class Things:
    """What lies in a compartment, as far as the person who asks may see it."""

    files: int
    threads: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Shift:
    """One compartment that somebody gains, loses or has otherwise than before."""

    compartment: str
    was: Level
    becomes: Level
    things: Things | None
    """None for a compartment that the person who asks does not see."""


@dataclass(frozen=True)
class PersonEffect:
    membership: Membership
    opens: tuple[Shift, ...]
    closes: tuple[Shift, ...]
    alters: tuple[Shift, ...]
    """Compartments that stay open, for more or for less than before."""


@dataclass(frozen=True)
class Effects:
    people: tuple[PersonEffect, ...]
    newcomer: tuple[Prospect, ...] = ()
    """Of somebody who is not in the case yet: what each compartment will be to them."""

    def __bool__(self) -> bool:
        return bool(self.people)

    @property
    def mark(self) -> str:
        """A short name of exactly these effects: what was read is what will happen, or it is shown anew."""
        shifts = [
            f"{one.membership.id} {shift.compartment} {shift.was} {shift.becomes}"
            for one in self.people
            for shift in (*one.opens, *one.closes, *one.alters)
        ]
        coming = [f"{p.compartment} {p.level} {sorted(str(b) for b in p.blockers)}" for p in self.newcomer]
        return hashlib.sha256("\n".join([*shifts, "", *coming]).encode()).hexdigest()[:32]


def effects_of(ticket: CaseTicket, after: Facts, newcomer: Member | None = None) -> Effects:
    """The difference between the case as it is and as it would be."""
    now = clock.now()
    found: dict[UUID, list[AccessChange]] = {}
    frozen_since = ticket.facts.frozen_since(ticket.membership.id, now)
    for change in whatif.changes(ticket.facts, after, now):
        # Somebody who is shut out at once learns of nobody who came since.
        if frozen_since is None or ticket.members[change.member_id].added_at <= frozen_since:
            found.setdefault(change.member_id, []).append(change)
    things = things_of(ticket) if found else {}
    people = tuple(_person(ticket, member_id, found[member_id], things) for member_id in found)
    return Effects(people, tuple(whatif.prospects(after, newcomer, now)) if newcomer else ())


def things_of(ticket: CaseTicket) -> dict[str, Things]:
    """What lies in each compartment this person sees, newest first."""
    if not ticket.compartments:
        return {}
    newest, threads = files.newest_version(ticket), message_threads.threads(ticket)
    found = {}
    for compartment in ticket.compartments.values():
        names = [file.title for file in newest if file.compartment == compartment.key]
        subjects = [thread.subject for thread in threads if thread.compartment == compartment.key]
        found[compartment.key] = Things(len(names), len(subjects), tuple((names + subjects)[:NAMED]))
    return found


def _person(
    ticket: CaseTicket, member_id: UUID, changes: list[AccessChange], things: dict[str, Things]
) -> PersonEffect:
    shifts = [Shift(c.compartment, c.was, c.becomes, things.get(c.compartment)) for c in changes]
    return PersonEffect(
        ticket.everybody[member_id],
        opens=tuple(shift for shift in shifts if shift.was is Level.NONE),
        closes=tuple(shift for shift in shifts if shift.becomes is Level.NONE),
        alters=tuple(shift for shift in shifts if Level.NONE not in (shift.was, shift.becomes)),
    )
