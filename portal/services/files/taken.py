"""Which version of a file somebody had last, so that whoever sends one back is told what came meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.ticket import CaseTicket
from portal.models import File, FileVersion, VersionTaken

EITHER_WAY = UUID(int=0)


def note(ticket: CaseTicket, file: File, number: int, link_id: UUID | None = None, by_link_alone: bool = False) -> None:
    """This person takes out or puts in a version of a file: by themselves, or with a word processor through a link;
    `by_link_alone` when the link is all that knows of it yet."""
    links = [EITHER_WAY, *([link_id] if link_id else [])]
    _put_down(ticket, [_row(ticket, file.id, file.compartment_id, number, link) for link in links[by_link_alone:]])


def note_package(ticket: CaseTicket, versions: Iterable[FileVersion]) -> None:
    """This person takes out a package that holds these versions. Of a file that is in it more than once the last one
    counts."""
    rows = {
        version.file_id: _row(ticket, version.file_id, version.compartment_id, version.number, EITHER_WAY)
        for version in versions
    }
    # In one order, so that two fetches of one person never wait for each other.
    _put_down(ticket, [rows[file_id] for file_id in sorted(rows)])


def last(ticket: CaseTicket, file_id: UUID, link_id: UUID | None = None) -> int | None:
    """The number of the version this person last took out or put in, or their word processor through one link; None if
    they never did."""
    found = select(VersionTaken.number).where(
        *ticket.within(VersionTaken),
        VersionTaken.file_id == file_id,
        VersionTaken.created_by_id == ticket.membership.id,
        VersionTaken.link_id == (link_id or EITHER_WAY),
    )
    return ticket.session.scalars(found).one_or_none()


def _row(ticket: CaseTicket, file_id: UUID, compartment_id: UUID, number: int, link_id: UUID) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "created_by_id": ticket.membership.id,
        "link_id": link_id,
        "case_id": ticket.case_id,
        "compartment_id": compartment_id,
        "number": number,
        "taken_at": clock.now(),
    }


def _put_down(ticket: CaseTicket, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    had = insert(VersionTaken)
    again = {"number": had.excluded.number, "taken_at": had.excluded.taken_at}
    ticket.session.execute(
        had.on_conflict_do_update(index_elements=["file_id", "created_by_id", "link_id"], set_=again), rows
    )
