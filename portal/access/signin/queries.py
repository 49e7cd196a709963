"""What every request asks of the one who sends it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Text, bindparam, cast, func, literal, select
from sqlalchemy.orm import aliased

from portal.db import Prepared
from portal.models import EidLink, Login, Person, Staff


class Holder(NamedTuple):
    """Who holds a session's token. What their work is stands empty for a citizen."""

    login_id: UUID
    person_id: UUID
    started_at: datetime
    seen_at: datetime
    fresh_at: datetime | None
    method: str
    eid_link_id: UUID | None
    has_news_of_eids: bool
    kind: str
    name: str | None
    unit_id: UUID | None
    is_admin: bool | None
    may_open_cases: bool | None
    is_leader: bool | None
    is_auditor: bool | None
    spoken_for: str


_mine, _other = aliased(EidLink), aliased(EidLink)
_HAS_NEWS = (
    select(literal(1))
    .where(_other.person_id == Login.person_id, _other.ended_at.is_(None), _other.id != Login.eid_link_id)
    .where(_other.linked_at > func.coalesce(_mine.others_seen_at, cast("-infinity", DateTime(timezone=True))))
    .exists()
)
"""Another eID of the same person, made since somebody who came by this one last looked (see links)."""

HOLDER = Prepared(
    select(
        Login.id.label("login_id"),
        Login.person_id,
        Login.started_at,
        Login.seen_at,
        Login.fresh_at,
        Login.method,
        Login.eid_link_id,
        _HAS_NEWS.label("has_news_of_eids"),
        Person.kind,
        Staff.name,
        Staff.unit_id,
        Staff.is_admin,
        Staff.may_open_cases,
        Staff.is_leader,
        Staff.is_auditor,
        func.set_config("app.person_id", cast(Login.person_id, Text), True).label("spoken_for"),
    )
    .join(Person, Person.id == Login.person_id)
    .outerjoin(Staff, Staff.person_id == Person.id)
    .outerjoin(_mine, _mine.id == Login.eid_link_id)
    .where(Login.token_sha256 == bindparam("digest"), Login.ended_at.is_(None), Person.closed_at.is_(None)),
    Holder,
)
"""Who holds a token. The same statement says for whom the transaction speaks from then on."""
