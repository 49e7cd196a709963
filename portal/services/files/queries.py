"""What lists of files ask, in the bounds of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from portal.access.ticket import bounded
from portal.db import Prepared
from portal.models import File, FileVersion, FileWithdrawal
from portal.services.files import naming


class VersionRow(NamedTuple):
    """The newest version of a file, with what the file is called and what it belongs to."""

    id: UUID
    file_id: UUID
    compartment_id: UUID
    number: int
    name_sealed: bytes
    note_sealed: bytes | None
    media_type: str
    size: int
    scan: str
    created_at: datetime
    created_by_id: UUID
    tool: str | None
    given_id: UUID | None
    given_sealed: bytes | None


def _latest(withdrawn_too: bool) -> Select[Any]:
    version = aliased(FileVersion, name="v")  # thirty times in a statement that is best short
    withdrawal = aliased(FileWithdrawal, name="w")
    gone = select(withdrawal.file_id).where(*bounded(withdrawal))
    # The columns of a line and no more: a list is long, and an object for each row costs more than reading it.
    columns = [getattr(version, name) for name in _OF_A_LINE]
    named = naming.latest().subquery()
    return (
        select(*columns, File.tool, named.c.given_id, named.c.given_sealed)
        .join(File, File.id == version.file_id)
        .outerjoin(named, named.c.file_id == version.file_id)
        .where(*bounded(version))
        .where(true() if withdrawn_too else version.file_id.not_in(gone))
        .ext(distinct_on(version.file_id))
        .order_by(version.file_id, version.number.desc())
    )


def _newest(withdrawn_too: bool) -> Select[Any]:
    latest = _latest(withdrawn_too).subquery()
    return select(latest).order_by(latest.c.created_at.desc()).limit(bindparam("limit"))


_OF_A_LINE = (
    "id",
    "file_id",
    "compartment_id",
    "number",
    "name_sealed",
    "note_sealed",
    "media_type",
    "size",
    "scan",
    "created_at",
    "created_by_id",
)
"""What a line asks of a version itself."""

LATEST = _latest(withdrawn_too=False)
"""The newest version of each file that is not withdrawn, in no order."""
NEWEST = {withdrawn_too: Prepared(_newest(withdrawn_too), VersionRow) for withdrawn_too in (False, True)}
"""The newest version of each file, newest first, at most `:limit`; without the withdrawn ones, and with them."""
