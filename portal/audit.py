"""Nothing happens without a trace.

`record` notes an event in the running transaction; the notes are written at its commit, each as the next line of an
HMAC chain: one chain per case, one for what belongs to no case. A transaction that changed rows but noted nothing is
not committed at all. Each event has an exact list of fields it may carry, so that no content ends up here.

A function of the database alone adds lines (migration 059): whose line it is, and in which chain, is held against who
the transaction speaks for. A chain's head holds where it ends and a seal over that end. Changing, deleting, swapping or
cutting lines breaks a MAC, a number or the seal, and `verify` says where. Someone who holds the audit key can forge a
chain; someone who only holds the database cannot.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, column, event, select, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from portal import clock
from portal.db import PortalSession, Prepared
from portal.events import ALLOWED_FIELDS, Event
from portal.models import (
    AuditEvent,
    AuditHead,
    ContactFailure,
    DavEntry,
    DavLock,
    EidAttempt,
    EidStranger,
    HalfLogin,
    HeldFile,
    KnownDevice,
    Login,
    MessageDraft,
    NeighbourState,
    NoticeDelivery,
    NoticeDue,
    NoticeItem,
    PasskeyChallenge,
    PlanPresence,
    ProviderSession,
    SavedForm,
    SignInTry,
    Submission,
    UndeliveredMail,
    UploadPart,
)
from portal.storage.keys import Keyring

OFFICE = UUID(int=0)
"""The chain of everything that belongs to no case."""


_UNTRACED = (
    Login,
    EidAttempt,
    EidStranger,
    ProviderSession,
    HalfLogin,
    PasskeyChallenge,
    KnownDevice,
    SignInTry,
    HeldFile,
    SavedForm,
    Submission,
    UploadPart,
    DavEntry,
    DavLock,
    AuditEvent,
    AuditHead,
    PlanPresence,
    MessageDraft,
    NoticeDue,
    NoticeItem,
    NoticeDelivery,
    ContactFailure,
    NeighbourState,
    UndeliveredMail,
)
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


def has_noted(session: PortalSession) -> bool:
    """Whether this unit of work leaves a line already."""
    return bool(session.info.get("notes"))


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
    # What was only told again what it says already is not written at all.
    changed = (*session.new, *filter(session.is_modified, session.dirty), *session.deleted)
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
    session.info.pop("end", None)


@event.listens_for(PortalSession, "after_soft_rollback")
def _forget_notes(session: PortalSession, ended: SessionTransaction) -> None:
    if ended.nested:
        return
    for name in ("notes", "changed", "end"):
        session.info.pop(name, None)


def ends_at(session: PortalSession, chain: UUID, seq: int, mac: bytes) -> None:
    """Where this transaction has just read that a chain ends. If it still does when the next line is added, nobody has
    to be waited for and the end needs not be read again."""
    session.info["end"] = (chain, seq, mac)


def _append(session: PortalSession, chain: UUID, notes: list[Note]) -> None:
    keyring: Keyring = session.info["keyring"]
    key = keyring.chain_key(chain)
    connection = session.connection()
    read, seq, mac = session.info.get("end", (None, 0, b""))
    if read == chain and _add(connection, key, seq, mac, notes):
        return
    while True:
        # Who takes hold of the end has it until the commit. One that is not there yet cannot be held.
        end = connection.execute(_TAKE_END, {"chain": chain}).one_or_none()
        seq, mac = (end.seq, end.mac) if end else (0, b"")
        if _add(connection, key, seq, mac, notes):
            return
        if end is not None:
            raise RuntimeError("a chain that was taken hold of has moved on")


def _add(connection: Connection, key: bytes, seq: int, mac: bytes, notes: list[Note]) -> bool:
    """Adds lines to a chain that ends at `seq`; False, and nothing added, if it ends elsewhere by now."""
    proofs, last = [], seq
    for note in notes:
        last += 1
        mac = _mac(key, mac, last, note)
        proofs.append(mac)
    lines = {
        "chain": notes[0].chain,
        "before": seq,
        "seal": _seal(key, last, mac),
        "ats": [note.at for note in notes],
        "events": [note.event.value for note in notes],
        "actors": [note.actor_id for note in notes],
        "memberships": [note.membership_id for note in notes],
        "compartments": [note.compartment_id for note in notes],
        "items": [note.item_id for note in notes],
        "saids": [json.dumps(note.fields) for note in notes],
        "proofs": proofs,
    }
    [added] = _APPEND.ask_on(connection, **lines)
    return added.lines == len(notes)


class Added(NamedTuple):
    lines: int
    """How many were added: none where the chain ends elsewhere by now."""


# Everybody who takes the end of a chain waits for it, so what happens between that and the commit is kept short.
_TAKE_END = text("select seq, mac from trace_end(:chain)")
_APPEND = Prepared(
    text(
        """select append_trace(
            :chain, :before, :seal, cast(:ats as timestamptz[]), cast(:events as text[]), cast(:actors as uuid[]),
            cast(:memberships as uuid[]), cast(:compartments as uuid[]), cast(:items as uuid[]),
            cast(:saids as jsonb[]), cast(:proofs as bytea[])) as lines"""
    ).columns(column("lines")),
    Added,
)


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
    return hmac.digest(key, before + content.encode(), "sha256")


def _seal(key: bytes, seq: int, mac: bytes) -> bytes:
    return hmac.digest(key, b"head" + seq.to_bytes(8, "big") + mac, "sha256")


@dataclass(frozen=True)
class Fault:
    chain: UUID
    seq: int
    what: str


@dataclass
class Tally:
    """How much has been read."""

    lines: int = 0
    chains: int = 0


ONE_INSTANT = {"isolation_level": "REPEATABLE READ"}
"""For the connection that verifies: lines are added meanwhile, and ends read before them would look cut."""


def verify(connection: Connection, keyring: Keyring, tally: Tally | None = None) -> Iterator[Fault]:
    """Reads every chain from its beginning and yields what does not fit; counts into `tally`. Needs a role that may
    read all lines, and, where somebody may be at work, a connection with `ONE_INSTANT`."""
    tally = tally or Tally()
    connection.execute(text("set local statement_timeout = 0"))  # the first rows of many millions take their time
    heads = {row.chain_id: row for row in connection.execute(select(AuditHead.__table__))}
    seen: set[UUID] = set()
    begun: set[UUID] = set()
    lines = select(AuditEvent.__table__).order_by(AuditEvent.chain_id, AuditEvent.seq)
    chain, seq, mac, key = None, 0, b"", b""
    result = connection.execute(lines, execution_options={"stream_results": True, "max_row_buffer": 1000})
    for line in result:
        tally.lines += 1
        if line.chain_id != chain:
            yield from _check_end(heads, chain, key, seq, mac)
            chain, seq, mac, key = line.chain_id, 0, b"", keyring.chain_key(line.chain_id)
            seen.add(line.chain_id)
            tally.chains += 1
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
