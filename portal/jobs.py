"""Background and timed work. Each task is one call of a service; arguments are ids, never content."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import App, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy import delete

from portal import clock, mail
from portal.access.signin import kept, sessions
from portal.access.signin.eid import ATTEMPT_LASTS
from portal.access.ticket import enter_case
from portal.errors import Damaged, NeighbourDown, NotFound, Refused
from portal.house import House
from portal.models import EidAttempt, Submission
from portal.outbox import worker_app
from portal.services import accounts, contents, files, renditions, scans
from portal.storage.scanning import ScanState

log = structlog.get_logger("worker")

_AGAIN = RetryStrategy(max_attempts=12, exponential_wait=2)
"""Waits 2, 4, 8 ... seconds between tries, a good hour in all: longer than a mail server is usually away."""

_INVITATION = """\
{name}

Du er inviteret til {name}. Vælg en adgangskode her:
{link}

Linket virker i {days} dage. Har du ikke ventet en invitation, kan du se bort fra denne mail.

--

You have been invited to {name}. Choose a password at the address above. It works for {days} days.
If you did not expect an invitation, you can ignore this mail.
"""


def build(house: House) -> App:
    """The queue with every task this portal knows."""
    app = worker_app(house.settings.database_url)

    @app.task(name="mail_invitation", retry=_AGAIN)
    def mail_invitation(invitation_id: str) -> None:
        settings = house.settings
        with house.unit_of_work() as session:
            found = accounts.renew_token(session, UUID(invitation_id))
        if found is None:
            return
        address, token = found
        # The token is in the database, hashed, before it is in a mail: a link that was sent always works.
        body = _INVITATION.format(
            name=settings.product_name, link=f"{settings.origin}/invitation/{token}", days=settings.invitation_days
        )
        mail.send(settings, address, settings.product_name, body)
        log.info("invitation mailed", invitation=invitation_id)

    @app.task(name="scan_version")
    def scan_version(version_id: str) -> None:
        try:
            scans.scan(house.unit_of_work, house.store, UUID(version_id))
        except NeighbourDown as problem:
            # `scan_waiting` comes round to it once they are back.
            log.warning("neighbour down", neighbour=problem.neighbour, version=version_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="scan_waiting", queueing_lock="scan_waiting", lock="scan_waiting")
    def scan_waiting(timestamp: int) -> None:  # noqa: ARG001
        """What waits because scanner or store was away is released once they are back."""
        scans.scan_waiting(house.unit_of_work, house.store)

    @app.task(name="look_into_version", retry=_AGAIN)
    def look_into_version(case_id: str, version_id: str, person_id: str) -> None:
        """Words for the search and a PDF for the preview, with the rights of whoever put the version in. When those
        have ended meanwhile, nothing is done. What waits for the virus scanner is opened once that has spoken, and what
        it refused never."""
        for work in (contents.read, renditions.make):
            with house.unit_of_work() as session:
                actor = sessions.stand_in(session, UUID(person_id))
                if actor is None:
                    return
                try:
                    ticket = enter_case(actor, UUID(case_id))
                    state = files.scan_state(ticket, UUID(version_id))
                    if state is ScanState.WAITING:
                        raise NeighbourDown("scanner")
                    if state is ScanState.REFUSED:
                        return
                    work(ticket, house.store, UUID(version_id))
                except (NotFound, Refused, Damaged) as problem:
                    log.warning("not looked into", version=version_id, kind=type(problem).__name__)
                    session.rollback()

    @app.task(name="forget_blob", retry=_AGAIN)
    def forget_blob(blob: str) -> None:
        """An object that no row names any more, since the transaction that queued this was committed."""
        house.store.delete(blob)

    @app.periodic(cron="17 * * * *")
    @app.task(name="sweep", queueing_lock="sweep")
    def sweep(timestamp: int) -> None:  # noqa: ARG001  what a periodic task is given
        with house.unit_of_work() as session:
            session.execute(delete(EidAttempt).where(EidAttempt.started_at < clock.now() - ATTEMPT_LASTS))
            kept.sweep(session)
            session.execute(delete(Submission).where(Submission.sent_at < clock.now() - timedelta(days=3)))

    @app.periodic(cron="*/5 * * * *")
    @app.task(name="take_up_again", queueing_lock="take_up_again")
    async def take_up_again(timestamp: int) -> None:  # noqa: ARG001
        """Jobs whose worker was killed in the middle are done again, by whichever worker is alive."""
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.retry_job(job)

    return app


def work(house: House) -> None:
    """Works until told to stop. A database that goes away ends the process at once, for its keeper to start it again:
    the queue's own threads would otherwise keep it alive without doing anything."""
    try:
        build(house).run_worker(concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=20)
    except ConnectorException:
        log.error("neighbour down", neighbour="database")  # noqa: TRY400  the trace may hold what it was about
        sys.stderr.flush()
        os._exit(1)
