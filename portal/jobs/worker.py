"""The queue with every task this portal knows, and the process that works it off."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException

from portal.db import Role
from portal.documents import converting
from portal.errors import UnsafeConfiguration
from portal.jobs import accounts, consents, exports, files, notices, operations, oversight
from portal.jobs.task import Task, Worker
from portal.outbox import worker_app
from portal.runtime import Runtime

log = structlog.get_logger("worker")

TASKS: tuple[Task, ...] = (
    *accounts.TASKS,
    *consents.TASKS,
    *exports.TASKS,
    *files.TASKS,
    *notices.TASKS,
    *operations.TASKS,
    *oversight.TASKS,
)


def build(runtime: Runtime, office: Runtime | None = None) -> App:
    """The queue with every task. What belongs to no case is done in `office`, which stands on the worker's role and
    sees none; a job in somebody's name is done in `runtime`, where that person's windows count."""
    app, worker = worker_app(runtime.settings.worker_database_url), Worker(runtime, office or runtime)
    for task in TASKS:
        queued = app.task(**task.arguments_for(worker))(_bound(task, worker))
        if task.every:
            app.periodic(cron=task.every)(queued)

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="take_up_again", queueing_lock="take_up_again")
    async def take_up_again(timestamp: int) -> None:  # noqa: ARG001  what a periodic task is given
        """Jobs whose worker was killed in the middle are done again, by whichever worker is alive."""
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.retry_job(job)

    return app


def _bound(task: Task, worker: Worker) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        task.run(worker, **arguments)

    def run_on_time(timestamp: int) -> None:  # noqa: ARG001  what a periodic task is given
        task.run(worker)

    return run_on_time if task.every else run


def work(runtime: Runtime, office: Runtime) -> None:
    """Works until told to stop. Raises UnsafeConfiguration when `office` does not stand on the worker's role, and
    where a converter is switched on that this machine cannot hold.

    A database that goes away ends the process at once, for its keeper to start it again: the queue's own threads would
    otherwise keep it alive without doing anything.
    """
    if office.role is not Role.WORKER or runtime.role is not Role.APP:
        raise UnsafeConfiguration(f"the worker must not work as {office.role} and {runtime.role}")
    if runtime.settings.converter:
        converting.refuse_unfit(runtime.settings.converter, runtime.settings.secret_files)
    try:
        build(runtime, office).run_worker(concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=20)
    except ConnectorException:
        log.error("neighbour down", neighbour="database")  # noqa: TRY400  the trace may hold what it was about
        sys.stderr.flush()
        os._exit(1)
