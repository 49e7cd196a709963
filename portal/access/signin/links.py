"""Which eIDs sign in as somebody: found, made, told to whom they belong, and ended.

A new link is told to its person: every session that came by another link says so on each page until somebody there has
looked. Whoever comes by the new link cannot look it away, because what one link has seen counts for that link alone.

A link is ended from another one that is worth at least as much. One that came by the national id is worth more than
one that came by a code; of two alike the older one. So nobody ends the link they came by, nor the last one; whoever
came in wrongly cannot shut out whose number is known; and who was shut out of a link by mistake is recognised again by
their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock, locks
from portal.access.actor import Actor
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.locks import Lock
from portal.models import EidLink, Login, NationalId, Passkey

NUMBER, CODE = "number", "code"


def find_link(session: PortalSession, issuer: str, subject: str) -> EidLink | None:
    """The link of that subject that counts now."""
    wanted = select(EidLink).where(EidLink.issuer == issuer, EidLink.subject == subject, EidLink.ended_at.is_(None))
    return session.scalars(wanted).one_or_none()


def make_link(session: PortalSession, issuer: str, subject: str, person_id: UUID, came_by: str) -> EidLink:
    """Notes whose eID this is. Two answers of one eID at the same moment: the first one's link is then both's."""
    row = insert(EidLink).values(
        id=uuid4(), issuer=issuer, subject=subject, person_id=person_id, came_by=came_by, linked_at=clock.now()
    )
    if session.execute(row.on_conflict_do_nothing().returning(EidLink.id)).first():
        audit.record(session, Event.EID_LINKED, item_id=person_id, method=came_by)
    found = find_link(session, issuer, subject)
    if found is None:
        raise NotFound
    return found


def any_of(session: PortalSession, person_id: UUID) -> bool:
    """Whether any eID signs in as this person."""
    return session.scalars(select(EidLink.id).where(*_open_of(person_id)).limit(1)).first() is not None


@dataclass(frozen=True)
class LinkLine:
    """One eID that signs in as somebody, as that somebody sees it."""

    id: UUID
    issuer: str
    came_by: str
    linked_at: datetime
    used_at: datetime | None
    is_here: bool
    """Whether this session came by it."""
    is_new: bool
    """Whether nobody who comes by the link of this session has said yet that they have seen it."""
    may_end: bool


def link_lines(actor: Actor) -> list[LinkLine]:
    """The eIDs that sign in as this person, oldest first."""
    every = _links(actor)
    mine = next((link for link in every if link.id == actor.eid_link_id), None)
    signed_in = actor.session.execute(
        select(Login.eid_link_id, func.max(Login.started_at))
        .where(Login.eid_link_id.in_([link.id for link in every]))
        .group_by(Login.eid_link_id)
    )
    used = {row[0]: row[1] for row in signed_in}
    return [
        LinkLine(
            link.id,
            link.issuer,
            link.came_by,
            link.linked_at,
            used.get(link.id),
            is_here=link is mine,
            is_new=mine is not None and link is not mine and _is_news(link, mine),
            may_end=mine is not None and _may_end(mine, link),
        )
        for link in every
    ]


def see(actor: Actor) -> None:
    """Whoever comes by the link of this session has seen which others there are."""
    mine = actor.session.get(EidLink, actor.eid_link_id) if actor.eid_link_id else None
    if mine is not None:
        mine.others_seen_at = clock.now()
        audit.record(actor.session, Event.EID_SEEN, item_id=actor.person_id)


def end_link(actor: Actor, link_id: UUID) -> None:
    """From now on that eID no longer signs in as this person; every session that came by it ends.

    Raises NotFound for a link that is not theirs, Overtaken for one that is ended already, InvalidInput for the one
    they came by and one that is worth more.
    """
    # Of two that end each other, one stays.
    locks.hold(actor.session, Lock.ACCOUNT, actor.person_id)
    every = _links(actor)
    link = next((one for one in every if one.id == link_id), None)
    if link is None:
        theirs = select(EidLink.id).where(EidLink.id == link_id, EidLink.person_id == actor.person_id)
        raise Overtaken if actor.session.scalars(theirs).first() else NotFound
    mine = next((one for one in every if one.id == actor.eid_link_id), None)
    if mine is link:
        raise InvalidInput("", "link_here")
    if mine is None or not _may_end(mine, link):
        raise InvalidInput("", "link_stronger")
    _end(actor.session, link, by_this_session=actor.login_id)


@dataclass(frozen=True)
class DoubtfulLink:
    """A link that somebody who runs the portal should ask about, without a name."""

    id: UUID
    person_id: UUID
    issuer: str
    came_by: str
    linked_at: datetime
    used_at: datetime | None


def doubtful(session: PortalSession) -> list[DoubtfulLink]:
    """Links of people who have more than one, and such as came by a code to somebody whose number is known."""
    crowded = (
        select(EidLink.person_id)
        .where(EidLink.ended_at.is_(None))
        .group_by(EidLink.person_id)
        .having(func.count() > 1)
        .scalar_subquery()
    )
    by_code = and_(EidLink.came_by != NUMBER, EidLink.person_id.in_(select(NationalId.person_id)))
    used = select(func.max(Login.started_at)).where(Login.eid_link_id == EidLink.id).scalar_subquery()
    found = session.execute(
        select(EidLink, used)
        .where(EidLink.ended_at.is_(None), or_(EidLink.person_id.in_(crowded), by_code))
        .order_by(EidLink.person_id, EidLink.linked_at)
    )
    return [DoubtfulLink(e.id, e.person_id, e.issuer, e.came_by, e.linked_at, at) for e, at in found]


def end_for_them(session: PortalSession, link_id: UUID) -> None:
    """Ends a link in its person's stead, by whoever runs the portal. Raises NotFound when there is none that counts."""
    link = session.get(EidLink, link_id)
    if link is None or link.ended_at is not None:
        raise NotFound
    session.act_for(link.person_id)
    _end(session, link, by_this_session=None)


def _end(session: PortalSession, link: EidLink, by_this_session: UUID | None) -> None:
    now = clock.now()
    link.ended_at = now
    # A session from before it was noted which eID it came by may have come by this one.
    unknown = and_(Login.eid_link_id.is_(None), Login.person_id == link.person_id)
    over = update(Login).where(Login.ended_at.is_(None), or_(Login.eid_link_id == link.id, unknown))
    if by_this_session is not None:
        over = over.where(Login.id != by_this_session)
    session.execute(over.values(ended_at=now))
    session.execute(delete(Passkey).where(Passkey.eid_link_id == link.id))
    audit.record(session, Event.EID_UNLINKED, item_id=link.person_id, method=link.came_by)


def _links(actor: Actor) -> list[EidLink]:
    return list(actor.session.scalars(select(EidLink).where(*_open_of(actor.person_id)).order_by(EidLink.linked_at)))


def _open_of(person_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EidLink.person_id == person_id, EidLink.ended_at.is_(None)


def _is_news(link: EidLink, mine: EidLink) -> bool:
    return mine.others_seen_at is None or link.linked_at > mine.others_seen_at


def _may_end(mine: EidLink, other: EidLink) -> bool:
    if mine is other:
        return False
    by_number = (mine.came_by == NUMBER, other.came_by == NUMBER)
    if by_number[0] != by_number[1]:
        return by_number[0]
    return by_number[0] or mine.linked_at <= other.linked_at
