"""Mails and SMS out of templates/mail/: a mail says the same twice, in the language most people read and then in the
other, unless it is known which of them its reader chose.

The part that is read first has the links; the second is shorter and points at them. A notice says that there is
something new and nothing else: no name, no title, no sender and no telling link. An invitation says who invites, where
from and to what, so that it can be told from a fraud; of cases it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.services.accounts.invitations import Invited, Sender
from portal.settings import PROJECT
from portal.tools.vocabulary import sayer

LANGUAGES = ("da", "en")
"""In the order in which they stand in a mail; its subject is in the first."""

_MOMENTS = {"da": "d. MMMM y 'kl.' H.mm", "en": "d MMMM y 'at' H:mm"}


@dataclass(frozen=True)
class MailText:
    subject: str
    body: str


def invitation(product: str, origin: str, invited: Invited, link: str, zone: ZoneInfo) -> MailText:
    """How to come in for the first time."""
    by = invited.by
    return _write(
        "invitation",
        product=product,
        origin=origin,
        name=invited.name,
        email=invited.email,
        place=f"{invited.job_title}, {invited.unit}, {invited.organisation}",
        organisation=by.organisation if by else invited.organisation,
        by=by,
        passwords=invited.passwords,
        link=link,
        expires_at=invited.expires_at.astimezone(zone),
    )


def renewal(product: str, invited: Invited, link: str, zone: ZoneInfo) -> MailText:
    """For somebody who has lost their second step."""
    until = invited.expires_at.astimezone(zone)
    return _write("second_step_renewal", product=product, name=invited.name, by=invited.by, link=link, expires_at=until)


def reset(product: str, link: str, minutes: int) -> MailText:
    """For somebody who has forgotten their password."""
    return _write("forgotten_password", product=product, link=link, minutes=minutes)


def new_address(product: str, by: Sender, link: str, until: datetime, zone: ZoneInfo) -> MailText:
    """To an address that is to be an account's: is it yours?"""
    return _write("new_address", product=product, by=by, link=link, expires_at=until.astimezone(zone))


def old_address(product: str, by: Sender, changed: bool) -> MailText:
    """To the address an account has had until now: somebody wants another, or it has another by now."""
    return _write("old_address", product=product, by=by, changed=changed)


def news(product: str, origin: str, language: str | None = None, stop: str = "") -> MailText:
    """All that a notice about a case may say, be it news or a reminder. `stop` is the link that switches it off."""
    return _write("news_or_reminder", language, product=product, origin=origin, stop=stop)


def news_sms(product: str, origin: str, language: str | None = None) -> str:
    """The same in one SMS, in one language: of both, the one most people read."""
    return _in_one_line(news(product, origin, language or LANGUAGES[0]))


def contact_code(product: str, code: str, language: str | None = None) -> MailText:
    """To an address that somebody has just given, in the language of their page."""
    return _write("contact_code", language, product=product, code=code)


def contact_code_sms(product: str, code: str, language: str | None = None) -> str:
    return _in_one_line(contact_code(product, code, language or LANGUAGES[0]))


def about_account(product: str, happened: str) -> MailText:
    """To the owner of an account, whoever did it; `happened` is a Notice."""
    return _write("account_notice", product=product, happened=happened)


def trace(product: str) -> MailText:
    """To those who look after the portal, when its trace is broken somewhere or has not been checked."""
    return _write("audit_fault", product=product)


def _in_one_line(text: MailText) -> str:
    return " ".join(text.body.split())


def _write(template: str, /, only: str | None = None, **facts: Any) -> MailText:
    """In `only` that language, where it is known; else in both."""
    languages = (only,) if only else LANGUAGES
    bodies = [_block(language, template, "body", facts | {"first": language == languages[0]}) for language in languages]
    return MailText(_block(languages[0], template, "subject", facts), "\n--\n\n".join(bodies))


def _block(language: str, name: str, block: str, facts: dict[str, Any]) -> str:
    template = _environment(language).get_template(f"{name}.txt")
    context = template.new_context(facts)
    return "".join(template.blocks[block](context))


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(PROJECT / "templates" / "mail"),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),  # these are plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    say = sayer(language)
    made.install_gettext_callables(say, lambda one, many, n: say(one if n == 1 else many), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.filters["moment"] = lambda instant: format_datetime(instant, _MOMENTS[language], locale=language)
    return made
