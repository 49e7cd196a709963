"""Packing the copy of a case."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog

from portal.access.signin import sessions
from portal.access.ticket import CaseTicket, enter_case
from portal.errors import CorruptData, NotFound, Refused
from portal.jobs.task import Task, Worker, logged
from portal.services.exports import exports

log = structlog.get_logger("worker")


def make_export(worker: Worker, case_id: str, export_id: str, person_id: str) -> None:
    """Packed with the rights of whoever asked for it. When those have ended meanwhile, nothing is done."""
    steps: tuple[Callable[[CaseTicket], None], ...] = (
        lambda ticket: exports.make_export(ticket, worker.runtime.store, UUID(export_id)),
        lambda ticket: exports.fail(ticket, UUID(export_id)),
    )
    for step in steps:
        with worker.runtime.unit_of_work() as session:
            actor = sessions.stand_in(session, UUID(person_id))
            try:
                if actor is not None:
                    step(enter_case(actor, UUID(case_id)))
                return
            except (NotFound, Refused):
                session.rollback()
                return
            except CorruptData as problem:
                session.rollback()
                log.error("damaged", export=export_id, what=str(problem))  # noqa: TRY400  ids are enough


TASKS = (Task("make_export", make_export, logged),)
