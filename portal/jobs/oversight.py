"""The nightly check of the audit chains."""

from __future__ import annotations

import structlog

from portal.jobs.task import Task, Worker, logged
from portal.services.oversight import audit_checks

log = structlog.get_logger("worker")


def check_trace(worker: Worker) -> None:
    """Reads the whole trace. Where it is broken, the log says so every night, and people are told of what is new."""
    found = audit_checks.check_audit(worker.office.unit_of_work)
    said = {"lines": found.lines, "chains": found.chains, "faults": found.faults}
    if found.is_whole:
        log.info("trace checked", **said)
        return
    log.error("trace broken", **said, places=[f"{place.chain} {place.line}: {place.what}" for place in found.places])
    with worker.office.unit_of_work() as session:
        is_news = audit_checks.is_news(session, found)
    if is_news:
        _tell(worker)


def watch_trace(worker: Worker) -> None:
    """Makes up for a night in which nobody worked, and says when the check stays away for all that."""
    with worker.office.unit_of_work() as session:
        missed = audit_checks.was_missed(session)
    try:
        if missed:
            check_trace(worker)
    finally:
        _tell_where_unchecked(worker)


def _tell_where_unchecked(worker: Worker) -> None:
    with worker.office.unit_of_work() as session:
        since = audit_checks.overdue_since(session)
        tells = since is not None and audit_checks.may_tell_again(session)
    if since is not None:
        log.error("trace not checked", since=since.isoformat())
    if tells:
        _tell(worker)


def _tell(worker: Worker) -> None:
    with worker.runtime.unit_of_work() as session:
        log.info("trace told", people=audit_checks.tell_administrators(session))


TASKS = (
    # One lock for both: the trace is read by one worker at a time.
    Task("check_trace", check_trace, logged, every="20 2 * * *", lock="check_trace"),
    Task("watch_trace", watch_trace, logged, every="50 * * * *", lock="check_trace"),
)
