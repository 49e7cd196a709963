"""Links for word processors: a file opened at an address of its own and saved back to it as the next version.

A link is one person's, to one file, for a working day. It holds 256 random bits, of which the database knows the hash.
It opens nothing by itself: whoever comes by it is who made it, and every request asks anew what that person may do. It
ends at its hour, when it is withdrawn, and when the session it was made in is signed out of; a session that merely fell
asleep leaves it be, because whoever writes in a word processor does nothing in the browser meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text

from portal import audit, clock, locks, outbox
from portal.access.policy.actions import Action
from portal.access.signin.tokens import token_digest
from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.locks import Lock
from portal.models import AuditEvent, DavLock, DavToken, File, FileVersion, Login
from portal.services.files import checkouts, conflicts, downloads, files, folders, taken
from portal.services.files.arrivals import Arrived, Upload
from portal.services.files.conflicts import Brought
from portal.services.files.downloads import ByteRange
from portal.services.webdav import queries
from portal.storage import BlobStore

LASTS = timedelta(hours=8)
"""As long as a check-out: a working day."""
MOST = 20
"""Links one person may have open in one case at the same time."""
NOTED = timedelta(hours=1)
_BY_LINK = (Event.WRITING_LINKED, Event.FILE_VIEWED, Event.VERSION_OPENED, Event.VERSION_SAVED)


@dataclass(frozen=True)
class LinkHolder:
    """Whose link a token is, and where it leads."""

    link_id: UUID
    case_id: UUID
    person_id: UUID


@dataclass(frozen=True)
class Link:
    """A link that is good now."""

    id: UUID
    file_id: UUID
    compartment_id: UUID
    name: str
    since: datetime
    until: datetime

    @property
    def last(self) -> str:
        """The last part of its address, which a word processor shows as the name. Programs do not agree on how to write
        anything but letters and digits in an address; what they are not sure about is left out of it."""
        return "".join(c if c.isalnum() or c in " -._" else "_" for c in self.name)


@dataclass(frozen=True)
class Newest:
    """What a word processor finds behind the link: the newest version."""

    number: int
    size: int
    media_type: str
    mark: str
    sha256: str
    first_at: datetime
    changed_at: datetime


def make_dav_link(ticket: CaseTicket, file_id: UUID) -> tuple[str, Link]:
    """A new link to a file, and the token for its address, which is told here and never again.

    Raises NotFound for a file that is withdrawn or of another compartment, Refused for one that may only be read or
    that the virus scanner has shut, InvalidInput when too many links are open.
    """
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    ours = select(func.count()).select_from(DavToken).where(*ticket.within(DavToken), *_open(ticket))
    if ticket.session.scalars(ours).one() >= MOST:
        raise InvalidInput("", "links_many")
    version = downloads.load_version(ticket, file_id, files.newest_number(ticket, file_id))
    name = ticket.unseal(version, "name")
    token, made, now = secrets.token_urlsafe(32), uuid4(), clock.now()
    row = ticket.new(
        DavToken,
        file.compartment_id,
        id=made,
        file_id=file.id,
        token_sha256=token_digest(token),
        person_id=ticket.actor.person_id,
        login_id=ticket.actor.login_id,
        created_at=now,
        ends_at=now + LASTS,
    )
    ticket.seal(row, "name", name)
    ticket.session.add(row)
    ticket.session.flush()
    ticket.record(Event.WRITING_LINKED, file.compartment_id, file.id, link=str(made), number=version.number)
    taken.note(ticket, file, version.number, made, by_link_alone=True)
    return token, Link(made, file.id, file.compartment_id, name, now, now + LASTS)


def my_dav_links(ticket: CaseTicket, file_id: UUID) -> list[Link]:
    """This person's links to a file that are good now, the oldest first."""
    found = ticket.select(DavToken).where(DavToken.file_id == file_id, *_open(ticket)).order_by(DavToken.created_at)
    return [_link(ticket, row) for row in ticket.session.scalars(found)]


def withdraw_dav_link(ticket: CaseTicket, file_id: UUID, link_id: UUID) -> None:
    """Ends one of this person's own links, and what was locked by it. Raises NotFound for any other."""
    locks.hold(ticket.session, Lock.SCRATCH_FOLDER, link_id)
    row = _mine(ticket, link_id)
    if row.file_id != file_id:
        raise NotFound
    row.ended_at = clock.now()
    locked = ticket.session.scalars(select(DavLock.checkout_id).where(DavLock.token_id == row.id)).all()
    editing, _broken = checkouts.checkout_of(ticket, file_id)
    if editing is not None and editing.id in locked:
        checkouts.end_checkout(ticket, file_id)
    ticket.session.execute(delete(DavLock).where(DavLock.token_id == row.id))
    ticket.record(Event.WRITING_UNLINKED, row.compartment_id, row.file_id)


def holder(session: PortalSession, token: str) -> LinkHolder | None:
    """Who comes by an address that holds this token; None for one that is unknown, over, or of a closed account."""
    row = session.execute(queries.HOLDER, {"digest": token_digest(token)}).one_or_none()
    return LinkHolder(*row) if row else None


def enter(ticket: CaseTicket, link_id: UUID) -> Link:
    """The link, for whoever came by it. Raises NotFound, Refused when its file may not be read by now."""
    ticket.require(Action.FILE_DOWNLOAD)
    link = _link(ticket, _mine(ticket, link_id))
    folders.refuse_withdrawn(ticket, link.file_id)
    return link


def require_write(ticket: CaseTicket, link: Link) -> None:
    """Raises Refused when the file may only be read by now."""
    ticket.require(Action.FILE_ADD_VERSION)
    ticket.require_write(link.compartment_id)


def newest_dav_link(ticket: CaseTicket, link: Link) -> Newest:
    """The newest version as it is described from outside: nothing of its content."""
    of_file = ticket.select(FileVersion).where(FileVersion.file_id == link.file_id)
    rows = ticket.session.scalars(of_file.order_by(FileVersion.number)).all()
    last = rows[-1]
    sha256 = ticket.unseal(last, "digest")
    return Newest(last.number, last.size, last.media_type, last.id.hex, sha256, rows[0].created_at, last.created_at)


def look_at_link(ticket: CaseTicket, link: Link) -> None:
    """Notes that a word processor was told how the file is now: its size, when it changed, who has it open. Programs
    ask that many times a minute; it is one look, unless another line of this link stands in the trace from less than
    an hour ago (`NOTED`)."""
    found = select(AuditEvent.seq).where(
        AuditEvent.chain_id == ticket.case_id,
        AuditEvent.actor_id == ticket.actor.person_id,
        AuditEvent.item_id == link.file_id,
        AuditEvent.event.in_(_BY_LINK),
        AuditEvent.at > clock.now() - NOTED,
        AuditEvent.fields["link"].astext == str(link.id),
    )
    if not audit.has_noted(ticket.session) and ticket.session.execute(found.limit(1)).first() is None:
        ticket.record(Event.FILE_VIEWED, link.compartment_id, link.file_id, link=str(link.id))


def read_by_link(ticket: CaseTicket, store: BlobStore, link: Link, number: int, start: int = 0) -> Iterator[bytes]:
    """The bytes of a version from `start` on. From now on that is the version the word processor has.

    Raises Refused while the virus scanner shuts it, CorruptData, DependencyUnavailable.
    """

    def rest(size: int, _mark: str) -> ByteRange | None:
        return ByteRange(start, size) if start else None

    return downloads.download(ticket, store, link.file_id, number, rest, link.id).content


def save_by_link(ticket: CaseTicket, link: Link, content: Arrived) -> Brought:
    """What a word processor saved, as the next version. The same bytes again are no new version. Over a newer version
    than it had opened, or while somebody else edits, they are held for their sender, who finds them at the file.

    Raises InvalidInput('file') for what may not come in.
    """
    require_write(ticket, link)
    now = newest_dav_link(ticket, link)
    if content.sha256.hex() == now.sha256:
        return Brought(number=now.number)
    return conflicts.bring(ticket, uuid4(), link.file_id, Upload(link.name, content), link_id=link.id)


def sweep_dav_links(session: PortalSession) -> int:
    """Takes away links that are over with what lay beside their files; returns how many objects go with them."""
    blobs = session.scalars(text("select forget_ended_links()")).all()
    for blob in blobs:
        outbox.later(session, "forget_blob", blob=blob)
    return len(blobs)


def _open(ticket: CaseTicket) -> tuple[Any, ...]:
    signed_out = select(Login.id).where(Login.person_id == ticket.actor.person_id, Login.ended_at.is_not(None))
    return (
        DavToken.created_by_id == ticket.membership.id,
        DavToken.ended_at.is_(None),
        DavToken.ends_at > clock.now(),
        DavToken.login_id.not_in(signed_out),
    )


def _mine(ticket: CaseTicket, link_id: UUID) -> DavToken:
    found = ticket.select(DavToken).where(DavToken.id == link_id, *_open(ticket))
    row = ticket.session.scalars(found).one_or_none()
    if row is None:
        raise NotFound
    return row


def _link(ticket: CaseTicket, row: DavToken) -> Link:
    name = ticket.unseal(row, "name")
    return Link(row.id, row.file_id, row.compartment_id, name, row.created_at, row.ends_at)
