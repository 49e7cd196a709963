"""Work for later, put in the queue by the same transaction that makes it necessary: both happen or neither does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import TimeDeltaParams

from portal.db import PortalSession

_queue = App(connector=SyncPsycopgConnector())
"""Never opened: it only knows how a job is written down, the connection is the session's own."""


def later(session: PortalSession, task: str, after: timedelta = timedelta(), /, **arguments: Any) -> None:
    """Queues the task of that name (portal/jobs/) with ids for arguments, to be done when `after` has passed. Nothing
    secret may be among them."""
    connection = session.connection().connection.driver_connection
    wait: TimeDeltaParams | None = {"seconds": int(after.total_seconds())} if after else None
    _queue.configure_task(task, connection=connection, schedule_in=wait).defer(**arguments)


def later_once(session: PortalSession, task: str, /, **arguments: Any) -> None:
    """Queues the task unless it waits to be done already."""
    try:
        with session.begin_nested():
            connection = session.connection().connection.driver_connection
            _queue.configure_task(task, connection=connection, queueing_lock=task).defer(**arguments)
    except AlreadyEnqueued:
        pass


def worker_app(database_url: str) -> App:
    """The queue as a worker process opens it."""
    return App(connector=PsycopgConnector(conninfo=database_url, max_size=4))
