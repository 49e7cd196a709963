"""How a line of the first page is said: why somebody is needed, by when, and where one press leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.services.cases.first_page import NamedNeed
from portal.services.shared.needs import Need, NeedLine, OwnCases
from portal.tools.profile import Profile
from portal.web.i18n import clock_time, language, near, said

WEEK = 7


@dataclass(frozen=True)
class ToldNeed:
    """A line as it stands on the page."""

    who: str
    """The young person; where nothing is known of them yet, nobody."""
    why: str
    when: str
    href: str
    icon: str
    is_late: bool


@dataclass(frozen=True)
class _Way:
    """Of one reason: its page, its picture, and what an item of it is called in the address."""

    endpoint: str
    icon: str
    item: str = ""
    waits: bool = False
    """Whether its day is the one since when it waits."""


_WAYS = {
    Need.ANSWER: _Way("messages.show", "chat", "thread_id"),
    Need.UNREAD: _Way("messages.index", "chat", waits=True),
    Need.PROMISE: _Way("promises.index", "flag"),
    Need.PLAN_YES: _Way("plan_form.show", "flag", "tool", waits=True),
    Need.MEETING: _Way("meetings.show", "calendar-month", "meeting_id"),
    Need.MEETING_NOW: _Way("meetings.show", "groups", "meeting_id"),
    Need.CONSENT_ENDS: _Way("people.index", "how-to-reg"),
    Need.OWN_CONSENT_ENDS: _Way("consents.give", "how-to-reg"),
    Need.ADULT_CONSENT: _Way("coming_of_age.index", "how-to-reg", waits=True),
    Need.WISH: _Way("choosing.answer", "how-to-reg", "wish_id", waits=True),
    Need.COMES_OF_AGE: _Way("coming_of_age.index", "calendar-month"),
    Need.HAND_OVER_WAITS: _Way("people.index", "arrow-forward", waits=True),
    Need.HAND_OVER: _Way("hand_over.answer", "arrow-forward", waits=True),
    Need.HAND_OVER_NOT_YET: _Way("hand_over.answer", "arrow-forward", waits=True),
}


def told(cases: OwnCases, need: NamedNeed) -> ToldNeed:
    line, way = need.line, _WAYS[need.line.why]
    item: dict[str, Any] = {way.item: line.item} if way.item else {}
    case = cases.by_id.get(line.case_id)
    return ToldNeed(
        who=need.young_person,
        why=_REASONS[line.why](line, case.profile if case else None),
        when=_when(need, way.waits),
        href=url_for(way.endpoint, case_id=line.case_id, **item),
        icon=way.icon,
        is_late=line.why is Need.PROMISE and need.days < 0,
    )


def _when(need: NamedNeed, waits: bool) -> str:
    if waits:
        return str(_("since %(day)s", day=near(need.line.day)))
    if need.line.why is Need.PROMISE and need.days < 0:
        return str(ngettext("%(num)s day late", "%(num)s days late", -need.days))
    on = _coming(need)
    return str(_("%(day)s at %(time)s", day=on, time=clock_time(need.line.at))) if need.line.at else on


def _coming(need: NamedNeed) -> str:
    """A day that comes, as people say it: "i dag", "i morgen", "på torsdag", "3. marts"."""
    if need.days == 1:
        return str(_("tomorrow"))
    if 1 < need.days < WEEK:
        return str(_("on %(weekday)s", weekday=format_date(need.line.day, "EEEE", locale=language())))
    return near(need.line.day)


def _plan_yes(line: NeedLine, rules: Profile | None) -> str:
    tool = rules.tool_of(line.item) if rules else None
    return str(_("%(name)s waits for your yes", name=said(tool.title) if tool else line.item))


def _consent_ends(line: NeedLine, _rules: Profile | None) -> str:
    return str(_("The consent of %(name)s ends", name=line.name) if line.name else _("The consent ends"))


_REASONS: dict[Need, Callable[[NeedLine, Profile | None], str]] = {
    Need.ANSWER: lambda _line, _rules: _("Somebody waits for your answer"),
    Need.UNREAD: lambda line, _rules: ngettext("%(num)s unread message", "%(num)s unread messages", line.count),
    Need.PROMISE: lambda _line, _rules: _("You have promised something"),
    Need.PLAN_YES: _plan_yes,
    Need.MEETING: lambda _line, _rules: _("Meeting"),
    Need.MEETING_NOW: lambda _line, _rules: _("The meeting is going on"),
    Need.CONSENT_ENDS: _consent_ends,
    Need.OWN_CONSENT_ENDS: lambda _line, _rules: _("Your consent ends"),
    Need.ADULT_CONSENT: lambda line, _rules: _("Is %(age)s now: ask for a consent as an adult", age=line.count),
    Need.WISH: lambda _line, _rules: _("A wish waits for your answer"),
    Need.COMES_OF_AGE: lambda line, _rules: _("Turns %(age)s", age=line.count),
    Need.HAND_OVER_WAITS: lambda _line, _rules: _("You have asked another guide to take the case over"),
    Need.HAND_OVER: lambda line, _rules: _("%(guide)s asks you to take a case over", guide=line.name),
    Need.HAND_OVER_NOT_YET: lambda line, _rules: _(
        "%(guide)s asks you to take a case over. It waits for the family's answer", guide=line.name
    ),
}
