"""Mails about accounts. They are written in `office`: an account belongs to no case."""

from __future__ import annotations

from uuid import UUID

import structlog

from portal.jobs import mail_texts, mails
from portal.jobs.retries import NotedAtAccount
from portal.jobs.task import Task, Worker, logged
from portal.neighbours import smtp
from portal.services.accounts import email_changes, forgotten_password, invitations
from portal.tools.profile import profile

log = structlog.get_logger("worker")


def mail_invitation(worker: Worker, invitation_id: str) -> None:
    # The token is in the database, hashed, before it is in a mail: a link that was sent always works.
    with worker.office.unit_of_work() as session:
        found = invitations.renew_token(session, UUID(invitation_id))
    if found is None:
        return
    settings = worker.runtime.settings
    product, zone = settings.product_name, profile(settings.profile).zone
    link = f"{settings.origin}/invitation/{found.token}"
    if found.renews_factors:
        text = mail_texts.renewal(product, found.invited, link, zone)
    else:
        text = mail_texts.invitation(product, settings.origin, found.invited, link, zone)
    mails.send(worker, found.person_id, found.invited.email, text, "invitation")
    with worker.office.unit_of_work() as session:
        invitations.note_mailed(session, UUID(invitation_id))


def mail_reset(worker: Worker, person_id: str) -> None:
    settings = worker.runtime.settings
    with worker.runtime.unit_of_work() as session:
        reset = forgotten_password.write_password(session, UUID(person_id))
    if reset is not None:
        minutes = int(forgotten_password.LASTS.total_seconds() // 60)
        text = mail_texts.reset(settings.product_name, f"{settings.origin}/forgotten/{reset.token}", minutes)
        mails.send(worker, UUID(person_id), reset.address, text, "reset")
        with worker.runtime.unit_of_work() as session:
            forgotten_password.note_mailed(session, reset.id)


def mail_new_address(worker: Worker, change_id: str) -> None:
    settings = worker.runtime.settings
    with worker.office.unit_of_work() as session:
        found = email_changes.write_to_new(session, UUID(change_id))
    if found is not None:
        link, zone = f"{settings.origin}/email/{found.token}", profile(settings.profile).zone
        text = mail_texts.new_address(settings.product_name, found.asked_by, link, found.expires_at, zone)
        mails.send(worker, found.person_id, found.address, text, "new address")


def mail_old_address(worker: Worker, change_id: str, done: bool) -> None:
    settings = worker.runtime.settings
    with worker.office.unit_of_work() as session:
        found = email_changes.write_to_old(session, UUID(change_id))
    text = mail_texts.old_address(settings.product_name, found.asked_by, done)
    smtp.send(settings, found.before, text.subject, text.body)
    log.info("old address told", person=str(found.person_id))


TASKS = (
    Task("mail_invitation", mail_invitation, NotedAtAccount),
    Task("mail_reset", mail_reset, NotedAtAccount),
    Task("mail_new_address", mail_new_address, NotedAtAccount),
    # A mailbox that is gone is why an address is changed: that this did not arrive is said in the log and nowhere else.
    Task("mail_old_address", mail_old_address, logged),
)
