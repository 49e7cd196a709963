"""Nothing typed is lost: a form that meets an ended session waits, sealed, until its sender has signed in again.

The key is in the sender's own browser and nowhere else; the database holds what nobody can read, for an hour. Only the
same person gets it back. Passwords and codes are never kept.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete

from portal import clock
from portal.db import PortalSession
from portal.errors import CorruptData
from portal.models import SavedForm
from portal.storage.keys import KEY_SIZE, seal, unseal
from portal.storage.places import of_saved_form

LASTS = timedelta(hours=1)
NEVER = {"csrf_token", "writer", "password", "new_password", "again", "code", "credential"}
"""Fields that are kept nowhere and shown to nobody, by the last part of their names."""


@dataclass(frozen=True)
class FormContent:
    """Where the form was going, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def sign_writer(secret: str | bytes, person_id: UUID) -> str:
    """Says for whom a page was made, so that what is typed on it finds its way back to them whatever has become of the
    session since. It opens nothing."""
    return str(_signer(secret).dumps(person_id.hex))


def writer_of(secret: str | bytes, token: str, good_for: timedelta) -> UUID | None:
    """For whom a page was made; None for anything we did not sign, and for what is older than `good_for`."""
    try:
        return UUID(_signer(secret).loads(token, max_age=int(good_for.total_seconds())))
    except (BadData, ValueError, UnicodeError):
        return None


def _signer(secret: str | bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="page made for")


def save_form(session: PortalSession, person_id: UUID, form: FormContent) -> str:
    """Puts a form aside and returns the handle that finds and opens it, for the sender's browser."""
    made, key = uuid4(), os.urandom(KEY_SIZE)
    fields = [field for field in form.fields if field[0].split("-")[-1] not in NEVER]
    content = json.dumps([form.path, fields]).encode()
    row = SavedForm(id=made, person_id=person_id, kept_at=clock.now())
    row.sealed = seal(AESGCM(key), content, of_saved_form(row))
    session.add(row)
    return f"{made}.{base64.urlsafe_b64encode(key).decode()}"


def find_saved_form(session: PortalSession, person_id: UUID, handle: str) -> FormContent | None:
    """The form behind a handle, if it is this person's and not too old."""
    try:
        name, _, key = handle.partition(".")
        row = session.get(SavedForm, UUID(name))
        if row is None or row.person_id != person_id or clock.now() - row.kept_at > LASTS:
            return None
        cipher = AESGCM(base64.urlsafe_b64decode(key))
        path, fields = json.loads(unseal(cipher, row.sealed, of_saved_form(row)))
    except (ValueError, CorruptData):
        return None
    return FormContent(path, tuple((field, value) for field, value in fields))


def sweep_saved_forms(session: PortalSession) -> None:
    """Removes what nobody came back for."""
    session.execute(delete(SavedForm).where(SavedForm.kept_at < clock.now() - LASTS))
