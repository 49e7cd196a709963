"""*Nyt siden sidst*: what others changed in a case since somebody was there last, as far as they may see it.

It is read from the rows themselves, in one statement and in the bounds of the ticket: what was withdrawn, called off or
shut to the reader is not in it, and what they may not know of neither. Messages are told by their threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CompoundSelect,
    DateTime,
    LargeBinary,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from portal import clock
from portal.access.policy import who_may
from portal.access.policy.roles import Level
from portal.access.ticket import CaseTicket, bounded
from portal.db import Prepared
from portal.models import (
    AccessWindow,
    Consent,
    ConsentWithdrawal,
    Departure,
    FileVersion,
    Meeting,
    Membership,
    Plan,
    PlanAcceptance,
    PlanChange,
    PlanOutcome,
    PlanProposal,
    PlanVersion,
    TeamLevel,
    TeamWishAnswer,
)
from portal.services.files import naming
from portal.services.files import queries as files_queries
from portal.services.shared import audience

MOST = 60
"""Changes that are named; of more the page says how many there are."""


class What(StrEnum):
    FILE = "file"
    PLAN = "plan"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    OUTCOME = "outcome"
    MEETING = "meeting"
    CALLED_OFF = "called_off"
    HELD = "held"
    CAME = "came"
    ACCESS = "access"
    GONE = "gone"
    CONSENT = "consent"
    TAKEN_BACK = "taken_back"
    WISH = "wish"


@dataclass(frozen=True)
class Change:
    what: What
    at: datetime
    who: Membership | None
    """Who did it, or whom it is about; None where that is not noted."""
    item: str
    """What leads to its place: an id, or the key of a tool."""
    name: str
    """Of a file."""


@dataclass(frozen=True)
class Changes:
    lines: tuple[Change, ...]
    """The newest first."""
    more: int
    """How many there are beside them."""


class ChangeRow(NamedTuple):
    what: str
    at: datetime
    by_id: UUID | None
    item: str | None
    id: UUID | None
    name_sealed: bytes | None
    given_id: UUID | None
    given_sealed: bytes | None
    total: int


_SINCE: Any = bindparam("since", type_=DateTime(timezone=True))
_NOW: Any = bindparam("now", type_=DateTime(timezone=True))
_ME: Any = bindparam("me", type_=Uuid)
_CASE: Any = bindparam("case", type_=Uuid)
_OPEN = any_(bindparam("open", type_=ARRAY(Uuid)))
_NO_NAME = (
    cast(null(), Uuid).label("id"),
    cast(null(), LargeBinary).label("name_sealed"),
    cast(null(), Uuid).label("given_id"),
    cast(null(), LargeBinary).label("given_sealed"),
)


def _columns(what: What, at: Any, by: Any, item: Any = None) -> tuple[Any, ...]:
    return (
        literal(what.value, Text).label("what"),
        at.label("at"),
        cast(by, Uuid).label("by_id"),
        cast(item, Text).label("item"),
    )


def _files() -> Select[Any]:
    newest = files_queries.LATEST.subquery("f")
    columns = _columns(What.FILE, newest.c.created_at, newest.c.created_by_id, newest.c.file_id)
    named = (newest.c.id, newest.c.name_sealed, newest.c.given_id, newest.c.given_sealed)
    return select(*columns, *named).where(newest.c.created_at > _SINCE, newest.c.created_by_id != _ME)


def _plans() -> list[Select[Any]]:
    """What was written is one change for each version: the last one says when and by whom."""
    newer = aliased(PlanChange)
    later = (
        select(newer.id)
        .where(newer.plan_version_id == PlanChange.plan_version_id, newer.revision > PlanChange.revision)
        .where(newer.kind == "made", newer.created_by_id != _ME)
    )
    written = (
        select(*_columns(What.PLAN, PlanChange.created_at, PlanChange.created_by_id, Plan.tool), *_NO_NAME)
        .join(PlanVersion, PlanVersion.id == PlanChange.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*bounded(PlanChange), PlanChange.kind == "made")
        .where(PlanChange.created_at > _SINCE, PlanChange.created_by_id != _ME, ~later.exists())
    )
    proposed = (
        select(*_columns(What.PROPOSED, PlanProposal.created_at, PlanProposal.created_by_id, Plan.tool), *_NO_NAME)
        .join(PlanVersion, PlanVersion.id == PlanProposal.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(*bounded(PlanProposal), PlanProposal.created_at > _SINCE, PlanProposal.created_by_id != _ME)
    )
    accepted = (
        select(*_columns(What.ACCEPTED, PlanAcceptance.created_at, PlanAcceptance.membership_id, Plan.tool), *_NO_NAME)
        .join(PlanProposal, PlanProposal.id == PlanAcceptance.plan_proposal_id)
        .join(PlanVersion, PlanVersion.id == PlanProposal.plan_version_id)
        .join(Plan, Plan.id == PlanVersion.plan_id)
        .where(PlanAcceptance.case_id == _CASE, PlanAcceptance.compartment_id == _OPEN)
        .where(PlanAcceptance.created_at > _SINCE, PlanAcceptance.created_by_id != _ME)
    )
    outcome = select(*_columns(What.OUTCOME, PlanOutcome.created_at, PlanOutcome.created_by_id), *_NO_NAME).where(
        *bounded(PlanOutcome), PlanOutcome.created_at > _SINCE, PlanOutcome.created_by_id != _ME
    )
    return [written, proposed, accepted, outcome]


def _meetings() -> list[Select[Any]]:
    """A meeting that is called off or over is told as that, and no longer as planned."""
    is_off, is_over = Meeting.called_off_at.is_not(None), Meeting.ended_at.is_not(None)
    planned = select(*_columns(What.MEETING, Meeting.created_at, Meeting.created_by_id, Meeting.id), *_NO_NAME).where(
        *bounded(Meeting), Meeting.created_at > _SINCE, Meeting.created_by_id != _ME, ~is_off, ~is_over
    )
    off = select(*_columns(What.CALLED_OFF, Meeting.called_off_at, null(), Meeting.id), *_NO_NAME).where(
        *bounded(Meeting), Meeting.called_off_at > _SINCE
    )
    held = select(*_columns(What.HELD, Meeting.ended_at, null(), Meeting.id), *_NO_NAME).where(
        *bounded(Meeting), Meeting.ended_at > _SINCE
    )
    return [planned, off, held]


def _came() -> Select[Any]:
    """By the windows into what the reader sees too: who came to see something, and who sees something else by now."""
    window = AccessWindow
    seen = (
        select(
            window.membership_id.label("who"),
            func.min(window.valid_from).label("first"),
            func.max(window.valid_from).label("opened"),
        )
        .where(window.case_id == _CASE, window.compartment_id == _OPEN, window.membership_id != _ME)
        .where(window.valid_from <= _NOW, (window.valid_until.is_(None)) | (window.valid_until > _NOW))
        .group_by(window.membership_id)
        .subquery("seen")
    )
    what = case((seen.c.first > _SINCE, What.CAME.value), else_=What.ACCESS.value)
    columns = (cast(what, Text).label("what"), seen.c.opened.label("at"), seen.c.who.label("by_id"))
    return select(*columns, cast(seen.c.who, Text).label("item"), *_NO_NAME).where(seen.c.opened > _SINCE)


def _gone() -> Select[Any]:
    """Who was shut out by the guide, or left, and sees nothing of what the reader sees. Windows that were shut are not
    kept; the facts that shut them are."""
    before = aliased(TeamLevel)
    had_some = select(before.id).where(
        before.membership_id == TeamLevel.membership_id,
        before.valid_from < TeamLevel.valid_from,
        before.level != Level.NONE.value,
    )
    closed = select(TeamLevel.membership_id.label("who"), TeamLevel.valid_from.label("at")).where(
        TeamLevel.case_id == _CASE, TeamLevel.level == Level.NONE.value, had_some.exists()
    )
    left = select(Departure.membership_id, Departure.left_at).where(Departure.case_id == _CASE)
    both = union_all(closed, left).subquery("out")
    latest = select(both.c.who, func.max(both.c.at).label("at")).group_by(both.c.who).subquery("gone")
    still = select(AccessWindow.id).where(
        AccessWindow.case_id == _CASE,
        AccessWindow.membership_id == latest.c.who,
        AccessWindow.compartment_id == _OPEN,
        AccessWindow.valid_from <= _NOW,
        (AccessWindow.valid_until.is_(None)) | (AccessWindow.valid_until > _NOW),
    )
    columns = _columns(What.GONE, latest.c.at, latest.c.who, latest.c.who)
    return select(*columns, *_NO_NAME).where(
        latest.c.at > _SINCE, latest.c.at <= _NOW, latest.c.who != _ME, ~still.exists()
    )


def _answers() -> list[Select[Any]]:
    """What is between those who answer for the case, and each giver: asked for them alone, and the database agrees."""
    leads: Any = bindparam("leads", type_=Boolean)
    given = select(*_columns(What.CONSENT, Consent.given_at, Consent.giver_id, Consent.id), *_NO_NAME).where(
        leads, Consent.case_id == _CASE, Consent.given_at > _SINCE, Consent.registered_by_id != _ME
    )
    back = ConsentWithdrawal
    taken = select(*_columns(What.TAKEN_BACK, back.withdrawn_at, back.giver_id), *_NO_NAME).where(
        leads, back.case_id == _CASE, back.withdrawn_at > _SINCE, back.registered_by_id != _ME
    )
    answer = TeamWishAnswer
    wish = select(*_columns(What.WISH, answer.answered_at, answer.answered_by_id), *_NO_NAME).where(
        leads, answer.case_id == _CASE, answer.answered_at > _SINCE, answer.answered_by_id != _ME
    )
    return [given, taken, wish]


def _every() -> CompoundSelect[Any]:
    return union_all(_files(), *_plans(), *_meetings(), _came(), _gone(), *_answers())


_every_change = _every().subquery("c")
CHANGES = Prepared(
    select(_every_change, func.count().over().label("total")).order_by(_every_change.c.at.desc()).limit(MOST),
    ChangeRow,
)
"""What others changed since `:since`."""


def changes(ticket: CaseTicket, since: datetime | None) -> Changes:
    """Nothing at the first visit, when everything is new."""
    if since is None:
        return Changes((), 0)
    wanted = {"since": since, "now": clock.now(), "leads": audience.leads(ticket)}
    rows = CHANGES.ask(ticket.session, **ticket.bounds, **wanted)
    told = [_change(ticket, row) for row in rows if _may_know(ticket, row)]
    return Changes(tuple(told), rows[0].total - len(rows) if rows else 0)


def _may_know(ticket: CaseTicket, row: ChangeRow) -> bool:
    """Of people only those the reader knows; and that somebody is shut out is not told among family, as in the log:
    it could reach the one who is."""
    about_people = row.what in (What.CAME, What.ACCESS, What.GONE)
    if about_people and row.by_id not in ticket.members.known:
        return False
    return row.what != What.GONE or who_may.is_told_who_left(ticket.capacity)


def _change(ticket: CaseTicket, row: ChangeRow) -> Change:
    name = ""
    if row.name_sealed is not None:
        own = ticket.unseal(row, "name", FileVersion)
        name = naming.title_of_row(ticket.keys, row.given_id, row.given_sealed, own)
    who = ticket.members[row.by_id] if row.by_id else None
    return Change(What(row.what), row.at, who, row.item or "", name)
