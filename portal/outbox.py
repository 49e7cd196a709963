"""Work for later, put in the queue by the same transaction that makes it necessary: both happen or neither does."""

from __future__ import annotations

from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from portal.db import PortalSession

_queue = App(connector=SyncPsycopgConnector())
"""Never opened: it only knows how a job is written down, the connection is the session's own."""


def later(session: PortalSession, task: str, **arguments: Any) -> None:
    """Queues the task of that name (portal/jobs.py) with ids for arguments. Nothing secret may be among them."""
    connection = session.connection().connection.driver_connection
    _queue.configure_task(task, connection=connection).defer(**arguments)


def worker_app(database_url: str) -> App:
    """The queue as a worker process opens it."""
    return App(connector=PsycopgConnector(conninfo=database_url, max_size=4))
