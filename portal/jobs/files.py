"""What happens to a file after it has come in: the virus scan, the words for the search, the PDF for the preview."""

from __future__ import annotations

from uuid import UUID

import structlog

from portal.access.signin import sessions
from portal.access.ticket import enter_case
from portal.errors import CorruptData, DependencyUnavailable, NotFound, Refused
from portal.jobs.task import Task, Worker, logged
from portal.services.files import downloads, pdf_renditions, text_index, virus_scans
from portal.storage.scanning import ScanState

log = structlog.get_logger("worker")


def scan_version(worker: Worker, version_id: str) -> None:
    try:
        virus_scans.scan(worker.runtime.unit_of_work, worker.runtime.store, UUID(version_id))
    except DependencyUnavailable as problem:
        # `scan_waiting` comes round to it once they are back.
        log.warning("neighbour down", neighbour=problem.neighbour, version=version_id)


def scan_waiting(worker: Worker) -> None:
    """What waits because scanner or store was away is released once they are back."""
    virus_scans.scan_waiting(worker.runtime.unit_of_work, worker.runtime.store)


def look_into_version(worker: Worker, case_id: str, version_id: str, person_id: str) -> None:
    """Words for the search and a PDF for the preview, with the rights of whoever put the version in. When those
    have ended meanwhile, nothing is done. What waits for the virus scanner is opened once that has spoken, and what
    it refused never."""
    for work in (text_index.read_text, pdf_renditions.make_rendition):
        with worker.runtime.unit_of_work() as session:
            actor = sessions.stand_in(session, UUID(person_id))
            if actor is None:
                return
            try:
                ticket = enter_case(actor, UUID(case_id))
                state = downloads.scan_state(ticket, UUID(version_id))
                if state is ScanState.WAITING:
                    raise DependencyUnavailable("scanner")
                if state is ScanState.REFUSED:
                    return
                work(ticket, worker.runtime.store, UUID(version_id))
            except (NotFound, Refused, CorruptData) as problem:
                log.warning("not looked into", version=version_id, kind=type(problem).__name__)
                session.rollback()


def forget_blob(worker: Worker, blob: str) -> None:
    """An object that no row names any more, since the transaction that queued this was committed."""
    worker.runtime.store.delete(blob)


TASKS = (
    Task("scan_version", scan_version),
    Task("scan_waiting", scan_waiting, every="* * * * *", lock="scan_waiting"),
    Task("look_into_version", look_into_version, logged),
    Task("forget_blob", forget_blob, logged),
)
