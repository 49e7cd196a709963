"""What people have said of the words of a version: who takes on what names them, and who says yes to all of it.

Either counts for exactly the words it was said of, and only for whoever said it. A yes to the whole is said in a
meeting, before anybody proposes the version; when it is proposed the yes stands (plan_agreeing.propose), unless a word
was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.access.policy import who_may
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.models import Membership, PlanTaking
from portal.services.plans import plans
from portal.services.plans.versions import VersionPage
from portal.tools.definition import Section

WHOLE = "whole"
"""In place of a row: all of the version. No row is called so."""


@dataclass(frozen=True)
class NamedPart:
    """Something that a version names somebody for."""

    section: Section
    row: str
    who: Membership
    taken_at: datetime | None
    """When they took it on, in the words that stand there now."""
    words: str
    """Names those words: sent back with the answer, so that nobody takes on what they have not read."""
    with_the_whole: bool
    """Whether they said yes to the whole version: then it is not taken back one by one."""

    def address(self, key: str) -> str:
        return ".".join(filter(None, (self.section.key, self.row, key)))


@dataclass(frozen=True)
class ApprovedLine:
    """Somebody's yes to the words that stand now. `id` names the line it was last said in."""

    id: UUID
    at: datetime


@dataclass(frozen=True)
class Sayings:
    """Everything said of a version, in one query."""

    asked: tuple[NamedPart, ...]
    """What the version names somebody for, in its order."""
    whole: Mapping[UUID, ApprovedLine]
    """Membership id -> their yes to all of it, in the words that stand now."""
    earlier: Mapping[UUID, Mapping[str, str]]
    """Membership id -> the answers that they said yes to, where those are others than now."""
    rows: Mapping[UUID, ApprovedLine] = field(default_factory=dict)
    """Membership id -> their yes, for whoever has taken on all that names them."""

    def standing(self, members: Collection[UUID], whole: Collection[UUID]) -> dict[UUID, ApprovedLine]:
        """Whose yes to the version stands: of `members`, those of `whole` by a yes to all of it, others also by having
        taken on what names them."""
        return {
            member: said
            for member in members
            if (said := self.whole.get(member) or (None if member in whole else self.rows.get(member)))
        }


def read_approvals(ticket: CaseTicket, page: VersionPage) -> Sayings:
    """What was said of a version. What somebody takes on counts while they see it."""
    newest: dict[tuple[str, UUID], PlanTaking] = {}
    lines = select(PlanTaking).where(*ticket.within(PlanTaking), PlanTaking.plan_version_id == page.id)
    for line in ticket.session.scalars(lines.order_by(PlanTaking.created_at)):
        newest[line.row_key, line.created_by_id] = line
    all_of_it, whole, earlier = words_of_all(page.answers), {}, {}
    for (row, who), line in newest.items():
        if row == WHOLE and line.taken:
            saved = _stored_words(ticket, line)
            if saved == all_of_it:
                whole[who] = ApprovedLine(line.id, line.created_at)
            else:
                earlier[who] = json.loads(saved)
    asked, rows = _asked(ticket, page, newest, whole)
    return Sayings(tuple(asked), whole, earlier, rows)


def named_parts(ticket: CaseTicket, page: VersionPage) -> list[NamedPart]:
    """Everything a version names somebody for, in its order, with who has taken it on. One query."""
    return list(read_approvals(ticket, page).asked)


def must_agree(page: VersionPage, member: Membership) -> bool:
    """Whether somebody is asked for a yes to the whole version, whatever it names them for."""
    return who_may.is_asked_to_agree(Capacity(member.capacity), page.definition.agreed_by)


def words_of_all(answers: Mapping[str, str]) -> str:
    return json.dumps({address: words for address, words in answers.items() if words}, sort_keys=True)


def words_of_row(answers: Mapping[str, str], section: str, row: str) -> str:
    place = f"{section}.{row}." if row else f"{section}."
    said = {address: words for address, words in answers.items() if address.startswith(place) and words}
    return json.dumps(said, sort_keys=True)


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def _asked(
    ticket: CaseTicket,
    page: VersionPage,
    newest: Mapping[tuple[str, UUID], PlanTaking],
    whole: Mapping[UUID, ApprovedLine],
) -> tuple[list[NamedPart], dict[UUID, ApprovedLine]]:
    """What names somebody, and who has taken on all that names them."""
    said_yes = {yes.member.id: yes.at for yes in page.asked if yes.at is not None}
    said_yes |= {who: said.at for who, said in whole.items()}
    found: list[NamedPart] = []
    taken: dict[UUID, list[PlanTaking | None]] = {}
    for section, row, who in plans.takers(page):
        member = ticket.members.get(who)
        if member is None:
            continue
        words, line = words_of_row(page.answers, section.key, row), newest.get((row, who))
        counts = line if line is not None and line.taken and _stored_words(ticket, line) == words else None
        taken.setdefault(who, []).append(counts)
        at = said_yes.get(who) or (counts.created_at if counts else None)
        found.append(NamedPart(section, row, member, at, digest(words), who in said_yes))
    rows = {}
    for who, lines in taken.items():
        all_taken = [line for line in lines if line is not None]
        if len(all_taken) == len(lines):
            last = max(all_taken, key=lambda line: line.created_at)
            rows[who] = ApprovedLine(last.id, last.created_at)
    return found, rows


def _stored_words(ticket: CaseTicket, line: PlanTaking) -> str:
    return ticket.unseal(line, "words")
