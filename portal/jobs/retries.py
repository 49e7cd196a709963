"""When a job that failed is tried again, and what is noted when it is not. Every try that fails leaves a line in
the log."""

from __future__ import annotations

import structlog
from procrastinate import RetryStrategy
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from portal.errors import DependencyUnavailable, MailRefused, Undeliverable
from portal.runtime import Runtime
from portal.services.notices import mail as notices_mail

log = structlog.get_logger("worker")

LONG = RetryStrategy(max_attempts=12, exponential_wait=2)
"""Waits 2, 4, 8 ... seconds between tries, a good hour in all: longer than a mail server is usually away."""


class Logged(BaseRetryStrategy):
    """Tries again like `LONG`, and says in the log that it was in vain. A mail that was refused is not tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        again = None if isinstance(exception, Undeliverable) else LONG.get_retry_decision(exception=exception, job=job)
        why = exception.why if isinstance(exception, Undeliverable | DependencyUnavailable) else ""
        said = {"task": job.task_name, "job": job.id, "tries": job.attempts + 1, "kind": type(exception).__name__}
        log.log(_LEVEL[again is None], "given up" if again is None else "tried in vain", why=why, **said)
        if again is None:
            self.gave_up(exception, job)
        return again

    def gave_up(self, exception: BaseException, job: Job) -> None:
        """What is done besides when nothing is tried again."""


_LEVEL = {True: 40, False: 30}


class NotedAtAccount(Logged):
    """The same for mails to professionals. One that is given up is noted at their account, for those who look after the
    accounts: nobody waits for a mail that will never come."""

    def __init__(self, runtime: Runtime, office: Runtime) -> None:
        self._runtime, self._office = runtime, office

    def gave_up(self, exception: BaseException, job: Job) -> None:
        with self._office.unit_of_work() as session:
            found = notices_mail.addressee(session, job.task_kwargs)
            if found is None:
                return
            notices_mail.did_not_arrive(session, found.person_id, job.task_name, isinstance(exception, MailRefused))
        if found.asked_by is not None:
            with self._runtime.unit_of_work() as session:
                notices_mail.queue_notice(session, [found.asked_by])
