"""Pages for when something did not go. Each says what happened, that nothing is lost, and who can help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable, RequestEntityTooLarge, SecurityError

from portal.access.policy.decide import Contact, Reason, Refusal
from portal.access.signin import saved_form
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.members import handover_answers
from portal.views.signin import welcome
from portal.web import case_words, labels, way_back
from portal.web.input_errors import error_message
from portal.web.navigation import Right

_DOORS = ("signin.begin_eid", "staff_sso.begin")
"""Buttons that lead out to sign in: nothing is typed beside them."""
_SIGNED_IN_ANEW = _l(
    "You have signed in anew since you opened the page. What you wrote is still here: look it through and send it "
    "again."
)
_DRAIN = 1024 * 1024 * 1024
Page = tuple[str, int, dict[str, str]]


def not_found() -> Any:
    title = _("There is nothing here")
    body = _("The page does not exist, or it is not open to you. Go back to where you came from, or to the start page.")
    return _page(404, title, [body])


def refused(reason: Reason) -> Any:
    ticket: CaseTicket | None = g.get("ticket")
    if reason.code is Refusal.DENIED and ticket is not None:
        return _denial_page(reason, ticket)
    sentences = [case_words.obstacle_for_me(note) for note in dict.fromkeys(reason.notes)]
    return _page(403, str(labels.REFUSAL[reason.code]), sentences, contact=reason.guide)


def _denial_page(reason: Reason, ticket: CaseTicket) -> Any:
    """To somebody who is known in the case and sees nothing of it: why, as far as they may know, and what is theirs all
    the same."""
    title = str(labels.REFUSAL[Refusal.DENIED]) if ticket.actor.is_staff else _("The case is not open to you just now")
    sentences = [case_words.obstacle_for_me(note) for note in dict.fromkeys(reason.notes)]
    sentences = [sentence for sentence in sentences if sentence.rstrip(".") != title]
    if not reason.notes:
        sentences.append(_("Your access has ended."))
    if ticket.could_write_once:
        sentences.append(_("What you wrote earlier stays in the case with your name and role."))
    change = handover_answers.asked_of_me(ticket)
    asked = change is not None and change.can_be_said
    return _page(
        403,
        title,
        sentences,
        contact=reason.guide,
        rights=current_app.extensions["navigation"].rights(ticket.case_id, ticket.allows, asked),
    )


def invalid(problem: InvalidInput) -> Any:
    return _page(422, _("This could not be done"), [error_message(problem)])


def overtaken() -> Any:
    """Somebody was quicker. What was typed stands on the page, to be copied: the form it was in may be gone."""
    if request.method != "POST":
        settled = _("It has been answered, ended or changed. Go back and load the page again to see how it stands now.")
        return _page(404, _("This is settled already"), [settled])
    sentences = [
        _("Somebody else has just decided or changed the same thing, so what you sent has changed nothing."),
        _("Go back and load the page again to see how it stands now."),
    ]
    return _page(409, _("Somebody was quicker than you"), sentences, typed=_typed())


def _typed() -> list[str]:
    """The sentences of the form that was sent; neither choices nor what only its sender may see."""
    if request.mimetype not in _FORMS:
        return []
    fields = request.form.items(multi=True)
    return [value for name, value in fields if " " in value.strip() and name.split("-")[-1] not in saved_form.NEVER]


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def too_many(wait: int) -> Any:
    """The same for every account, known or not."""
    sentences = [
        ngettext("Wait %(num)s second, then try again.", "Wait %(num)s seconds, then try again.", wait),
        _("Nobody is shut out for good. If you have forgotten your password, you can ask for a new one."),
    ]
    body, status, headers = _page(429, _("Too many tries"), sentences)
    return body, status, {**headers, "Retry-After": str(wait)}


def neighbour_down(neighbour: str) -> Any:
    what = {
        "database": _("The portal cannot reach its database just now."),
        "storage": _("The files cannot be reached just now. Messages and plans still work."),
        "scanner": _("The virus scanner does not answer just now."),
        "eid": _("The eID does not answer just now."),
        "mail": _("Mail cannot be sent just now."),
    }[neighbour]
    body, status, headers = _page(503, _("Try again in a moment"), [what, _("Nothing you had saved is lost.")])
    return body, status, {**headers, "Retry-After": "10"}


def busy() -> Any:
    """So many files are being looked into that this one must wait."""
    sentences = [_("Many files are being opened just now. Nothing is wrong with yours: wait a moment, and try again.")]
    body, status, headers = _page(503, _("Try again in a moment"), sentences)
    return body, status, {**headers, "Retry-After": "10"}


def damaged() -> Any:
    title = _("This file is damaged")
    body = _("What is stored is not what was added, so it is not shown. The guide should be told.")
    return _page(500, title, [body])


def http(problem: HTTPException) -> Any:
    if problem.response is not None:
        return problem
    if isinstance(problem, SecurityError):
        # Somebody else's host name: no page of ours can be built for it, nor should be.
        return "Unknown host\n", 400, {"Content-Type": "text/plain; charset=utf-8"}
    if isinstance(problem, RequestEntityTooLarge):
        return _too_large()
    if isinstance(problem, CSRFError) and request.endpoint in _DOORS:
        # A page to sign in on from before somebody did, in another window: nothing of it is lost.
        return welcome.led_on() if g.get("actor") else redirect(url_for("signin.form"), 303)
    if isinstance(problem, CSRFError):
        if (back := way_back.send_back()) is not None:
            flash(_SIGNED_IN_ANEW, "info")
            return back
        title = _("The page was too old to send")
        return _page(400, title, [_("Go back, load the page again and send it once more. Nothing has been changed.")])
    if isinstance(problem, RequestedRangeNotSatisfiable):
        body, status, headers = _page(416, _("The file ends before that"), [_("Download the whole file again.")])
        return body, status, {**headers, "Content-Range": f"bytes */{problem.length}"}
    if problem.code == 404:
        return not_found()
    if problem.code == 405:
        return _page(405, _("This address cannot be used that way"), [_("Go back and use the buttons of the page.")])
    return _page(
        problem.code or 400, _("That did not work"), [_("Go back and try once more. Nothing has been changed.")]
    )


def fault() -> Any:
    sentences = [
        _("It is our fault, not yours. What you were doing just now was not saved; everything before it was."),
        _("If you tell somebody about it, give them this number: %(id)s", id=g.get("request_id", "-")),
    ]
    return _page(500, _("Something went wrong"), sentences)


def _too_large() -> Any:
    from portal.web.i18n import size

    # A browser that is cut off while sending shows a bare network error instead of this page, so the rest is let in
    # and thrown away, up to a gigabyte and only from somebody signed in.
    if g.get("actor") is not None:
        left = _DRAIN
        while left > 0 and (read := len(request.environ["wsgi.input"].read(1024 * 1024))):
            left -= read
    limit = size(g.runtime.settings.upload_limit)
    body = _("A file may be at most %(limit)s. Make it smaller, or split it, and try again.", limit=limit)
    return _page(413, _("The file is too large"), [body])


def _page(
    status: int,
    title: str,
    sentences: list[str],
    contact: Contact | None = None,
    rights: Sequence[Right] = (),
    typed: Sequence[str] = (),
) -> Page:
    framed: dict[str, str] | None = g.get("framed")
    if framed is not None and status == 503:
        # Any other page would not be shown inside the frame at all, and this one can be tried again.
        return (
            render_template("layout/error_in_preview.html", title=title, sentences=sentences, status=status),
            status,
            framed,
        )
    # Without the head of a case: what it shows would have to be asked of a database that may be the trouble.
    page = render_template(
        "layout/error.html",
        title=title,
        sentences=sentences,
        status=status,
        contact=contact,
        rights=rights,
        typed=typed,
        head=None,
    )
    return page, status, {}
