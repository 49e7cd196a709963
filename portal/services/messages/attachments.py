"""What is put beside a message: files of the case, one that is sent along, and goals and agreements of the plan.

Each stays in its own compartment. Whoever reads the message and does not see a thing where it lies is shown nothing of
it, not even that there is something; whoever puts it there is told first who that will be, and sends it a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.models import Membership, Message, MessageAttachment
from portal.services.files import files
from portal.services.files import queries as files_queries
from portal.services.files.arrivals import Upload
from portal.services.messages import answers
from portal.services.plans import definitions, plans
from portal.text import in_order
from portal.tools.definition import rows

TOOL = "goals_and_agreements"
MOST = 20
"""Things beside one message."""


@dataclass(frozen=True)
class Enclosed:
    """A thing beside a message, or one that could be."""

    key: str
    """What it is chosen by: a file's id, or `goals.1a2b3c4d` for a row of the plan."""
    title: str
    compartment: str
    file_id: UUID | None = None
    plan_id: UUID | None = None

    @property
    def tool(self) -> str:
        return "" if self.file_id else TOOL


@dataclass(frozen=True)
class OutOfSight:
    """A thing that some who will read the message cannot see."""

    thing: Enclosed
    who: tuple[Membership, ...]


@dataclass(frozen=True)
class ToEnclose:
    """What somebody wants beside a message, as their form says it."""

    keys: frozenset[str] = frozenset()
    upload: Upload | None = None
    seen: str = ""
    """The mark of the warning they have read."""


NOTHING_CHOSEN = ToEnclose()


def on_offer(ticket: CaseTicket) -> list[Enclosed]:
    """What of the case could be put beside a message: files, the newest first, then goals and agreements."""
    lines = files.newest_version(ticket) if ticket.allows(Action.FILE_VIEW) else []
    found = [Enclosed(str(line.file_id), line.title, line.compartment, file_id=line.file_id) for line in lines]
    return found + list(_rows_of_plan(ticket).values())


def _rows_of_plan(ticket: CaseTicket) -> dict[str, Enclosed]:
    """Address -> goal or agreement, of the newest version."""
    if not ticket.allows(Action.PLAN_VIEW):
        return {}
    try:
        compartment = definitions.compartment_of(ticket, TOOL)
    except NotFound:
        return {}
    page = plans.load(ticket, TOOL, compartment)
    found: dict[str, Enclosed] = {}
    if page is None:
        return found
    version = page.newest
    for section in version.definition.section:
        for row in rows(version.answers, section.key) if section.row else ():
            title = version.answers.get(f"{section.key}.{row}.{section.headline.key}", "")
            if title:
                key = f"{section.key}.{row}"
                found[key] = Enclosed(key, title, compartment.key, plan_id=version.plan_id)
    return found


def chosen(ticket: CaseTicket, choice: ToEnclose) -> list[Enclosed]:
    """The things that were chosen. Raises InvalidInput for what is not on offer to this person."""
    if not choice.keys:
        return []
    offered = {thing.key: thing for thing in on_offer(ticket)}
    if len(choice.keys) > MOST or not choice.keys <= set(offered):
        raise InvalidInput("enclosed", "choice")
    return [offered[key] for key in sorted(choice.keys)]


def out_of_sight(ticket: CaseTicket, compartment_id: UUID, things: Iterable[Enclosed]) -> list[OutOfSight]:
    """Which of them some of those who read there cannot see, and who that is."""
    ids = {compartment.key: compartment.id for compartment in ticket.compartments.values()}
    readers = answers.readers(ticket, compartment_id)
    found = []
    for thing in things:
        lacking = [ticket.members[one] for one in readers - answers.readers(ticket, ids[thing.compartment])]
        if lacking:
            found.append(OutOfSight(thing, tuple(sorted(lacking, key=lambda m: in_order(m.display_name)))))
    return found


def mark_of(warned: Iterable[OutOfSight]) -> str:
    """Names a warning: another thing or another person makes another one."""
    said = [(one.thing.key, *sorted(str(member.id) for member in one.who)) for one in warned]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:24] if said else ""


def check(ticket: CaseTicket, compartment_id: UUID, choice: ToEnclose) -> list[Enclosed]:
    """The things to put beside. Raises InvalidInput for what is not there, and where somebody will not see one of them
    and that has not been read yet."""
    things = chosen(ticket, choice)
    if mark_of(out_of_sight(ticket, compartment_id, things)) not in ("", choice.seen):
        raise InvalidInput("", "some_cannot_see")
    return things


def put_beside(ticket: CaseTicket, message: Message, things: Iterable[Enclosed], upload: Upload | None) -> None:
    """`check` has looked at them. What is sent along goes where the message lies, by the usual way."""
    ids = {compartment.key: compartment.id for compartment in ticket.compartments.values()}
    if upload is not None:
        made = files.add_file(ticket, uuid4(), message.compartment_id, upload)
        key = ticket.compartments[message.compartment_id].key
        things = [*things, Enclosed(str(made), upload.name, key, file_id=made)]
    for thing in things:
        row = ticket.new(
            MessageAttachment,
            message.compartment_id,
            message_id=message.id,
            thread_id=message.thread_id,
            item_compartment_id=ids[thing.compartment],
            file_id=thing.file_id,
            plan_id=thing.plan_id,
            row_address="" if thing.file_id else thing.key,
        )
        ticket.session.add(row)
    ticket.session.flush()


def of_thread(ticket: CaseTicket, thread_id: UUID) -> dict[UUID, tuple[Enclosed, ...]]:
    """Message -> what lies beside it and is there for this person: neither withdrawn nor taken out, nor hidden."""
    open_ones = [compartment.id for compartment in ticket.compartments.values()]
    lines = ticket.session.scalars(
        select(MessageAttachment)
        .where(*ticket.within(MessageAttachment), MessageAttachment.item_compartment_id.in_(open_ones))
        .where(MessageAttachment.thread_id == thread_id)
        .order_by(MessageAttachment.id)
    ).all()
    named = _files_called(ticket, [line.file_id for line in lines if line.file_id is not None])
    of_plan = _rows_of_plan(ticket) if any(line.plan_id for line in lines) else {}
    found: dict[UUID, tuple[Enclosed, ...]] = {}
    for line in lines:
        thing = named.get(line.file_id) if line.file_id else of_plan.get(line.row_address)
        if thing is not None:
            found[line.message_id] = (*found.get(line.message_id, ()), thing)
    return found


def _files_called(ticket: CaseTicket, file_ids: list[UUID]) -> dict[UUID, Enclosed]:
    if not file_ids or not ticket.allows(Action.FILE_VIEW):
        return {}
    newest = files_queries.LATEST.subquery()
    found = ticket.session.execute(select(newest).where(newest.c.file_id.in_(file_ids)), ticket.bounds)
    return {
        line.file_id: Enclosed(str(line.file_id), line.title, line.compartment, file_id=line.file_id)
        for line in files.file_lines(ticket, found)
    }
