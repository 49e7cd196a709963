"""Who comes second waits: advisory locks of the database, held until the end of the transaction.

A lock is named by what it is about, and a transaction may take the same one again. Whoever takes several takes them in
the order they stand in here, so that two can never wait for each other.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session


class Lock(StrEnum):
    """What one at a time may be busy with. The words are part of the locks' names, in the migrations too."""

    MASTER_KEYS = "master_keys"
    """The master keys of the installation. Rows that name one take it themselves, shared (migration 057)."""
    ACCOUNT = "account"
    """One person's account and ways in, by the person."""
    CASE = "case"
    """What is decided in a case: who is in it, what they may, what waits for an answer. Taken by `CaseTicket.decide`
    and wherever the windows are rewritten."""
    PLAN = "plan"
    """One tool of a case: its versions, proposals and answers; or its meetings."""
    THREAD = "thread"
    """One thread's messages: their numbers."""
    UPLOAD = "upload"
    """One upload under way."""
    SCRATCH_FOLDER = "desk"
    """What a word processor's link has beside its file."""
    FILE_VERSIONS = "file_versions"
    """One file's versions: their numbers, whether there may be more, and what it is called."""
    CHECKOUT = "checkout"
    """Who edits one file."""


def hold(session: Session, lock: Lock, *about: object) -> None:
    """Waits until nobody else holds it. What was read before may be old by now; what is read from here on is not
    (transactions read what is committed when each statement begins)."""
    session.execute(_HOLD, {"name": ":".join([lock.value, *map(str, about)])})


def hold_number(session: Session | Connection, number: int) -> None:
    """The same for what is named by a number: MIGRATION, or what somebody who tries to sign in is counted by."""
    session.execute(_HOLD_NUMBER, {"number": number})


MIGRATION = 7_205_759_403_792_793
"""Bringing the database to another schema. Any number, as long as every process takes the same one."""

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_HOLD_NUMBER = text("select pg_advisory_xact_lock(:number)")
