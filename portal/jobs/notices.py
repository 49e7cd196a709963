"""Mails that say no more than that there is something new."""

from __future__ import annotations

from uuid import UUID

from portal.jobs import mail_texts, mails
from portal.jobs.mail_texts import MailText
from portal.jobs.retries import NotedAtAccount
from portal.jobs.task import Task, Worker
from portal.services.notices import mail as notices_mail
from portal.services.notices.mail import Notice


def mail_news(worker: Worker, person_id: str) -> None:
    _mail(worker, UUID(person_id), Notice.NEWS, mail_texts.news(worker.runtime.settings.product_name))


def mail_notice(worker: Worker, person_id: str, about: str = "sign_in") -> None:
    product = worker.runtime.settings.product_name
    text = mail_texts.trace(product) if about == Notice.TRACE else mail_texts.about_account(product, about)
    _mail(worker, UUID(person_id), Notice(about), text)


def _mail(worker: Worker, person_id: UUID, notice: Notice, text: MailText) -> None:
    """What is told of a case is decided in `runtime`."""
    with worker.runtime.unit_of_work() as session:
        due = notices_mail.take(session, person_id, notice)
    if due is None:
        return
    mails.send(worker, person_id, due.address, text, str(notice))
    with worker.runtime.unit_of_work() as session:
        notices_mail.done(session, person_id, notice, due)


TASKS = (
    Task("mail_news", mail_news, NotedAtAccount),
    Task("mail_notice", mail_notice, NotedAtAccount),
)
