"""Which version of a file somebody had last, so that whoever sends one back is told what came meanwhile."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.ticket import CaseTicket
from portal.models import File, VersionTaken

EITHER_WAY = UUID(int=0)


def note(ticket: CaseTicket, file: File, number: int, link_id: UUID | None = None, by_link_alone: bool = False) -> None:
    """This person takes out or puts in a version of a file: by themselves, or with a word processor through a link;
    `by_link_alone` when the link is all that knows of it yet."""
    links = [EITHER_WAY, *([link_id] if link_id else [])]
    row = {
        "file_id": file.id,
        "created_by_id": ticket.membership.id,
        "case_id": file.case_id,
        "compartment_id": file.compartment_id,
        "number": number,
        "taken_at": clock.now(),
    }
    had = insert(VersionTaken).values([{**row, "link_id": link} for link in links[by_link_alone:]])
    again = {"number": had.excluded.number, "taken_at": had.excluded.taken_at}
    ticket.session.execute(
        had.on_conflict_do_update(index_elements=["file_id", "created_by_id", "link_id"], set_=again)
    )


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
