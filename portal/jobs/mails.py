"""Sending one mail, and noting that it arrived."""

from __future__ import annotations

from uuid import UUID

import structlog

from portal.jobs.mail_texts import MailText
from portal.jobs.task import Worker
from portal.neighbours import smtp
from portal.services.notices import mail as notices_mail

log = structlog.get_logger("worker")


def send(worker: Worker, person_id: UUID, address: str, text: MailText, what: str) -> None:
    smtp.send(worker.runtime.settings, address, text.subject, text.body)
    with worker.office.unit_of_work() as session:
        notices_mail.arrived(session, person_id)
    log.info(f"{what} mailed", person=str(person_id))
