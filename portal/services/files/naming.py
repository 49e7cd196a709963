"""What a file is called: as its newest version came in, or as somebody has named it since. Versions keep their names.

A name that was given has no ending: that is the newest version's, whatever kind it is.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from portal.access.ticket import CaseTicket, bounded
from portal.models import FileName
from portal.storage.keys import CaseKeys
from portal.storage.places import place


def latest() -> Select[UUID, UUID, bytes]:
    """The name given last to each file that was given one, as a part of a statement with the ticket's bounds."""
    given = aliased(FileName, name="n")
    return (
        select(given.file_id, given.id.label("given_id"), given.name_sealed.label("given_sealed"))
        .where(*bounded(given))
        .ext(distinct_on(given.file_id))
        .order_by(given.file_id, given.created_at.desc())
    )


def given(ticket: CaseTicket) -> dict[UUID, str]:
    """The name of each file that was given one, without its ending."""
    rows = ticket.session.execute(latest(), ticket.bounds)
    return {row.file_id: _stem(ticket.keys, row.given_id, row.given_sealed) for row in rows}


def given_to(ticket: CaseTicket, file_id: UUID) -> str:
    """The name one file was given, without its ending; '' if it was given none."""
    of_it = select(FileName).where(*ticket.within(FileName), FileName.file_id == file_id)
    row = ticket.session.scalars(of_it.order_by(FileName.created_at.desc()).limit(1)).one_or_none()
    return _stem(ticket.keys, row.id, row.name_sealed) if row else ""


def title(stem: str, own: str) -> str:
    """What a file is called whose newest version is named `own`. `stem` is '' for one that was given no name."""
    ending = ending_of(own)
    return f"{stem}.{ending}" if stem and ending else stem or own


def title_of_row(keys: CaseKeys, given_id: UUID | None, given_sealed: bytes | None, own: str) -> str:
    """The same of a row that was joined with `latest`."""
    if given_id is None or given_sealed is None:
        return own
    return title(_stem(keys, given_id, given_sealed), own)


def stem_of(name: str) -> str:
    """A name without its ending, as it stands in the field to change it."""
    return name.rpartition(".")[0] if ending_of(name) else name


def _stem(keys: CaseKeys, given_id: UUID, given_sealed: bytes) -> str:
    return keys.unseal_text(given_sealed, place("file_name", "name", given_id))


def ending_of(name: str) -> str:
    """What follows the last dot of a name; '' where there is none, or nothing before it."""
    stem, _dot, ending = name.rpartition(".")
    return ending if stem else ""
