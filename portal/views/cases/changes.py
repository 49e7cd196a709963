"""How a change since the last visit is said, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.access.ticket import CaseTicket
from portal.services.cases.changes import Change, What
from portal.web.case_words import tool_title

ICONS = {
    What.FILE: "file",
    What.PLAN: "edit",
    What.PROPOSED: "flag",
    What.ACCEPTED: "check",
    What.OUTCOME: "check",
    What.MEETING: "calendar-month",
    What.CALLED_OFF: "close",
    What.HELD: "groups",
    What.CAME: "person-add",
    What.ACCESS: "visibility",
    What.GONE: "person-remove",
    What.CONSENT: "how-to-reg",
    What.TAKEN_BACK: "how-to-reg",
    What.WISH: "reply",
}
_SAID: dict[What, Callable[[Change], str]] = {
    What.FILE: lambda change: change.name,
    What.PLAN: lambda change: _("Something new is written in %(tool)s", tool=tool_title(change.item)),
    What.PROPOSED: lambda change: _("%(tool)s is proposed", tool=tool_title(change.item)),
    What.ACCEPTED: lambda change: _("Yes to %(tool)s", tool=tool_title(change.item)),
    What.OUTCOME: lambda _change: _("How a promise went"),
    What.MEETING: lambda _change: _("A meeting is planned"),
    What.CALLED_OFF: lambda _change: _("A meeting is called off"),
    What.HELD: lambda _change: _("A meeting was held"),
    What.CAME: lambda _change: _("Somebody new can see something"),
    What.ACCESS: lambda _change: _("What somebody can see has changed"),
    What.GONE: lambda _change: _("Somebody no longer sees anything"),
    What.CONSENT: lambda _change: _("An answer about who may see what"),
    What.TAKEN_BACK: lambda _change: _("A consent is taken back"),
    What.WISH: lambda _change: _("An answer to a wish"),
}
_PLACES: dict[What, tuple[str, str]] = {
    What.FILE: ("files.show", "file_id"),
    What.PLAN: ("plan_form.show", "tool"),
    What.PROPOSED: ("plan_form.show", "tool"),
    What.ACCEPTED: ("plan_form.show", "tool"),
    What.OUTCOME: ("promises.index", ""),
    What.MEETING: ("meetings.show", "meeting_id"),
    What.CALLED_OFF: ("meetings.show", "meeting_id"),
    What.HELD: ("meetings.show", "meeting_id"),
}
"""Where it is not the page of the people: its page, and what the item is called in the address."""


def said(change: Change) -> str:
    return str(_SAID[change.what](change))


def place(ticket: CaseTicket, change: Change) -> str:
    endpoint, item = _PLACES.get(change.what, ("people.index", ""))
    found: dict[str, Any] = {item: change.item} if item else {}
    return url_for(endpoint, case_id=ticket.case_id, **found)
