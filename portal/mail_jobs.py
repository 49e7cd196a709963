"""Mails, sent by the worker. Each task is one call of a service and one mail; arguments are ids, never content.

Every try that fails leaves a line in the log. What is not tried again is noted, for those who look after the accounts:
nobody waits for a mail that will never come.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from procrastinate import App, RetryStrategy
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from portal import letters, mail
from portal.errors import MailRefused, NeighbourDown
from portal.letters import Letter
from portal.runtime import House
from portal.services.accounts import email_changes, forgotten_password, invitations
from portal.services.notices import mail as notices_mail
from portal.services.notices.mail import Notice
from portal.tools.profile import profile

log = structlog.get_logger("worker")

LONG = RetryStrategy(max_attempts=12, exponential_wait=2)
"""Waits 2, 4, 8 ... seconds between tries, a good hour in all: longer than a mail server is usually away."""


class Told(BaseRetryStrategy):
    """Tries again like `LONG`, and says in the log that it was in vain. A mail that was refused is not tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        again = None if isinstance(exception, MailRefused) else LONG.get_retry_decision(exception=exception, job=job)
        why = exception.why if isinstance(exception, MailRefused | NeighbourDown) else ""
        said = {"task": job.task_name, "job": job.id, "tries": job.attempts + 1, "kind": type(exception).__name__}
        log.log(_LEVEL[again is None], "given up" if again is None else "tried in vain", why=why, **said)
        if again is None:
            self.gave_up(exception, job)
        return again

    def gave_up(self, exception: BaseException, job: Job) -> None:
        """What is done besides when nothing is tried again."""


_LEVEL = {True: 40, False: 30}


class MailTold(Told):
    """The same for mails to professionals; a mail given up is noted at their account."""

    def __init__(self, house: House, office: House) -> None:
        self._house, self._office = house, office

    def gave_up(self, exception: BaseException, job: Job) -> None:
        with self._office.unit_of_work() as session:
            found = notices_mail.addressee(session, job.task_kwargs)
            if found is None:
                return
            notices_mail.did_not_arrive(session, found.person_id, job.task_name, isinstance(exception, MailRefused))
        if found.asked_by is not None:
            with self._house.unit_of_work() as session:
                notices_mail.tell(session, [found.asked_by])


def add(app: App, house: House, office: House) -> None:
    """Registers the tasks that send mail. Invitations are written in `office`, which stands on the worker's role; what
    is told of a case is decided in `house`."""
    settings, product = house.settings, house.settings.product_name
    told = MailTold(house, office)
    zone = profile(settings.profile).zone

    def send(person_id: UUID, address: str, letter: Letter, what: str) -> None:
        mail.send(settings, address, letter.subject, letter.body)
        with office.unit_of_work() as session:
            notices_mail.arrived(session, person_id)
        log.info(f"{what} mailed", person=str(person_id))

    def send_notice(person_id: str, notice: Notice, letter: Letter) -> None:
        with house.unit_of_work() as session:
            due = notices_mail.take(session, UUID(person_id), notice)
        if due is None:
            return
        send(UUID(person_id), due.address, letter, str(notice))
        with house.unit_of_work() as session:
            notices_mail.done(session, UUID(person_id), notice, due)

    @app.task(name="mail_invitation", retry=told)
    def mail_invitation(invitation_id: str) -> None:
        # The token is in the database, hashed, before it is in a mail: a link that was sent always works.
        with office.unit_of_work() as session:
            found = invitations.renew_token(session, UUID(invitation_id))
        if found is None:
            return
        link = f"{settings.origin}/invitation/{found.token}"
        if found.renews_factors:
            letter = letters.renewal(product, found.invited, link, zone)
        else:
            letter = letters.invitation(product, settings.origin, found.invited, link, zone)
        send(found.person_id, found.invited.email, letter, "invitation")
        with office.unit_of_work() as session:
            invitations.note_mailed(session, UUID(invitation_id))

    @app.task(name="mail_reset", retry=told)
    def mail_reset(person_id: str) -> None:
        with house.unit_of_work() as session:
            reset = forgotten_password.write(session, UUID(person_id))
        if reset is not None:
            minutes = int(forgotten_password.LASTS.total_seconds() // 60)
            link = f"{settings.origin}/forgotten/{reset.token}"
            send(UUID(person_id), reset.address, letters.reset(product, link, minutes), "reset")
            with house.unit_of_work() as session:
                forgotten_password.note_mailed(session, reset.id)

    @app.task(name="mail_news", retry=told)
    def mail_news(person_id: str) -> None:
        send_notice(person_id, Notice.NEWS, letters.news(product))

    @app.task(name="mail_notice", retry=told)
    def mail_notice(person_id: str, about: str = "sign_in") -> None:
        letter = letters.trace(product) if about == Notice.TRACE else letters.about_account(product, about)
        send_notice(person_id, Notice(about), letter)

    @app.task(name="mail_new_address", retry=told)
    def mail_new_address(change_id: str) -> None:
        with office.unit_of_work() as session:
            found = email_changes.write_to_new(session, UUID(change_id))
        if found is not None:
            link = f"{settings.origin}/email/{found.token}"
            letter = letters.new_address(product, found.asked_by, link, found.expires_at, zone)
            send(found.person_id, found.address, letter, "new address")

    # A mailbox that is gone is why an address is changed: that this did not arrive is said in the log and nowhere else.
    @app.task(name="mail_old_address", retry=Told())
    def mail_old_address(change_id: str, done: bool) -> None:
        with office.unit_of_work() as session:
            found = email_changes.write_to_old(session, UUID(change_id))
        letter = letters.old_address(product, found.asked_by, done)
        mail.send(settings, found.before, letter.subject, letter.body)
        log.info("old address told", person=str(found.person_id))
