"""The mails as people get them, letter by letter: tests/rules/mail_texts/ holds one of each, subject first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.jobs import mail_texts
from portal.jobs.mail_texts import MailText
from portal.services.accounts.invitations import Invited, Sender
from portal.services.notices.mail import Notice

HELD = Path(__file__).parent / "mail_texts"
ZONE = ZoneInfo("Europe/Copenhagen")
UNTIL = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
PRODUCT, ORIGIN = "Følgeskab", "https://portal.example"
LINK = f"{ORIGIN}/link"
BY = Sender("Grethe Hald", "Leder", "Jobcenter", "Eksempelby Kommune")


def _invited(by: Sender | None, passwords: bool = True) -> Invited:
    place = ("Sagsbehandler", "Ungeenheden", "Eksempelby Kommune")
    return Invited("Ole O'Hara", "ole@eksempelby.example", *place, by, UNTIL, passwords)


MAILS: dict[str, MailText] = {
    "invitation": mail_texts.invitation(PRODUCT, ORIGIN, _invited(BY), LINK, ZONE),
    "invitation_at_work": mail_texts.invitation(PRODUCT, ORIGIN, _invited(BY, passwords=False), LINK, ZONE),
    "invitation_first_administrator": mail_texts.invitation(PRODUCT, ORIGIN, _invited(None), LINK, ZONE),
    "second_step_renewal": mail_texts.renewal(PRODUCT, _invited(BY), LINK, ZONE),
    "second_step_renewal_by_nobody": mail_texts.renewal(PRODUCT, _invited(None), LINK, ZONE),
    "forgotten_password": mail_texts.reset(PRODUCT, LINK, 30),
    "new_address": mail_texts.new_address(PRODUCT, BY, LINK, UNTIL, ZONE),
    "old_address_asked": mail_texts.old_address(PRODUCT, BY, changed=False),
    "old_address_changed": mail_texts.old_address(PRODUCT, BY, changed=True),
    "news_or_reminder": mail_texts.news(PRODUCT, ORIGIN),
    "news_to_be_stopped": mail_texts.news(PRODUCT, ORIGIN, stop=LINK),
    "news_in_danish": mail_texts.news(PRODUCT, ORIGIN, "da"),
    "news_in_english": mail_texts.news(PRODUCT, ORIGIN, "en", LINK),
    "contact_code": mail_texts.contact_code(PRODUCT, "123456"),
    "audit_fault": mail_texts.trace(PRODUCT),
} | {
    f"account_notice_{notice}": mail_texts.about_account(PRODUCT, notice)
    for notice in Notice
    if notice not in (Notice.NEWS, Notice.TRACE)
}


@pytest.mark.parametrize("name", sorted(MAILS))
def test_a_mail_says_what_it_has_always_said(name: str) -> None:
    saved = (HELD / f"{name}.txt").read_text("utf-8")
    assert f"{MAILS[name].subject}\n\n{MAILS[name].body}" == saved


def test_each_mail_is_kept_and_no_other() -> None:
    assert {path.stem for path in HELD.iterdir()} == set(MAILS)


def test_what_somebody_is_called_cannot_change_the_form_of_a_mail() -> None:
    said = mail_texts.about_account("<b>{{ 100% }} %(product)s", Notice.CLOSED)
    assert said.subject == "<b>{{ 100% }} %(product)s"
    assert said.body.count(said.subject) == 3
