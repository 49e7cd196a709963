"""Background and timed work. Each task is one call of a service; arguments are ids, never content."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from sqlalchemy import delete

from portal import clock, mail_jobs
from portal.access.signin import eid, oidc_flow, passkeys, pending_login, saved_form, sessions, throttle
from portal.access.ticket import CaseTicket, enter_case
from portal.db import Role
from portal.documents import converting
from portal.errors import Damaged, NeighbourDown, NotFound, Refused, Unsafe
from portal.models import Submission
from portal.outbox import worker_app
from portal.runtime import House
from portal.services.consents import reminders
from portal.services.exports import exports
from portal.services.files import downloads, held_uploads, pdf_renditions, resumable_uploads, text_index, virus_scans
from portal.services.oversight import audit_checks
from portal.services.plans import commitments
from portal.services.webdav import links
from portal.storage.scanning import ScanState

log = structlog.get_logger("worker")

_AGAIN = mail_jobs.Told()


def build(house: House, office: House | None = None) -> App:
    """The queue with every task this portal knows. What belongs to no case is done in `office`, which stands on the
    worker's role and sees none; a job in somebody's name is done in `house`, where that person's windows count."""
    office = office or house
    app = worker_app(house.settings.worker_database_url)

    mail_jobs.add(app, house, office)

    @app.periodic(cron="40 4 * * *")
    @app.task(name="remind", queueing_lock="remind", retry=_AGAIN)
    def remind(timestamp: int) -> None:  # noqa: ARG001
        with house.unit_of_work() as session:
            told = reminders.send_due(session) + commitments.send_due(session)
        log.info("reminded", people=told)

    # One lock for both: the trace is read by one worker at a time.
    @app.periodic(cron="20 2 * * *")
    @app.task(name="check_trace", queueing_lock="check_trace", lock="check_trace", retry=_AGAIN)
    def check_trace(timestamp: int) -> None:  # noqa: ARG001
        _check_trace(house, office)

    @app.periodic(cron="50 * * * *")
    @app.task(name="watch_trace", queueing_lock="watch_trace", lock="check_trace", retry=_AGAIN)
    def watch_trace(timestamp: int) -> None:  # noqa: ARG001
        """Makes up for a night in which nobody worked, and says when the check stays away for all that."""
        with office.unit_of_work() as session:
            missed = audit_checks.was_missed(session)
        try:
            if missed:
                _check_trace(house, office)
        finally:
            _tell_where_unchecked(house, office)

    @app.task(name="scan_version")
    def scan_version(version_id: str) -> None:
        try:
            virus_scans.scan(house.unit_of_work, house.store, UUID(version_id))
        except NeighbourDown as problem:
            # `scan_waiting` comes round to it once they are back.
            log.warning("neighbour down", neighbour=problem.neighbour, version=version_id)

    @app.task(name="scan_paper")
    def scan_paper(consent_id: str) -> None:
        try:
            virus_scans.scan(house.unit_of_work, house.store, UUID(consent_id), virus_scans.PAPER)
        except NeighbourDown as problem:
            log.warning("neighbour down", neighbour=problem.neighbour, consent=consent_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="scan_waiting", queueing_lock="scan_waiting", lock="scan_waiting")
    def scan_waiting(timestamp: int) -> None:  # noqa: ARG001
        """What waits because scanner or store was away is released once they are back."""
        virus_scans.scan_waiting(house.unit_of_work, house.store)

    @app.task(name="look_into_version", retry=_AGAIN)
    def look_into_version(case_id: str, version_id: str, person_id: str) -> None:
        """Words for the search and a PDF for the preview, with the rights of whoever put the version in. When those
        have ended meanwhile, nothing is done. What waits for the virus scanner is opened once that has spoken, and what
        it refused never."""
        for work in (text_index.read, pdf_renditions.make):
            with house.unit_of_work() as session:
                actor = sessions.stand_in(session, UUID(person_id))
                if actor is None:
                    return
                try:
                    ticket = enter_case(actor, UUID(case_id))
                    state = downloads.scan_state(ticket, UUID(version_id))
                    if state is ScanState.WAITING:
                        raise NeighbourDown("scanner")
                    if state is ScanState.REFUSED:
                        return
                    work(ticket, house.store, UUID(version_id))
                except (NotFound, Refused, Damaged) as problem:
                    log.warning("not looked into", version=version_id, kind=type(problem).__name__)
                    session.rollback()

    @app.task(name="make_export", retry=_AGAIN)
    def make_export(case_id: str, export_id: str, person_id: str) -> None:
        """Packed with the rights of whoever asked for it. When those have ended meanwhile, nothing is done."""
        steps: tuple[Callable[[CaseTicket], None], ...] = (
            lambda ticket: exports.make(ticket, house.store, UUID(export_id)),
            lambda ticket: exports.fail(ticket, UUID(export_id)),
        )
        for step in steps:
            with house.unit_of_work() as session:
                actor = sessions.stand_in(session, UUID(person_id))
                try:
                    if actor is not None:
                        step(enter_case(actor, UUID(case_id)))
                    return
                except (NotFound, Refused):
                    session.rollback()
                    return
                except Damaged as problem:
                    session.rollback()
                    log.error("damaged", export=export_id, what=str(problem))  # noqa: TRY400  ids are enough

    @app.task(name="forget_blob", retry=_AGAIN)
    def forget_blob(blob: str) -> None:
        """An object that no row names any more, since the transaction that queued this was committed."""
        house.store.delete(blob)

    @app.periodic(cron="17 * * * *")
    @app.task(name="sweep", queueing_lock="sweep")
    def sweep(timestamp: int) -> None:  # noqa: ARG001  what a periodic task is given
        with house.unit_of_work() as session:
            oidc_flow.forget_old(session, house.settings.session_hours)
            eid.forget_strangers(session)
            for part in (saved_form, pending_login, passkeys, throttle):
                part.sweep(session)
            resumable_uploads.sweep(session)
            held_uploads.sweep(session)
            links.sweep(session)
            exports.sweep(session)
            session.execute(delete(Submission).where(Submission.sent_at < clock.now() - timedelta(days=3)))

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="take_up_again", queueing_lock="take_up_again")
    async def take_up_again(timestamp: int) -> None:  # noqa: ARG001
        """Jobs whose worker was killed in the middle are done again, by whichever worker is alive."""
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.retry_job(job)

    return app


def _check_trace(house: House, office: House) -> None:
    """Reads the whole trace. Where it is broken, the log says so every night, and people are told of what is new."""
    found = audit_checks.check(office.unit_of_work)
    said = {"lines": found.lines, "chains": found.chains, "faults": found.faults}
    if found.is_whole:
        log.info("trace checked", **said)
        return
    log.error("trace broken", **said, places=[f"{place.chain} {place.line}: {place.what}" for place in found.places])
    with office.unit_of_work() as session:
        news = audit_checks.is_news(session, found)
    if news:
        with house.unit_of_work() as session:
            log.info("trace told", people=audit_checks.tell(session))


def _tell_where_unchecked(house: House, office: House) -> None:
    with office.unit_of_work() as session:
        since = audit_checks.overdue_since(session)
        tells = since is not None and audit_checks.may_tell_again(session)
    if since is not None:
        log.error("trace not checked", since=since.isoformat())
    if tells:
        with house.unit_of_work() as session:
            log.info("trace told", people=audit_checks.tell(session))


def work(house: House, office: House) -> None:
    """Works until told to stop. Raises Unsafe when `office` does not stand on the worker's role, and where a converter
    is switched on that this machine cannot hold.

    A database that goes away ends the process at once, for its keeper to start it again: the queue's own threads would
    otherwise keep it alive without doing anything.
    """
    if office.role is not Role.WORKER or house.role is not Role.APP:
        raise Unsafe(f"the worker must not work as {office.role} and {house.role}")
    if house.settings.converter:
        converting.refuse_unfit(house.settings.converter, house.settings.secret_files)
    try:
        build(house, office).run_worker(concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=20)
    except ConnectorException:
        log.error("neighbour down", neighbour="database")  # noqa: TRY400  the trace may hold what it was about
        sys.stderr.flush()
        os._exit(1)
