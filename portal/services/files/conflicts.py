"""Two people edit the same file. Whoever comes second is stopped and shown both; what they sent waits sealed meanwhile.

Which version somebody had is the one they last took out or put in (taken).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import delete

from portal import outbox, text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import File, FileVersion, HeldUpload
from portal.services.files import arrivals, checkouts, files, taken
from portal.services.files.arrivals import Upload
from portal.services.files.checkouts import Editing
from portal.services.files.files import VersionLine
from portal.services.shared import idempotency


@dataclass(frozen=True)
class Brought:
    """What became of an upload: it is version `number`, or it waits as `held_id` for its sender's choice."""

    number: int | None = None
    held_id: UUID | None = None


@dataclass(frozen=True)
class VersionConflict:
    """What somebody sent, and what was put in meanwhile."""

    id: UUID
    file_id: UUID
    compartment: str
    name: str
    note: str
    size: int
    sent_at: datetime
    taken: VersionLine | None
    """The version the sender had."""
    newer: tuple[VersionLine, ...]
    editing: Editing | None
    """Somebody else who is editing the file."""

    @property
    def next_number(self) -> int:
        return self.newer[0].number + 1


@dataclass(frozen=True)
class _CurrentBytes:
    """Bytes of a held upload, as a version takes them over."""

    blob: str
    file_key: bytes
    size: int
    sha256: bytes
    head: bytes = b""

    def keep(self) -> None:
        return None

    def reopened(self) -> AbstractContextManager[BinaryIO]:
        raise ValueError("a held upload was looked into when it came in")


def bring(
    ticket: CaseTicket,
    submission: UUID,
    file_id: UUID,
    upload: Upload,
    seen: int | None = None,
    link_id: UUID | None = None,
) -> Brought:
    """The next version of a file, unless a newer one than the sender had has come, or somebody else is editing it: then
    the upload is held for them to choose. `seen` is the newest number the sender's page showed; `link_id` is the link
    that a word processor saved by, which goes on editing.

    Raises InvalidInput('file') for what may not come in.
    """
    ticket.require(Action.FILE_ADD_VERSION)
    file = ticket.load(File, file_id)
    ticket.require_write(file.compartment_id)
    name, kind = arrivals.inspect(upload)
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return brought_before(ticket, earlier)[1]
    newest = files.newest_number(ticket, file.id)
    had = taken.last(ticket, file.id, link_id)
    editing, _broken = checkouts.checkout_of(ticket, file.id)
    met = min(number for number in (had, seen, newest) if number is not None) < newest
    if met or (editing is not None and not editing.is_me):
        _hold(ticket, file, upload, name, kind, made, had if had is not None else seen, link_id)
        return Brought(held_id=made)
    if link_id is not None:
        return Brought(
            number=files.append(ticket, file, upload, name, kind, made, Event.VERSION_SAVED, link=str(link_id))
        )
    number = files.append(ticket, file, upload, name, kind, made)
    checkouts.end_checkout(ticket, file.id)
    return Brought(number=number)


def waiting_conflict(ticket: CaseTicket, file_id: UUID) -> list[UUID]:
    """What this person sent for a file and has not chosen about yet, oldest first."""
    mine = HeldUpload.created_by_id == ticket.membership.id
    found = ticket.select(HeldUpload).where(HeldUpload.file_id == file_id, mine).order_by(HeldUpload.created_at)
    return [held.id for held in ticket.session.scalars(found)]


def meeting(ticket: CaseTicket, held_id: UUID) -> VersionConflict:
    """Both sides of a conflict, for the one who sent the held upload. Raises NotFound once it is decided."""
    ticket.require(Action.FILE_ADD_VERSION)
    held = _mine(ticket, held_id)
    if held is None:
        raise NotFound
    page = files.file_page(ticket, held.file_id)
    had = held.taken or 0
    return VersionConflict(
        id=held.id,
        file_id=held.file_id,
        compartment=page.compartment,
        name=_name(ticket, held),
        note=_note(ticket, held),
        size=held.size,
        sent_at=held.created_at,
        taken=next((line for line in page.versions if line.number == had), None),
        newer=tuple(line for line in page.versions if line.number > had) or page.versions[:1],
        editing=page.editing if page.editing and not page.editing.is_me else None,
    )


def put_as_next(ticket: CaseTicket, submission: UUID, held_id: UUID) -> tuple[UUID, int]:
    """ "Put mine as the next version anyway"; the others' versions stay. Returns the file's id and the new number."""
    made = uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        version = ticket.load(FileVersion, earlier)
        return version.file_id, version.number
    held, upload = _release(ticket, held_id)
    file = ticket.load(File, held.file_id)
    return file.id, files.append(ticket, file, upload, upload.name, held.media_type, made)


def put_as_own(ticket: CaseTicket, submission: UUID, held_id: UUID) -> UUID:
    """ "Keep mine as a separate file", named after its sender. Returns the new file's id."""
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    held, upload = _release(ticket, held_id)
    stem, dot, ending = upload.name.rpartition(".")
    name = text.file_name(f"{stem} ({ticket.membership.display_name}){dot}{ending}")
    file = ticket.load(File, held.file_id)
    return files.add_inspected(ticket, submission, file.compartment_id, replace(upload, name=name), held.media_type)


def drop(ticket: CaseTicket, held_id: UUID) -> UUID:
    """ "Cancel": what was sent is thrown away. Returns the id of the file it was meant for."""
    held, _upload = _release(ticket, held_id)
    outbox.later(ticket.session, "forget_blob", blob=held.blob)
    ticket.record(Event.UPLOAD_DROPPED, held.compartment_id, held.file_id)
    return held.file_id


def brought_before(ticket: CaseTicket, made: UUID) -> tuple[UUID, Brought]:
    """The file that `bring` was about when it made a version or held upload of that id, and what became of it. Raises
    NotFound when that is decided by now."""
    version = ticket.session.scalars(ticket.select(FileVersion).where(FileVersion.id == made)).one_or_none()
    if version is not None:
        return version.file_id, Brought(number=version.number)
    return ticket.load(HeldUpload, made).file_id, Brought(held_id=made)


def _release(ticket: CaseTicket, held_id: UUID) -> tuple[HeldUpload, Upload]:
    """Takes a held upload out of waiting. Raises InvalidInput when its sender has already chosen."""
    ticket.require(Action.FILE_ADD_VERSION)
    held = _mine(ticket, held_id)
    if held is None:
        raise InvalidInput("", "held_gone")
    ticket.require_write(held.compartment_id)
    content = _CurrentBytes(
        held.blob,
        ticket.keys.unwrap_file_key(held.file_key, held.blob),
        held.size,
        bytes.fromhex(ticket.unseal(held, "digest")),
    )
    upload = Upload(_name(ticket, held), content, _note(ticket, held))
    # Whoever takes the row away may use what it held: of two at once, one.
    gone = delete(HeldUpload).where(HeldUpload.id == held_id).returning(HeldUpload.id)
    if ticket.session.scalars(gone, execution_options={"synchronize_session": False}).one_or_none() is None:
        raise InvalidInput("", "held_gone")
    ticket.session.expunge(held)
    return held, upload


def _mine(ticket: CaseTicket, held_id: UUID) -> HeldUpload | None:
    mine = HeldUpload.created_by_id == ticket.membership.id
    return ticket.session.scalars(ticket.select(HeldUpload).where(HeldUpload.id == held_id, mine)).one_or_none()


def _hold(
    ticket: CaseTicket,
    file: File,
    upload: Upload,
    name: str,
    kind: str,
    made: UUID,
    had: int | None,
    link_id: UUID | None,
) -> None:
    if link_id is not None:
        _replace_earlier(ticket, file.id, link_id, had)
    content, note = upload.content, text.plain(upload.note, 1000)
    held = ticket.new(
        HeldUpload,
        file.compartment_id,
        id=made,
        file_id=file.id,
        taken=had,
        media_type=kind,
        size=content.size,
        blob=content.blob,
        file_key=ticket.keys.wrap_file_key(content.file_key, content.blob),
        link_id=link_id,
    )
    ticket.seal(held, "name", name)
    ticket.seal(held, "note", note)
    ticket.seal(held, "digest", content.sha256.hex())
    ticket.session.add(held)
    ticket.session.flush()
    content.keep()
    ticket.record(Event.UPLOAD_HELD, file.compartment_id, file.id)


def _replace_earlier(ticket: CaseTicket, file_id: UUID, link_id: UUID, had: int | None) -> None:
    """A word processor saves the whole document every time: of what it saved over the same version by the same link,
    only the newest waits. What it had begun from another version stays beside it."""
    of_link = ticket.select(HeldUpload).where(HeldUpload.file_id == file_id, HeldUpload.link_id == link_id)
    mine = of_link.where(HeldUpload.created_by_id == ticket.membership.id)
    for earlier in ticket.session.scalars(mine.where(HeldUpload.taken.is_not_distinct_from(had))).all():
        ticket.session.delete(earlier)
        outbox.later(ticket.session, "forget_blob", blob=earlier.blob)


def _name(ticket: CaseTicket, held: HeldUpload) -> str:
    return ticket.unseal(held, "name")


def _note(ticket: CaseTicket, held: HeldUpload) -> str:
    return ticket.unseal(held, "note")
