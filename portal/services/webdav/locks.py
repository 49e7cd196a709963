"""Locks of word processors. A lock on the file itself is the check-out "I am editing this", made by a program: nobody
else can have one meanwhile, everybody sees it, and it is over when the check-out is, whoever ended that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

from sqlalchemy import or_, select

from portal import clock
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.models import DavLock, DavToken
from portal.services.files import checkouts
from portal.services.files.checkouts import LASTS
from portal.services.webdav.links import Link

MOST = 200


@dataclass(frozen=True)
class ActiveLock:
    """A lock that holds, as programs are told of it (an `activelock` of RFC 4918). `path` is the address it was taken
    at, `owner` the program's own note of whose it is, as XML."""

    token: str
    path: str
    owner: str
    scope: str
    is_deep: bool
    until: datetime
    held_by: UUID
    """Membership."""


class Locks:
    """The locks that hold at the end of one link. `file_path` is the address of the file itself."""

    def __init__(self, ticket: CaseTicket, link: Link, file_path: str) -> None:
        self.ticket, self.link, self.file_path = ticket, link, file_path

    @cached_property
    def every(self) -> list[ActiveLock]:
        """This link's locks, this person's other locks on the same file, and somebody else's check-out of it."""
        editing, _broken = checkouts.checkout_of(self.ticket, self.link.file_id)
        found = [
            self._lock(row)
            for row in self._rows()
            if row.checkout_id is None or (editing is not None and editing.id == row.checkout_id)
        ]
        if editing is not None and not editing.is_me:
            owner = f'<D:owner xmlns:D="DAV:">{escape(editing.who.display_name)}</D:owner>'
            token = f"opaquelocktoken:{editing.id}"
            found.append(ActiveLock(token, self.file_path, owner, "exclusive", False, editing.until, editing.who.id))
        return found

    def create(self, token: str, path: str, owner: str, scope: str, is_deep: bool, lasts: timedelta) -> ActiveLock:
        """Raises InvalidInput when somebody, or this person elsewhere, has just locked it."""
        until = min(clock.now() + min(lasts, LASTS), self.link.until)
        checkout_id = None
        if path == self.file_path:
            # From here on nobody else begins to edit this file until the transaction ends.
            editing = checkouts.begin_checkout(self.ticket, self.link.file_id)
            self._forget()
            if any(lock.path == path and "exclusive" in (lock.scope, scope) for lock in self.every):
                raise InvalidInput("", "being_edited", name=self.ticket.membership.display_name)
            checkout_id, until = editing.id, min(until, editing.until)
        if len(self.every) >= MOST:
            raise InvalidInput("file", "beside_full")
        row = DavLock(
            id=uuid4(),
            token_id=self.link.id,
            checkout_id=checkout_id,
            lock_token=token,
            scope=scope,
            is_deep=is_deep,
            ends_at=until,
        )
        self.ticket.seal(row, "path", path)
        self.ticket.seal(row, "owner", owner)
        self.ticket.session.add(row)
        self.ticket.session.flush()
        self._forget()
        return self._lock(row)

    def prolong(self, token: str, lasts: timedelta) -> ActiveLock:
        """A lock of this link lasts longer, at most as long as what it stands for."""
        row = next(row for row in self._rows() if row.lock_token == token)
        until = min(clock.now() + min(lasts, LASTS), self.link.until)
        if row.checkout_id is not None:
            editing, _broken = checkouts.checkout_of(self.ticket, self.link.file_id)
            until = min(until, editing.until) if editing else until
        row.ends_at = until
        self.ticket.session.flush()
        self._forget()
        return self._lock(row)

    def release(self, token: str) -> bool:
        """Whether there was one to release. With the last lock on the file ends the check-out."""
        row = next((row for row in self._rows() if row.lock_token == token), None)
        if row is None:
            return False
        was_checkout = row.checkout_id
        self.ticket.session.delete(row)
        self.ticket.session.flush()
        self._forget()
        mine = any(lock.path == self.file_path for lock in self.every if lock.held_by == self.ticket.membership.id)
        if was_checkout is not None and not mine:
            checkouts.end_checkout(self.ticket, self.link.file_id)
            self._forget()
        return True

    def _rows(self) -> list[DavLock]:
        on_the_file = (DavToken.file_id == self.link.file_id) & DavLock.checkout_id.is_not(None)
        found = (
            select(DavLock)
            .join(DavToken, DavToken.id == DavLock.token_id)
            .where(*self.ticket.within(DavToken), DavToken.created_by_id == self.ticket.membership.id)
            .where(or_(DavLock.token_id == self.link.id, on_the_file))
            .where(DavLock.ends_at > clock.now(), DavToken.ended_at.is_(None))
        )
        return list(self.ticket.session.scalars(found))

    def _lock(self, row: DavLock) -> ActiveLock:
        # Another link may call the same file by another name.
        elsewhere = row.token_id != self.link.id
        path = self.file_path if elsewhere else self.ticket.unseal(row, "path")
        owner = self.ticket.unseal(row, "owner")
        who = self.ticket.membership.id
        return ActiveLock(row.lock_token, path, owner, row.scope, row.is_deep, row.ends_at, who)

    def _forget(self) -> None:
        self.__dict__.pop("every", None)
