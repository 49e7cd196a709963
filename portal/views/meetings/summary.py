"""The summary of a meeting as a message: what is agreed, who takes what on until when, and when we meet next."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.services.meetings.closing import Summary
from portal.services.plans.approvals import NamedPart
from portal.services.plans.versions import PlanState, VersionPage
from portal.tools.answer_format import row_title
from portal.web import i18n, labels


def other_language() -> str:
    """The one this page does not speak."""
    return next(each for each in i18n.LANGUAGES if each != i18n.language())


def write(found: Summary, in_both: bool) -> tuple[str, str]:
    """Subject and text: in the language of the page of whoever ends the meeting, and in the other one too where they
    say so. Nobody's language is known to the portal; who was in the room knows it. What people wrote stays in their
    own words."""
    subject, body = _write(found)
    if not in_both:
        return subject, body
    other = other_language()
    with i18n.in_language(other):
        subject_too, body_too = _write(found)
    return f"{subject} / {subject_too}", f"{body}\n\n{i18n.LANGUAGES[other]}:\n\n{body_too}"


def _write(found: Summary) -> tuple[str, str]:
    meeting = found.meeting
    subject = _("Summary of the meeting on %(day)s", day=i18n.day(meeting.at))
    there = ", ".join(_called(found, member) for member in meeting.present)
    parts = [_("There were: %(names)s", names=there) if there else ""]
    if meeting.others_present:
        parts.append(_("Somebody from outside the case was there too."))
    if found.fulfilled:
        parts.append(_("Since last time"))
        parts.append(
            "\n".join(
                f"– {p.what} ({_called(found, p.who)}): {labels.OUTCOME_SAID[p.said[0].outcome]}"
                for p in found.fulfilled
            )
        )
    if found.version is not None:
        parts += [_goals(found.version), _agreements(found, found.version)]
    following = found.following
    if following is None:
        parts.append(_("Next meeting: not planned yet."))
    else:
        told = _("Next meeting: %(when)s", when=i18n.whole(following.starts_at))
        parts.append(f"{told}\n{following.place}".strip())
    return subject, "\n\n".join(filter(None, parts))


def _goals(version: VersionPage) -> str:
    goals = version.definition.section_of("goals")
    lines = [row_title(goals, row, version.answers) for row in version.rows("goals")] if goals else []
    lines = [f"– {line}" for line in lines if line]
    return "\n".join([_("Goals"), *lines]) if lines else ""


def _agreements(found: Summary, version: VersionPage) -> str:
    if not found.asked:
        return ""
    if version.state is PlanState.AGREED:
        head = _("This is agreed")
    else:
        waits = sum(1 for yes in version.asked if yes.at is None)
        head = (
            ngettext(
                "This is proposed; %(num)s has not said yes yet",
                "This is proposed; %(num)s have not said yes yet",
                waits,
            )
            if version.state is PlanState.PROPOSED
            else _("This is the draft of what we agree on")
        )
    return f"{head}\n" + "\n".join(f"– {_line(found, version, each)}" for each in found.asked)


def _called(found: Summary, member: Any) -> str:
    """Somebody by name, where everybody who reads the summary may know of them."""
    return str(member.display_name) if member.id in found.known else str(_("somebody else in the case"))


def _line(found: Summary, version: VersionPage, asked: NamedPart) -> str:
    what = row_title(asked.section, asked.row, version.answers) or _("(nothing written yet)")
    due = version.answers.get(asked.address("due"), "")
    told = f"{_called(found, asked.who)}: {what}"
    if due:
        before = _("by %(day)s", day=i18n.day(date.fromisoformat(due)))
        told = f"{told} ({before})"
    if asked.taken_at is None and version.state is not PlanState.AGREED:
        open_still = _("not taken on yet")
        told = f"{told} [{open_still}]"
    return told
