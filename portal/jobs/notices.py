"""Notices that say no more than that there is something new, and mails about an account."""

from __future__ import annotations

from uuid import UUID

import structlog

from portal.errors import DependencyUnavailable, Undeliverable
from portal.jobs import mail_texts, mails
from portal.jobs.retries import NotedAtAccount
from portal.jobs.task import Task, Worker, logged
from portal.neighbours import sms_gateway
from portal.neighbours.smtp import Post
from portal.outbox import later_once
from portal.services.notices import choices, contact, delivering, planning, stop
from portal.services.notices import mail as notices_mail
from portal.services.notices.delivering import AT_ONCE, Outgoing
from portal.services.notices.kinds import Channel
from portal.services.notices.mail import Notice

log = structlog.get_logger("worker")


def mail_news(worker: Worker, person_id: str) -> None:
    """Puts what waits for somebody on its way, or puts it off."""
    with worker.runtime.unit_of_work(UUID(person_id)) as session:
        if planning.plan(session, UUID(person_id)):
            later_once(session, "send_notices")


def send_notices(worker: Worker) -> None:
    """Sends what is due, over one connection to the mail server; the next hundred are another job's."""
    with worker.office.unit_of_work() as session:
        waiting = delivering.due(session)
    with Post(worker.runtime.settings) as post:
        for one in waiting:
            with worker.runtime.unit_of_work(one.person_id) as session:
                outgoing = delivering.take(session, one)
            if outgoing is not None:
                _send(worker, post, outgoing)
    if len(waiting) == AT_ONCE:
        with worker.runtime.unit_of_work() as session:
            later_once(session, "send_notices")


def send_waiting_notices(worker: Worker) -> None:
    """What was put back, or left behind by a worker that died."""
    send_notices(worker)


def _send(worker: Worker, post: Post, outgoing: Outgoing) -> None:
    said = {"channel": outgoing.channel.value, "person": str(outgoing.person_id)}
    try:
        _hand_over(worker, post, outgoing)
    except Undeliverable as problem:
        with worker.runtime.unit_of_work(outgoing.person_id) as session:
            delivering.refused(session, outgoing)
        log.error("given up", task="send_notices", why=problem.why, kind=type(problem).__name__, **said)  # noqa: TRY400
        _note_at_account(worker, outgoing, refused=True)
    except DependencyUnavailable as problem:
        # What a mail server says of one address, with a number, is no reason to leave all the others.
        is_away = problem.neighbour != "mail" or not problem.why.isdigit()
        with worker.runtime.unit_of_work(outgoing.person_id) as session:
            gave_up = delivering.put_back(session, outgoing, is_away)
        log.warning("tried in vain", task="send_notices", why=problem.why, kind=type(problem).__name__, **said)
        if gave_up:
            _note_at_account(worker, outgoing, refused=False)
    else:
        with worker.runtime.unit_of_work(outgoing.person_id) as session:
            delivering.sent(session, outgoing)
        if outgoing.is_staff:
            with worker.office.unit_of_work() as session:
                notices_mail.arrived(session, outgoing.person_id)
        log.info("news told", **said)


def _hand_over(worker: Worker, post: Post, outgoing: Outgoing) -> None:
    settings, key = worker.runtime.settings, str(outgoing.id)
    product, origin = settings.product_name, settings.origin
    if outgoing.channel is Channel.SMS:
        text = mail_texts.news_sms(product, origin, outgoing.language)
        sms_gateway.send(settings, outgoing.address, text, key)
        return
    link, headers = "", {}
    if outgoing.stoppable:
        token = stop.write(worker.runtime.keyring, outgoing.person_id, outgoing.stoppable)
        link = f"{origin}/stop/{token}"
        headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = mail_texts.news(product, origin, outgoing.language, link)
    post.send(outgoing.address, mail.subject, mail.body, key, headers)


def _note_at_account(worker: Worker, outgoing: Outgoing, refused: bool) -> None:
    """For those who look after accounts; of citizens nothing is kept there."""
    if outgoing.is_staff:
        with worker.office.unit_of_work() as session:
            notices_mail.did_not_arrive(session, outgoing.person_id, "mail_news", refused)


def send_code(worker: Worker, person_id: str, contact_id: str) -> None:
    """The code by which somebody confirms an address or a number. It is in the database, digested, before it is out."""
    settings, person = worker.runtime.settings, UUID(person_id)
    with worker.runtime.unit_of_work(person) as session:
        found = contact.write_code(session, UUID(contact_id))
        language = choices.chosen(session, person, is_staff=False).language
    if found is None:
        return
    if found.channel is Channel.SMS:
        text = mail_texts.contact_code_sms(settings.product_name, found.code, language)
        sms_gateway.send(settings, found.address, text, f"{contact_id}-{found.number}")
        return
    mail = mail_texts.contact_code(settings.product_name, found.code, language)
    with Post(settings) as post:
        post.send(found.address, mail.subject, mail.body)


def sweep_notices(worker: Worker) -> None:
    with worker.office.unit_of_work() as session:
        delivering.sweep_told(session)


def mail_notice(worker: Worker, person_id: str, about: str = "sign_in") -> None:
    """Tells a professional of their account."""
    product, person, notice = worker.runtime.settings.product_name, UUID(person_id), Notice(about)
    text = mail_texts.trace(product) if notice is Notice.TRACE else mail_texts.about_account(product, about)
    with worker.runtime.unit_of_work() as session:
        due = notices_mail.take(session, person, notice)
    if due is None:
        return
    mails.send(worker, person, due.address, text, about)
    with worker.runtime.unit_of_work() as session:
        notices_mail.done(session, person, notice, due)


TASKS = (
    Task("mail_news", mail_news, logged),
    Task("send_notices", send_notices, logged),
    Task("send_waiting_notices", send_waiting_notices, logged, every="* * * * *"),
    Task("sweep_notices", sweep_notices, every="27 3 * * *"),
    Task("send_code", send_code, logged),
    Task("mail_notice", mail_notice, NotedAtAccount),
)
