"""Was I heard? Three questions for the young person, after a meeting or about a version of its checklist."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.meetings import heard
from portal.services.meetings.heard import Answered, HeardAbout
from portal.views.plans import answers
from portal.views.plans.answers import Reader
from portal.web.forms import PortalForm, status
from portal.web.guard import opens
from portal.web.i18n import said

bp = Blueprint("heard", __name__, url_prefix="/cases/<uuid:case_id>")


class HeardForm(PortalForm):
    show = BooleanField(_l("Let my guide see my answers"))


@bp.route("/meetings/<uuid:meeting_id>/heard", methods=["GET", "POST"])
@opens(Action.HEARD_ANSWER)
def meeting(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    return _answer(ticket, heard.of_meeting(ticket, meeting_id))


@bp.route("/plan/meeting_checklist/versions/<int:number>/heard", methods=["GET", "POST"])
@opens(Action.HEARD_ANSWER)
def version(ticket: CaseTicket, number: int) -> ResponseReturnValue:
    """Of a meeting that was not held here: what the checklist of old asked among everything else."""
    return _answer(ticket, heard.of_version(ticket, number))


def _answer(ticket: CaseTicket, about: HeardAbout) -> ResponseReturnValue:
    form = HeardForm()
    found = heard.my_answers(ticket, about)
    given = {place.address: request.form.get(place.address, "") for place in found.places}
    if request.method == "GET":
        given = (
            {name: str(g.saved_form.get(name, "")) for name in given}
            if g.saved_form is not None
            else dict(found.answers)
        )
        if g.saved_form is None:
            form.show.data = found.shown_to is not None

    if form.is_ready():
        with form.submitting():
            heard.answer_heard(ticket, form.submission_id, about, given, bool(form.show.data))
            if form.show.data:
                flash(_("Saved. %(guide)s can see your answers.", guide=ticket.owner.display_name), "success")
            else:
                flash(_("Saved. Nobody but you can see it."), "success")
            return redirect(request.path, 303)
    page = render_template(
        "meetings/heard_answer.html",
        form=form,
        found=found,
        given=given,
        options=answers.options,
        before=[(each, told(ticket, each)) for each in heard.before(ticket, about)],
    )
    return page, status(form)


def told(ticket: CaseTicket, found: Answered | None) -> list[tuple[str, str]]:
    """What was answered: question and answer, in the words it was asked in."""
    if found is None:
        return []
    reader = Reader(ticket, found.definition)
    lines = [(said(place.question.label), reader.told(place, found.answers)) for place in found.places]
    return [(question, words) for question, words in lines if words]
