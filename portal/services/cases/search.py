"""Finding what holds some words in a case: through the blind index (services/shared/search_index.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import TSQUERY, distinct_on

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.events import Event
from portal.models import FileName, FileVersion, Membership, Message, SearchEntry, Thread
from portal.services.files import folders, naming
from portal.services.shared import search_index
from portal.storage.places import place

_MOST_HITS = 50


@dataclass(frozen=True)
class Hit:
    """Something found. `item_id` is a file or a thread."""

    kind: str
    item_id: UUID
    title: str
    compartment: str
    author: Membership
    created_at: datetime


def find_in_case(ticket: CaseTicket, words: str) -> list[Hit]:
    """What holds all the words (their Danish stems), newest first, at most 50 of each kind."""
    ticket.require(Action.CASE_SEARCH)
    wanted = [ticket.keys.blind(stem) for stem in search_index.stems(words)]
    hits: list[Hit] = []
    if wanted:
        # A cast takes the words as they are; to_tsquery would read a hash like 12e45... as a number and cut it in two.
        fits = SearchEntry.words.op("@@")(cast(" & ".join(f"'{word}'" for word in wanted), TSQUERY))
        found = select(SearchEntry.item_id).where(*ticket.within(SearchEntry), fits)
        hits = _files(ticket, found) + _messages(ticket, found)
    ticket.record(Event.CASE_SEARCHED, hits=len(hits))
    return sorted(hits, key=lambda hit: hit.created_at, reverse=True)


def _files(ticket: CaseTicket, found: Any) -> list[Hit]:
    named = select(FileName.file_id).where(*ticket.within(FileName), FileName.id.in_(found))
    versions = ticket.session.scalars(
        ticket.select(FileVersion)
        .where(FileVersion.id.in_(found) | FileVersion.file_id.in_(named))
        .where(FileVersion.file_id.not_in(folders.withdrawn_ids(ticket)))
        .ext(distinct_on(FileVersion.file_id))
        .order_by(FileVersion.file_id, FileVersion.number.desc())
    ).all()
    given = naming.given(ticket) if versions else {}
    newest = sorted(versions, key=lambda version: version.created_at, reverse=True)[:_MOST_HITS]
    return [
        Hit(
            "file",
            version.file_id,
            naming.title(given.get(version.file_id, ""), _own_name(ticket, version)),
            ticket.compartments[version.compartment_id].key,
            ticket.members[version.created_by_id],
            version.created_at,
        )
        for version in newest
    ]


def _own_name(ticket: CaseTicket, version: FileVersion) -> str:
    return ticket.unseal(version, "name")


def _messages(ticket: CaseTicket, found: Any) -> list[Hit]:
    rows = ticket.session.execute(
        select(Message, Thread.subject_sealed)
        .join(Thread, Thread.id == Message.thread_id)
        .where(*ticket.within(Message), Message.id.in_(found))
        .order_by(Message.created_at.desc())
        .limit(_MOST_HITS)
    )
    return [
        Hit(
            "message",
            message.thread_id,
            ticket.keys.unseal_text(subject, place("thread", "subject", message.thread_id)),
            ticket.compartments[message.compartment_id].key,
            ticket.members[message.created_by_id],
            message.created_at,
        )
        for message, subject in rows
    ]
