"""Nothing happens without a trace.

`record` notes an event in the running transaction; the notes are written at its commit, each as the next line of an
HMAC chain: one chain per case, one for what belongs to no case. A transaction that changed rows but noted nothing is
not committed at all. Each event has an exact list of fields it may carry, so that no content ends up here.

A chain's head holds where it ends and a seal over that end. Changing, deleting, swapping or cutting lines breaks a MAC,
a number or the seal, and `verify` says where. Someone who holds the audit key can forge a chain; someone who only holds
the database cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, insert, select, text, update
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from portal import clock
from portal.db import PortalSession
from portal.models import AuditEvent, AuditHead, EidAttempt, KeptForm, Login, Submission
from portal.storage.keys import Keyring

OFFICE = UUID(int=0)
"""The chain of everything that belongs to no case."""


class Event(StrEnum):
    """What can happen, named `noun.past_participle`."""

    CASE_OPENED = "case.opened"
    CASE_VIEWED = "case.viewed"
    PLAN_VIEWED = "plan.viewed"
    SCHEMA_BEGUN = "schema.begun"
    SCHEMA_VIEWED = "schema.viewed"
    SCHEMA_CHANGED = "schema.changed"
    SCHEMA_PROPOSED = "schema.proposed"
    SCHEMA_ACCEPTED = "schema.accepted"
    TEAM_VIEWED = "team.viewed"
    AUDIENCE_VIEWED = "audience.viewed"
    MEMBER_ADDED = "member.added"
    LEVEL_SET = "level.set"
    CODE_MADE = "code.made"
    NATIONAL_ID_SHOWN = "national_id.shown"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_VIEWED = "consent.viewed"
    FILES_LISTED = "files.listed"
    FILE_VIEWED = "file.viewed"
    FILE_ADDED = "file.added"
    VERSION_ADDED = "version.added"
    VERSION_DOWNLOADED = "version.downloaded"
    BLANK_DOWNLOADED = "blank.downloaded"
    THREADS_LISTED = "threads.listed"
    THREAD_VIEWED = "thread.viewed"
    THREAD_STARTED = "thread.started"
    MESSAGE_SENT = "message.sent"
    CASE_SEARCHED = "case.searched"
    LOG_VIEWED = "log.viewed"
    ACCESS_REFUSED = "access.refused"

    CHAIN_BEGUN = "chain.begun"
    STRANGER_REFUSED = "stranger.refused"
    ORGANISATION_ADDED = "organisation.added"
    UNIT_ADDED = "unit.added"
    STAFF_ADDED = "staff.added"
    STAFF_INVITED = "staff.invited"
    INVITATION_MAILED = "invitation.mailed"
    PASSWORD_CHOSEN = "password.chosen"  # noqa: S105  a name
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_REOPENED = "account.reopened"
    SIGNED_IN = "signed.in"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGNED_OUT = "signed.out"
    STEPPED_UP = "stepped.up"
    EID_LINKED = "eid.linked"


ALLOWED_FIELDS: dict[Event, frozenset[str]] = {
    Event.MEMBER_ADDED: frozenset({"capacity", "level"}),
    Event.LEVEL_SET: frozenset({"level"}),
    Event.CONSENT_GIVEN: frozenset({"method"}),
    Event.CONSENT_WITHDRAWN: frozenset({"whole"}),
    Event.FILE_ADDED: frozenset({"version"}),
    Event.VERSION_ADDED: frozenset({"version", "number"}),
    Event.VERSION_DOWNLOADED: frozenset({"version", "number"}),
    Event.BLANK_DOWNLOADED: frozenset({"tool"}),
    Event.SCHEMA_BEGUN: frozenset({"number"}),
    Event.SCHEMA_CHANGED: frozenset({"number"}),
    Event.SCHEMA_PROPOSED: frozenset({"number"}),
    Event.SCHEMA_ACCEPTED: frozenset({"number"}),
    Event.CASE_SEARCHED: frozenset({"hits"}),
    Event.ACCESS_REFUSED: frozenset({"action", "reason"}),
    Event.STRANGER_REFUSED: frozenset({"action"}),
    Event.SIGNED_IN: frozenset({"method"}),
    Event.SIGN_IN_REFUSED: frozenset({"method", "reason"}),
    Event.STEPPED_UP: frozenset({"method"}),
}
"""Fields an event may carry beside the ids every line has; an event not named here carries none."""

_UNTRACED = (Login, EidAttempt, KeptForm, Submission, AuditEvent, AuditHead)
"""Rows of the machinery itself, which change without anybody doing or seeing anything."""


@dataclass(frozen=True)
class Note:
    chain: UUID
    event: Event
    at: datetime
    actor_id: UUID | None
    membership_id: UUID | None
    compartment_id: UUID | None
    item_id: UUID | None
    fields: dict[str, Any] = field(default_factory=dict)


def record(
    session: PortalSession,
    event: Event,
    *,
    chain: UUID = OFFICE,
    membership_id: UUID | None = None,
    compartment_id: UUID | None = None,
    item_id: UUID | None = None,
    **fields: Any,
) -> None:
    """Notes an event, to be written when the transaction commits. Raises ValueError for a field not allowed."""
    if unknown := set(fields) - ALLOWED_FIELDS.get(event, frozenset()):
        raise ValueError(f"{event} may not carry {', '.join(sorted(unknown))}")
    session.connection()  # begins the transaction, if nothing has yet: the note shares its fate
    note = Note(chain, event, clock.now(), session.person_id, membership_id, compartment_id, item_id, fields)
    session.info.setdefault("notes", []).append(note)


@contextmanager
def savepoint(session: PortalSession) -> Iterator[None]:
    """A part of a unit of work that, when it fails, leaves neither rows nor notes behind; the rest goes on."""
    notes, changed = len(session.info.get("notes", [])), session.info.get("changed", False)
    try:
        with session.begin_nested():
            yield
    except BaseException:
        del session.info.get("notes", [])[notes:]
        session.info["changed"] = changed
        raise


@event.listens_for(PortalSession, "after_flush")
def _remember_changes(session: Session, _context: object) -> None:
    changed = (*session.new, *session.dirty, *session.deleted)
    if any(not isinstance(row, _UNTRACED) for row in changed):
        session.info["changed"] = True


@event.listens_for(PortalSession, "do_orm_execute")
def _remember_statements(state: ORMExecuteState) -> None:
    """Writing by a statement instead of by an object is a change too."""
    if state.is_insert or state.is_update or state.is_delete:
        written = state.bind_mapper
        if written is None or not issubclass(written.class_, _UNTRACED):
            state.session.info["changed"] = True


@event.listens_for(PortalSession, "before_commit")
def _write_notes(session: PortalSession) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    notes: list[Note] = session.info.pop("notes", [])
    if session.info.pop("changed", False) and not notes:
        raise RuntimeError("a change without a trace: every verb that writes must record an event")
    # Sorted, so that two transactions that touch the same two chains take their heads in the same order.
    for chain in sorted({note.chain for note in notes}):
        _append(session, chain, [note for note in notes if note.chain == chain])


@event.listens_for(PortalSession, "after_soft_rollback")
def _forget_notes(session: PortalSession, ended: SessionTransaction) -> None:
    if ended.nested:
        return
    session.info.pop("notes", None)
    session.info.pop("changed", None)


def _append(session: PortalSession, chain: UUID, notes: list[Note]) -> None:
    keyring: Keyring = session.info["keyring"]
    key = keyring.chain_key(chain)
    found = select(AuditHead.seq, AuditHead.mac).where(AuditHead.chain_id == chain).with_for_update()
    head = session.execute(found).one_or_none()
    if head is None:
        begin = text("insert into audit_head values (:chain, 0, '', '') on conflict do nothing")
        session.execute(begin, {"chain": chain})
        head = session.execute(found).one()
    seq, mac = head
    lines = []
    for note in notes:
        seq += 1
        mac = _mac(key, mac, seq, note)
        lines.append(
            {
                "chain_id": chain,
                "seq": seq,
                "at": note.at,
                "event": note.event.value,
                "actor_id": note.actor_id,
                "membership_id": note.membership_id,
                "compartment_id": note.compartment_id,
                "item_id": note.item_id,
                "fields": note.fields,
                "mac": mac,
            }
        )
    session.execute(insert(AuditEvent), lines)
    ended = update(AuditHead).where(AuditHead.chain_id == chain).values(seq=seq, mac=mac, seal=_seal(key, seq, mac))
    session.execute(ended)


def _mac(key: bytes, before: bytes, seq: int, note: Note) -> bytes:
    ids = (note.actor_id, note.membership_id, note.compartment_id, note.item_id)
    line = [
        str(note.chain),
        seq,
        note.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(note.event),
        *(None if value is None else str(value) for value in ids),
        note.fields,
    ]
    content = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.digest(key, before + content.encode(), hashlib.sha256)


def _seal(key: bytes, seq: int, mac: bytes) -> bytes:
    return hmac.digest(key, b"head" + seq.to_bytes(8, "big") + mac, hashlib.sha256)


@dataclass(frozen=True)
class Fault:
    chain: UUID
    seq: int
    what: str


def verify(connection: Connection, keyring: Keyring) -> Iterator[Fault]:
    """Reads every chain from its beginning and yields what does not fit. Needs a role that may read all lines."""
    heads = {row.chain_id: row for row in connection.execute(select(AuditHead.__table__))}
    seen: set[UUID] = set()
    begun: set[UUID] = set()
    lines = select(AuditEvent.__table__).order_by(AuditEvent.chain_id, AuditEvent.seq)
    chain, seq, mac, key = None, 0, b"", b""
    result = connection.execution_options(stream_results=True, max_row_buffer=1000).execute(lines)
    for line in result:
        if line.chain_id != chain:
            yield from _check_end(heads, chain, key, seq, mac)
            chain, seq, mac, key = line.chain_id, 0, b"", keyring.chain_key(line.chain_id)
            seen.add(line.chain_id)
        seq += 1
        if line.seq != seq:
            yield Fault(line.chain_id, seq, "missing")
            seq = line.seq
        mac = _mac(key, mac, line.seq, _as_note(line))
        if not hmac.compare_digest(mac, line.mac):
            yield Fault(line.chain_id, line.seq, "changed")
            mac = line.mac
        if line.event == Event.CHAIN_BEGUN and line.item_id:
            begun.add(line.item_id)
    yield from _check_end(heads, chain, key, seq, mac)
    for lost in sorted((set(heads) | begun) - seen):
        yield Fault(lost, 1, "all lines missing")


def _as_note(line: Any) -> Note:
    ids = (line.actor_id, line.membership_id, line.compartment_id, line.item_id)
    return Note(line.chain_id, line.event, line.at, *ids, line.fields)


def _check_end(heads: dict[UUID, Any], chain: UUID | None, key: bytes, seq: int, mac: bytes) -> Iterator[Fault]:
    if chain is None:
        return
    head = heads.get(chain)
    if head is None:
        yield Fault(chain, seq, "head missing")
    elif (head.seq, head.mac) != (seq, mac) or not hmac.compare_digest(head.seal, _seal(key, seq, mac)):
        yield Fault(chain, seq, "cut or head changed")
