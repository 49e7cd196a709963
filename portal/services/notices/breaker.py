"""The breaker of a neighbour: after three failures in a row nothing is sent there for a while, then one tries for all.

The pauses grow from one minute to a quarter of an hour, however long it lasts. The state is a row, for every worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import PortalSession
from portal.models import NeighbourState

AFTER = 3
LONGEST = timedelta(minutes=15)


def open_until(session: PortalSession, name: str) -> datetime | None:
    """When to ask again; None when it may be tried now. Whoever gets None from a breaker that was open tries for all:
    it is closed to the others for another pause."""
    row = session.scalars(select(NeighbourState).where(NeighbourState.name == name)).one_or_none()
    if row is None or row.failures < AFTER:
        return None
    now = clock.now()
    first = (
        update(NeighbourState)
        .where(NeighbourState.name == name, NeighbourState.open_until <= now)
        .values(open_until=now + pause(row.failures))
        .returning(NeighbourState.name)
        .execution_options(synchronize_session=False)
    )
    if session.execute(first).scalar_one_or_none() is not None:
        return None
    return max(row.open_until, now + timedelta(minutes=1))


def failed(session: PortalSession, name: str) -> datetime:
    """It did not answer, or not now. Returns when to try again."""
    now = clock.now()
    values = {"name": name, "failures": 1, "since": now, "open_until": now + pause(1)}
    counted = insert(NeighbourState).values(values)
    counted = counted.on_conflict_do_update(
        index_elements=[NeighbourState.name], set_={"failures": NeighbourState.failures + 1}
    )
    failures = session.execute(counted.returning(NeighbourState.failures)).scalar_one()
    until = now + pause(failures)
    session.execute(update(NeighbourState).where(NeighbourState.name == name).values(open_until=until))
    return until


def answered(session: PortalSession, name: str) -> None:
    """It took something, or refused it by name: it is there."""
    session.execute(delete(NeighbourState).where(NeighbourState.name == name))


def pause(failures: int) -> timedelta:
    """1, 2, 4, 8 and then 15 minutes."""
    return min(timedelta(minutes=2 ** min(failures - 1, 4)), LONGEST)
