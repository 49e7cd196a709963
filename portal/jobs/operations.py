"""What is done for every capability from time to time."""

from __future__ import annotations

import structlog

from portal.jobs.task import Task, Worker, logged
from portal.services.operations import periodic

log = structlog.get_logger("worker")


def sweep(worker: Worker) -> None:
    with worker.runtime.unit_of_work() as session:
        periodic.sweep(session)


def remind(worker: Worker) -> None:
    with worker.runtime.unit_of_work() as session:
        told = periodic.send_reminders(session)
    log.info("reminded", people=told)


TASKS = (
    Task("sweep", sweep, every="17 * * * *"),
    Task("remind", remind, logged, every="40 4 * * *"),
)
