"""Languages, and dates and sizes as people say them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, g, request
from flask_babel import Babel, Domain, force_locale, get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from portal import clock
from portal.access.ticket import CaseTicket
from portal.errors import NotFound
from portal.tools import answer_format
from portal.tools.profile import Profile, Words, profile
from portal.tools.vocabulary import CATALOGUES, reworded

LANGUAGES = {"da": "Dansk", "en": "English"}
COOKIE = "language"


def install(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    app.config["BABEL_DEFAULT_LOCALE"] = "da"
    _Babel(app, locale_selector=_choose)
    # A page says some sixty things: its templates go straight to the catalogue that is found once for the page.
    app.jinja_env.globals.update({"_": _in_page, "gettext": _in_page, "ngettext": _counted_in_page})
    app.jinja_env.filters.update(when=when, whole=whole, day=day, last_day=last_day, size=size, said=said)
    app.jinja_env.filters["weekday"] = weekday
    app.jinja_env.filters["number"] = number
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES)


@dataclass
class _Speech:
    """How this page speaks: found once for its language and its case, which it comes to know as it begins."""

    ticket: CaseTicket | None
    language: str
    catalogue: Any
    zone: ZoneInfo
    today: date
    days: dict[date, str] = field(default_factory=dict)
    """What has been called by its distance from today before, on this page."""


def _speech() -> _Speech:
    here = g._get_current_object()
    saved, ticket = here.get("speech"), here.get("ticket")
    if saved is None or saved.ticket is not ticket:
        rules = rules_here() if "runtime" in here else None
        zone = rules.zone if rules else ZoneInfo("UTC")
        saved = here.speech = _Speech(ticket, language(), _WORDING.worded(rules), zone, clock.today(zone))
    return cast(_Speech, saved)


class _ProfileWording(Domain):  # type: ignore[misc]  # the library has no types
    """The catalogue, said in the words of the programme profile (of the case, or of the installation outside one)."""

    def get_translations(self) -> Any:
        return _speech().catalogue

    def worded(self, rules: Profile | None) -> Any:
        catalogue = super().get_translations()
        if rules is None or not rules.vocabulary.in_language(language()):
            return catalogue
        return _Reworded(catalogue, rules.key, language())


def _in_page(sentence: str, **gaps: Any) -> Markup:
    """A sentence of a template; what fills its gaps is escaped."""
    told = Markup(_speech().catalogue.ugettext(sentence))  # noqa: S704  the catalogue is our own
    return told % gaps if gaps or "%" in told else told


def _counted_in_page(one: str, many: str, num: int, **gaps: Any) -> Markup:
    said = Markup(_speech().catalogue.ungettext(one, many, num))  # noqa: S704  the same
    return said % {"num": num, **gaps}


@contextmanager
def in_language(chosen: str) -> Iterator[None]:
    """Everything said in the block is in that language ('da' or 'en'), whatever the page around it speaks."""
    around = language()
    with force_locale(chosen):
        g.language = chosen
        g.pop("speech", None)
        try:
            yield
        finally:
            g.language = around
            g.pop("speech", None)


_WORDING = _ProfileWording()


class _Babel(Babel):  # type: ignore[misc]  # the same
    """Flask-Babel with the domain above, read from its files once and not at every request."""

    @property
    def domain_instance(self) -> Domain:
        return _WORDING


class _Reworded:
    """A catalogue whose sentences are reworded before their gaps are filled: what people wrote is never touched."""

    def __init__(self, catalogue: Any, profile_key: str, spoken: str) -> None:
        self._catalogue, self._profile_key, self._spoken = catalogue, profile_key, spoken

    def __getattr__(self, name: str) -> Any:
        look_up = getattr(self._catalogue, name)
        return lambda *said: reworded(look_up(*said), self._profile_key, self._spoken)


def rules_here() -> Profile:
    """The programme profile of the case this page is about; outside a case, the installation's."""
    ticket: CaseTicket | None = g.get("ticket")
    if ticket is not None:
        # Where the database gives nothing of the case, the page that says so needs words all the same.
        with suppress(NotFound):
            return ticket.profile
    return profile(g.runtime.settings.profile)


def _choose() -> str:
    chosen = request.cookies.get(COOKIE, "da")
    return chosen if chosen in LANGUAGES else "da"


def language() -> str:
    """The language of this page: 'da' or 'en'."""
    chosen = g.get("language")
    if chosen is None:
        chosen = g.language = str(get_locale() or "da")
    return str(chosen)


def said(words: Words) -> str:
    """A text of the programme profile in the language of this page."""
    return words.in_language(language())


def zone() -> ZoneInfo:
    return rules_here().zone


def when(instant: datetime) -> str:
    """An instant as people say it: "i dag kl. 14.05", "i går kl. 9.12", "3. marts kl. 9.12"."""
    speech = _speech()
    local = instant.astimezone(speech.zone)
    on = local.date()
    if on not in speech.days:
        speech.days[on] = _near(on, speech.today)
    parts = {"day": speech.days[on], "time": _on_the_clock(local, speech.language)}
    return str(speech.catalogue.ugettext("%(day)s at %(time)s") % parts)


def day(value: date | datetime) -> str:
    """A date in full: "3. marts 2026"."""
    if isinstance(value, datetime):
        value = value.astimezone(zone()).date()
    return answer_format.day(value, language())


def weekday(value: date) -> str:
    """A day within a year, with its weekday: "fredag den 4. december"."""
    pattern = "EEEE 'den' d. MMMM" if language() == "da" else "EEEE d MMMM"
    return str(format_date(value, pattern, locale=language()))


def near(value: date) -> str:
    """A day as people say it: "i dag", "i går", "3. marts"."""
    return _near(value, _speech().today)


def clock_time(instant: datetime) -> str:
    """The time of the day: "14.05"."""
    speech = _speech()
    return _on_the_clock(instant.astimezone(speech.zone), speech.language)


def _on_the_clock(local: datetime, spoken: str) -> str:
    return f"{local.hour}{'.' if spoken == 'da' else ':'}{local.minute:02}"


def whole(instant: datetime) -> str:
    """An instant that is to come, in full: "tirsdag den 3. marts 2026 kl. 14.05"."""
    local = instant.astimezone(zone())
    pattern = "EEEE 'den' d. MMMM y" if language() == "da" else "EEEE d MMMM y"
    told = format_date(local.date(), pattern, locale=language())
    return str(_("%(day)s at %(time)s", day=told, time=clock_time(instant)))


def last_day(end: datetime) -> str:
    """The last whole day before an instant at which something ends."""
    return day(end - timedelta(microseconds=1))


def _near(value: date, today: date) -> str:
    if value == today:
        return str(_("today"))
    if value == today - timedelta(days=1):
        return str(_("yesterday"))
    if value.year == today.year:
        return format_date(value, "d. MMMM" if language() == "da" else "d MMMM", locale=language())
    return day(value)


def number(value: int) -> str:
    """A number with its thousands apart: "12.345"."""
    return str(format_decimal(value, locale=language()))


def size(count: int) -> str:
    """A number of bytes as people read it: "340 kB", "1,2 MB"."""
    if count < 1000:
        return str(_("%(count)s bytes", count=count))
    for unit, divisor in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if count < divisor * 1000 or unit == "GB":
            value = count / divisor
            pattern = "#,##0.#" if value < 10 else "#,##0"
            return f"{format_decimal(value, pattern, locale=language())} {unit}"
    raise AssertionError
