"""Lines of a case's trace as one person reads them: who did what with what, as far as they may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.access.case_rows import Workplace
from portal.access.policy import who_may
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import AuditEvent, Correction, FileVersion, Membership, Plan, Thread, Unit
from portal.services.files import naming
from portal.services.shared import audience

PAUSE = timedelta(minutes=30)
"""Whoever does nothing for as long has ended their visit."""
MACHINE = (
    Event.VERSION_INDEXED,
    Event.VERSION_CONVERTED,
    Event.VERSION_SCANNED,
    Event.CONSENT_SCANNED,
    Event.EXPORT_MADE,
    Event.EXPORT_FAILED,
    Event.PLAN_REMINDED,
    Event.CONSENT_ENDING,
)
"""What the portal did by itself, also where it did it with somebody's rights: told as its own."""
_MARK = 8
"""Bytes of a line's proof that name it in an address. Its number would tell how many lines there are in between that
the reader does not see."""


@dataclass(frozen=True)
class Named:
    """Somebody of the case, as the reader may know them."""

    member: Membership
    workplace: Workplace | None
    is_known: bool
    """Whether the reader may know of them at all; if not, there is nothing else to be told."""
    name_shown: bool
    """Whether the reader may know the name, or only role and organisation (Datatilsynet 2024)."""
    is_me: bool


@dataclass(frozen=True)
class LogLine:
    """One thing somebody did or looked at."""

    seq: int
    mark: str
    """Names the line in an address."""
    at: datetime
    event: Event
    who: Named | None
    """None for somebody who was never in the case, and for the portal itself."""
    by_machine: bool
    """Whether the portal did it by itself."""
    about: str
    """Name of the file, subject of the thread or key of the tool it was about, as far as the reader may see it."""
    about_who: Named | None
    """The member it was about."""
    about_tool: bool
    """Then `about` is the tool's key."""
    compartment: str | None
    """Key of the compartment, when the reader sees it too."""
    in_closed_compartment: bool
    fields: dict[str, Any]
    is_me: bool
    before: str = ""
    """What was put right: how it was before, for those who may know."""

    @property
    def by_office(self) -> bool:
        """Whether it came from an account, and not from anybody of the case."""
        return self.event is Event.MEMBER_CHANGED

    @property
    def by_scanner(self) -> bool:
        """Whether the virus scanner did it and no person."""
        return self.event in (Event.VERSION_SCANNED, Event.CONSENT_SCANNED)

    @property
    def is_refusal(self) -> bool:
        return self.event in (Event.ACCESS_REFUSED, Event.CODE_REFUSED)

    @property
    def key(self) -> str:
        """The same for everything one person, or the portal, did."""
        if self.by_machine or self.who is None:
            return f"{self.by_machine} {self.by_scanner} {self.by_office}"
        return str(self.who.member.id)


@dataclass(frozen=True)
class Visit:
    """What one person did without a longer pause, newest first. The same thing done again is told once."""

    lines: tuple[LogLine, ...]

    @property
    def who(self) -> LogLine:
        return self.lines[0]

    @property
    def begun_at(self) -> datetime:
        return self.lines[-1].at

    @property
    def ended_at(self) -> datetime:
        return self.lines[0].at

    @property
    def told(self) -> tuple[LogLine, ...]:
        """Each different thing once, the latest of its kind, in the order it was done."""
        once: dict[object, LogLine] = {}
        for line in self.lines:
            whom = line.about_who.member.id if line.about_who and line.about_who.is_known else None
            once.setdefault((line.event, line.about, whom, line.in_closed_compartment, str(line.fields)), line)
        return tuple(reversed(once.values()))


def log_line_of(ticket: CaseTicket, rows: Iterable[AuditEvent]) -> list[LogLine]:
    """The rows as this person reads them, in their order."""
    shown = list(rows)
    (names, tools), places = _names(ticket, shown), audience.workplaces(ticket)
    lines = [_line(ticket, row, names, tools, places) for row in shown]
    corrected = _before(ticket, shown)
    return [replace(line, before=_told_before(line, corrected)) for line in lines]


def visits(lines: Iterable[LogLine], pause: timedelta = PAUSE) -> tuple[Visit, ...]:
    """Lines, newest first, gathered by who did them and when."""
    groups: list[list[LogLine]] = []
    for line in lines:
        last = groups[-1][-1] if groups else None
        if last and last.key == line.key and last.at - line.at < pause:
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(Visit(tuple(group)) for group in groups)


def proof_of(mark: str) -> bytes | None:
    """The beginning of the proof of the line that a mark names; None for what is no mark."""
    try:
        proof = bytes.fromhex(mark)
    except ValueError:
        return None
    return proof if len(proof) == _MARK else None


def named(ticket: CaseTicket, member_id: UUID) -> Named | None:
    """Somebody of the case as the log tells this reader of them. None for an id that is no member's."""
    return _named(ticket, member_id, audience.workplaces(ticket))


def _line(
    ticket: CaseTicket, row: AuditEvent, names: dict[UUID, str], tools: set[UUID], places: dict[UUID, Workplace]
) -> LogLine:
    compartment = ticket.compartments.get(row.compartment_id) if row.compartment_id else None
    by_machine = row.event in MACHINE
    return LogLine(
        seq=row.seq,
        mark=row.mac[:_MARK].hex(),
        at=row.at,
        event=Event(row.event),
        who=None if by_machine else _named(ticket, row.membership_id, places),
        by_machine=by_machine,
        about=names.get(row.item_id, "") if row.item_id else "",
        about_who=_named(ticket, row.item_id, places),
        about_tool=row.item_id in tools,
        compartment=compartment.key if compartment else None,
        in_closed_compartment=row.compartment_id is not None and compartment is None,
        fields=row.fields,
        is_me=row.actor_id == ticket.actor.person_id and not by_machine,
    )


def _named(ticket: CaseTicket, member_id: UUID | None, places: dict[UUID, Workplace]) -> Named | None:
    member = ticket.members.get(member_id) if member_id else None
    if member is None:
        return None
    is_me = member.id == ticket.membership.id
    citizen, shown = who_may.is_citizen(member.unit_id), ticket.session.info["settings"]
    return Named(
        member=member,
        workplace=places.get(member.unit_id) if member.unit_id else None,
        is_known=ticket.members.knows(member.id),
        name_shown=who_may.may_read_name_in_log(citizen, ticket.actor.is_staff, is_me, shown.show_staff_names_in_log),
        is_me=is_me,
    )


def _told_before(line: LogLine, corrected: dict[str, str]) -> str:
    """How it was before, unless that would tell who somebody is whom the reader may not know."""
    whom = line.about_who
    if whom is not None and not (whom.is_known and (whom.name_shown or line.fields.get("what") != "name")):
        return ""
    return corrected.get(line.fields.get("correction", ""), "")


def _before(ticket: CaseTicket, rows: Iterable[AuditEvent]) -> dict[str, str]:
    """By the id of a correction, how it was before; the database gives out what this person may know."""
    wanted = {UUID(row.fields["correction"]) for row in rows if "correction" in row.fields}
    if not wanted:
        return {}
    found = {}
    units: dict[UUID, str] = {}
    corrections = ticket.session.scalars(select(Correction).where(Correction.id.in_(wanted))).all()
    if moved := {row.before_unit_id for row in corrections if row.before_unit_id}:
        units = {row.id: row.name for row in ticket.session.scalars(select(Unit).where(Unit.id.in_(moved)))}
    for row in corrections:
        if row.before_unit_id:
            found[str(row.id)] = units[row.before_unit_id]
        elif row.before_sealed:
            found[str(row.id)] = ticket.unseal(row, "before")
    return found


def _names(ticket: CaseTicket, rows: Iterable[AuditEvent]) -> tuple[dict[UUID, str], set[UUID]]:
    """What the items are called, for those the reader may see, and which of them are plans: those are called by the
    key of their tool. Loaded through the ticket."""
    wanted = {row.item_id for row in rows if row.item_id}
    names: dict[UUID, str] = {}
    newest = (
        ticket.select(FileVersion)
        .where(FileVersion.file_id.in_(wanted))
        .ext(distinct_on(FileVersion.file_id))
        .order_by(FileVersion.file_id, FileVersion.number.desc())
    )
    versions = ticket.session.scalars(newest).all()
    given = naming.given(ticket) if versions else {}
    for version in versions:
        own = ticket.unseal(version, "name")
        names[version.file_id] = naming.title(given.get(version.file_id, ""), own)
    for thread in ticket.session.scalars(ticket.select(Thread).where(Thread.id.in_(wanted))):
        names[thread.id] = ticket.unseal(thread, "subject")
    plans = ticket.session.scalars(ticket.select(Plan).where(Plan.id.in_(wanted))).all()
    names |= {plan.id: plan.tool for plan in plans}
    return names, {plan.id for plan in plans}
