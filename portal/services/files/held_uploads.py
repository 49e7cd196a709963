"""No chosen file is lost: one that came with a form which was refused lies sealed in the store, and the form names it,
until it is sent again or given up.

What it is called and the key to it are sealed with a key of its own that is in its sender's page and nowhere else. Only
the same person gets it back, at the same address. After a day it goes by itself.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedReader, BytesIO
from typing import BinaryIO
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, text, update

from portal import clock, outbox
from portal import text as words
from portal.db import PortalSession
from portal.errors import CorruptData, InvalidInput
from portal.models import HeldFile
from portal.services.shared import idempotency
from portal.storage import BlobStore
from portal.storage.incoming import Incoming
from portal.storage.keys import KEY_SIZE, seal, unseal
from portal.storage.places import of_chosen_file
from portal.storage.sealing import SEGMENT, SealedFile, SealedReader

LASTS = timedelta(days=1)
"""As the database has it too (migration 053)."""
MOST = 20
"""Files that wait for one person at the same time; the oldest make room."""


@dataclass(frozen=True)
class WaitingFile:
    """A file that was chosen before, as it waits. It can be used like one that has just arrived, once."""

    session: PortalSession
    store: BlobStore
    id: UUID
    handle: str
    name: str
    blob: str
    file_key: bytes
    head: bytes
    size: int
    sha256: bytes

    def keep(self) -> None:
        """A row names this file now. Raises InvalidInput when another one does already: it was sent twice."""
        taken = update(HeldFile).where(HeldFile.id == self.id, HeldFile.blob.is_not(None)).values(blob=None)
        if self.session.scalars(taken.returning(HeldFile.id)).one_or_none() is None:
            raise InvalidInput("", "form_stale")

    @contextmanager
    def reopened(self) -> Iterator[BinaryIO]:
        with self.store.open(self.blob) as blob:
            yield BufferedReader(SealedFile(SealedReader(blob, self.file_key, self.blob.encode())), SEGMENT)


def hold_upload(session: PortalSession, store: BlobStore, name: str, came: object, place: str) -> WaitingFile | None:
    """Puts a file aside for the person the session speaks for, until the form at the address `place` comes again. None
    for what is no file that has arrived here: one that was sent where none is asked for."""
    content = _arrived(store, came)
    if content is None:
        return None
    made, key = uuid4(), os.urandom(KEY_SIZE)
    called = words.file_name(name)
    about = {
        "name": called,
        "blob": content.blob,
        "key": base64.b64encode(content.file_key).decode(),
        "head": base64.b64encode(content.head).decode(),
        "size": content.size,
        "sha256": content.sha256.hex(),
    }
    row = HeldFile(id=made, person_id=session.person_id, blob=content.blob, kept_at=clock.now())
    row.sealed = seal(AESGCM(key), json.dumps(about).encode(), of_chosen_file(row, place))
    session.add(row)
    session.flush()
    _make_room(session)
    content.keep()
    handle = f"{made}.{base64.urlsafe_b64encode(key).decode()}"
    return WaitingFile(
        session,
        store,
        made,
        handle,
        called,
        content.blob,
        content.file_key,
        content.head,
        content.size,
        content.sha256,
    )


def find_held(
    session: PortalSession, store: BlobStore, handle: str, place: str, submission: UUID | None = None
) -> WaitingFile | None:
    """The file behind a handle, if it is this person's, was chosen at `place`, and is not too old. One that was used is
    found by the same `submission` alone, which does nothing a second time. Until the transaction ends no other one has
    it."""
    try:
        name, _, key = handle.partition(".")
        row = session.scalars(select(HeldFile).where(HeldFile.id == UUID(name)).with_for_update()).one_or_none()
        if row is None or row.person_id != session.person_id or clock.now() - row.kept_at > LASTS:
            return None
        if row.blob is None and (submission is None or idempotency.made_before(session, submission) is None):
            return None
        cipher = AESGCM(base64.urlsafe_b64decode(key))
        about = json.loads(unseal(cipher, row.sealed, of_chosen_file(row, place)))
    except (ValueError, CorruptData):
        return None
    return WaitingFile(
        session,
        store,
        row.id,
        handle,
        about["name"],
        about["blob"],
        base64.b64decode(about["key"]),
        base64.b64decode(about["head"]),
        about["size"],
        bytes.fromhex(about["sha256"]),
    )


def forget(chosen: WaitingFile) -> None:
    """Its sender does not want it any more, or has chosen another."""
    gone = delete(HeldFile).where(HeldFile.id == chosen.id, HeldFile.blob.is_not(None)).returning(HeldFile.blob)
    _forget(chosen.session, filter(None, chosen.session.scalars(gone)))


def sweep_held_uploads(session: PortalSession) -> int:
    """Takes away what nobody came back for, whoever chose it; returns how many objects go with it."""
    blobs = session.scalars(text("select forget_kept_files()")).all()
    _forget(session, blobs)
    return len(blobs)


def _arrived(store: BlobStore, came: object) -> Incoming | None:
    """What the form parser was given for a file: sealed on its way in already, or a small one held in memory."""
    if isinstance(came, BytesIO):
        incoming = Incoming(store)
        incoming.write(came.getvalue())
        incoming.seek(0)
        return incoming
    return came if isinstance(came, Incoming) else None


def _make_room(session: PortalSession) -> None:
    mine = select(HeldFile.id).where(HeldFile.person_id == session.person_id, HeldFile.blob.is_not(None))
    too_many = mine.order_by(HeldFile.kept_at.desc()).offset(MOST)
    gone = delete(HeldFile).where(HeldFile.id.in_(too_many)).returning(HeldFile.blob)
    _forget(session, filter(None, session.scalars(gone)))


def _forget(session: PortalSession, blobs: Iterable[str]) -> None:
    for blob in blobs:
        outbox.later(session, "forget_blob", blob=blob)
