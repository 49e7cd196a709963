"""The virus scan of a consent on paper."""

from __future__ import annotations

from uuid import UUID

import structlog

from portal.errors import DependencyUnavailable
from portal.jobs.task import Task, Worker
from portal.services.files import virus_scans

log = structlog.get_logger("worker")


def scan_paper(worker: Worker, consent_id: str) -> None:
    try:
        virus_scans.scan(worker.runtime.unit_of_work, worker.runtime.store, UUID(consent_id), virus_scans.PAPER)
    except DependencyUnavailable as problem:
        log.warning("neighbour down", neighbour=problem.neighbour, consent=consent_id)


TASKS = (Task("scan_paper", scan_paper),)
