"""Meetings: planning one, who is there, the big screen, the same on one's own phone, and the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectMultipleField
from wtforms.validators import Length

from portal import text
from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.meetings import attendees, closing, heard, schedule
from portal.services.meetings import screen as meeting_screen
from portal.services.meetings.closing import Summary
from portal.services.meetings.schedule import MeetingState, When
from portal.services.meetings.screen import Room
from portal.services.plans import about_meeting, agreement, assignments
from portal.tools.answer_format import row_title
from portal.views.meetings import summary as meetings_summary
from portal.views.meetings.heard import told as answered
from portal.views.plans.answers import Reader
from portal.web import arguments
from portal.web.case_words import role
from portal.web.forms import INVALID, DayField, PortalForm, choices, status, text_field
from portal.web.guard import opens, quiet
from portal.web.i18n import clock_time, language
from portal.web.input_errors import error_message

bp = Blueprint("meetings", __name__, url_prefix="/cases/<uuid:case_id>/meetings")


class WhenForm(PortalForm):
    on = DayField(_l("Which day?"))
    o_clock = text_field(_l("At what time?"), 20)
    place = text_field(_l("Where?"), required=False)
    people = SelectMultipleField(_l("Who is asked to come?"), coerce=str, validate_choice=False)

    def when(self, ticket: CaseTicket) -> When:
        return schedule.at(ticket, self.on.chosen, self.o_clock.data or "", self.place.data or "")

    def invited(self) -> set[UUID]:
        return _ids(self.people)


class EndForm(WhenForm):
    propose = BooleanField(_l("Propose the plan"))
    revision = HiddenField()
    """Of the plan as it stood on the page."""
    in_both = BooleanField()
    on = DayField(_l("Which day?"), required=False)
    o_clock = text_field(_l("At what time?"), 20, required=False)

    def proposed(self) -> int | None:
        """The revision that is to be proposed; None to leave the plan a draft."""
        if not self.propose.data:
            return None
        return arguments.number(self.revision.data, -1)

    def following(self, ticket: CaseTicket) -> When | None:
        """The next meeting; None where none is written. Raises InvalidInput for half of one."""
        said = self.o_clock.data or self.place.data
        if self.on.data is None and not said:
            return None
        if self.on.data is None or not self.o_clock.data:
            raise InvalidInput("on" if self.on.data is None else "o_clock", "required")
        return self.when(ticket)


class HereForm(PortalForm):
    people = SelectMultipleField(_l("Who is here?"), coerce=str, validate_choice=False)
    others = BooleanField(_l("Somebody is here who is not on the list"))


class TakeForm(PortalForm):
    number = HiddenField()
    words = HiddenField(validators=[Length(max=64)])
    proposal = HiddenField()
    taken = HiddenField()

    def which(self) -> int:
        return arguments.number(self.number.data, 0)

    def proposal_id(self) -> UUID:
        try:
            return UUID(self.proposal.data or "")
        except ValueError as problem:
            raise InvalidInput("", "form_stale") from problem


@bp.route("/new", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE)
def arrange(ticket: CaseTicket) -> ResponseReturnValue:
    form = WhenForm()
    _offer(ticket, form.people, attendees.can_be_asked(ticket))
    if form.is_ready():
        with form.submitting():
            made = schedule.arrange(ticket, form.submission_id, form.when(ticket), form.invited())
            flash(_("The meeting is planned."), "success")
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=made), 303)
    return render_template("meetings/new.html", form=form, meeting=None, hints=_hints(ticket)), status(form)


@bp.post("/now")
@opens(Action.PLAN_WRITE)
def begin_now(ticket: CaseTicket) -> ResponseReturnValue:
    form = PortalForm()
    if form.is_ready():
        with form.submitting():
            made = schedule.begin_now(ticket, form.submission_id)
            return redirect(url_for(".people", case_id=ticket.case_id, meeting_id=made), 303)
    return redirect(url_for("plan.index", case_id=ticket.case_id), 303)


@bp.get("/<uuid:meeting_id>")
@opens(Action.PLAN_VIEW)
def show(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    return _show(ticket, meeting_id)


@bp.route("/<uuid:meeting_id>/change", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE)
def change(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    page = schedule.show_meeting(ticket, meeting_id)
    form = WhenForm()
    _offer(ticket, form.people, attendees.can_be_asked(ticket, page.invited))
    if request.method == "GET" and not form.on.typed[0]:
        local = page.starts_at.astimezone(ticket.profile.zone)
        form.on.process_data(local.date())
        form.o_clock.data, form.place.data = clock_time(page.starts_at), page.place
        form.people.data = [str(member.id) for member in attendees.asked_again(ticket, page.invited)]

    if form.is_ready():
        with form.submitting():
            schedule.change(ticket, meeting_id, form.when(ticket), form.invited())
            flash(_("The meeting is changed."), "success")
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)
    return render_template("meetings/new.html", form=form, meeting=page, hints=_hints(ticket)), status(form)


@bp.post("/<uuid:meeting_id>/call-off")
@opens(Action.PLAN_WRITE)
def call_off(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    return _step(ticket, meeting_id, lambda: schedule.call_off(ticket, meeting_id), _("The meeting is called off."))


@bp.post("/<uuid:meeting_id>/begin")
@opens(Action.PLAN_WRITE)
def begin(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    return _step(ticket, meeting_id, lambda: schedule.begin_meeting(ticket, meeting_id), "", to=".people")


@bp.route("/<uuid:meeting_id>/people", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE)
def people(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """Who is in the room: from that follows what the screen shows."""
    page = schedule.show_meeting(ticket, meeting_id)
    form = HereForm()
    _offer(ticket, form.people, attendees.can_come(ticket, (*page.invited, *page.present)))
    if request.method == "GET" and g_is_empty(form):
        form.people.data = [str(member.id) for member in page.present]
        form.others.data = page.others_present

    if form.is_ready():
        with form.submitting():
            schedule.who_is_here(ticket, meeting_id, _ids(form.people), bool(form.others.data))
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)
    found = render_template("meetings/people.html", form=form, meeting=page)
    return found, status(form)


@bp.get("/<uuid:meeting_id>/screen")
@opens(Action.PLAN_VIEW)
def screen(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """The plan on the big screen: large, and nothing that not everybody in the room may read."""
    room = meeting_screen.enter(ticket, meeting_id)
    return render_template("meetings/screen.html", **_words(ticket, room))


@bp.get("/<uuid:meeting_id>/live")
@quiet
@opens(Action.PLAN_VIEW)
def live(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """The part of a page that changes while a meeting goes on. 304 while nothing is new."""
    which = "screen" if request.args.get("on") == "screen" else "mine"
    known = request.if_none_match.to_header().strip('"')
    room = meeting_screen.look_at_screen(ticket, meeting_id, which, known)
    if room is None:
        answer = Response(status=304)
        answer.set_etag(known)
        return answer
    answer = jsonify(html=render_template(f"meetings/{which}_live.html", **_words(ticket, room)))
    answer.set_etag(room.mark)
    return answer


@bp.post("/<uuid:meeting_id>/take/<row>")
@opens(Action.PLAN_ACCEPT)
def take(ticket: CaseTicket, meeting_id: UUID, row: str) -> ResponseReturnValue:
    """ "Det påtager jeg mig", of one agreement."""
    form = TakeForm()

    schedule.load(ticket, meeting_id)
    if form.is_ready():
        with form.submitting():
            yes = form.taken.data != "no"
            assignments.take(ticket, form.submission_id, schedule.TOOL, form.which(), row, form.words.data or "", yes)
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id, _anchor="mine"), 303)
    return _show(ticket, meeting_id, form), INVALID


@bp.post("/<uuid:meeting_id>/yes")
@opens(Action.PLAN_ACCEPT)
def accept(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """The yes to the whole plan: to the proposal, or to the draft on the wall, which can be taken back."""
    form = TakeForm()
    page = schedule.load(ticket, meeting_id)
    said = form.taken.data != "no"
    if form.is_ready():
        with form.submitting():
            if form.proposal.data:
                agreement.accept_proposal(ticket, form.submission_id, schedule.TOOL, form.which(), form.proposal_id())
            elif page.state is not MeetingState.RUNNING:
                raise InvalidInput("", "meeting_moved_on")
            else:
                assignments.say_yes(
                    ticket, form.submission_id, schedule.TOOL, form.which(), form.words.data or "", said
                )
            flash(_("Thank you. Your yes is saved.") if said else _("Your yes is taken back."), "success")
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)
    return _show(ticket, meeting_id, form), INVALID


@bp.post("/<uuid:meeting_id>/checklist")
@opens(Action.PLAN_WRITE)
def checklist(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """The checklist and script of this meeting: what the meeting knows of itself is not written there again."""
    form = PortalForm()
    page = schedule.load(ticket, meeting_id)
    if form.is_ready():
        with form.submitting():
            number = about_meeting.begin_about(ticket, heard.TOOL, page.id, form.submission_id)
            return redirect(url_for("plan_form.write", case_id=ticket.case_id, tool=heard.TOOL, version=number), 303)
    return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)


@bp.route("/<uuid:meeting_id>/end", methods=["GET", "POST"])
@opens(Action.PLAN_WRITE)
def end(ticket: CaseTicket, meeting_id: UUID) -> ResponseReturnValue:
    """The round at the end: the next meeting, and what everybody is sent."""
    found = closing.summary(ticket, meeting_id)
    page = found.meeting
    form = EndForm()
    came = (*page.invited, *page.present)
    _offer(ticket, form.people, attendees.can_be_asked(ticket, came))
    in_english = _("Send it in English too")
    form.in_both.label.text = in_english if meetings_summary.other_language() == "en" else _("Send it in Danish too")
    if request.method == "GET" and not form.people.data:
        form.people.data = [str(member.id) for member in attendees.asked_again(ticket, came)]
        form.propose.data = found.outlook is not None and found.outlook.obstacle is None
        # The portal speaks Danish to everybody who has not asked for English.
        form.in_both.data = language() != "da"

    def told(found: Summary) -> tuple[str, str]:
        return meetings_summary.write(found, bool(form.in_both.data))

    if form.is_ready():
        with form.submitting():
            following, propose = form.following(ticket), form.proposed()
            closing.end_meeting(ticket, form.submission_id, meeting_id, following, form.invited(), told, propose)
            if form.propose.data and found.outlook is not None:
                flash(_("The meeting has ended. Its summary is sent, and the plan is proposed."), "success")
            else:
                flash(_("The meeting has ended, and its summary is sent."), "success")
            return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)
    if page.state is not MeetingState.RUNNING and request.method == "GET":
        return redirect(url_for(".show", case_id=ticket.case_id, meeting_id=meeting_id), 303)
    proposed = found.as_proposed() if form.propose.data else found
    _subject, body = meetings_summary.write(proposed, in_both=False)
    shown = render_template(
        "meetings/end.html",
        form=form,
        meeting=page,
        found=found,
        hints=_hints(ticket),
        obstacle=error_message(found.outlook.obstacle) if found.outlook and found.outlook.obstacle else "",
        body=text.as_html(body),
        left_out=closing.not_reached(ticket, page),
    )
    return shown, status(form)


# Pages


def g_is_empty(form: HereForm) -> bool:
    """Whether nothing was typed before the session ended that is to be shown again."""
    return not form.people.data


def _show(ticket: CaseTicket, meeting_id: UUID, form: TakeForm | None = None) -> str:
    room = meeting_screen.my_screen(ticket, meeting_id)
    page = room.meeting
    return render_template(
        "meetings/show.html",
        **_words(ticket, room),
        form=form or TakeForm(formdata=None),
        summary=text.as_html(closing.sent(ticket, page)),
        heard_at=heard.answered_at(ticket, meeting_id=page.id),
        heard_shown=answered(ticket, heard.shown(ticket, meeting_id=page.id)),
        checklist=about_meeting.about(ticket, heard.TOOL, page.id),
        was_moved=page.was_moved(ticket.profile.zone),
    )


def _words(ticket: CaseTicket, room: Room) -> dict[str, object]:
    """What the live parts say of a room."""
    version = room.version
    return {
        "room": room,
        "meeting": room.meeting,
        "this": version,
        "reader": Reader(ticket, version.definition) if version else None,
        "places": [p for p in version.definition.places(version.answers) if meeting_screen.for_everybody(p.question)]
        if version
        else [],
        "row_title": row_title,
        "without_access": meeting_screen.locked_out(ticket, room.meeting) if room.meeting.can_lead else [],
        "step": TakeForm(formdata=None),
    }


def _step(ticket: CaseTicket, meeting_id: UUID, verb, done: str, to: str = ".show") -> ResponseReturnValue:  # type: ignore[no-untyped-def]
    form = TakeForm()
    if form.is_ready():
        with form.submitting():
            verb()
            if done:
                flash(done, "success")
            return redirect(url_for(to, case_id=ticket.case_id, meeting_id=meeting_id), 303)
    return _show(ticket, meeting_id, form), INVALID


def _offer(ticket: CaseTicket, field: SelectMultipleField, members: Sequence[Any]) -> None:
    me = ticket.membership.id
    called = ((str(m.id), _("You") if m.id == me else f"{m.display_name}, {role(m)}") for m in members)
    field.choices = choices(*called)


def _hints(ticket: CaseTicket) -> dict[str, str]:
    """What is to be known of somebody before they are asked."""
    name = ticket.young_person.display_name.split()[0]
    is_hers = ticket.membership.id == ticket.young_person.id
    said = _("You have said no to this person.") if is_hers else _("%(name)s has said no to this person.", name=name)
    return {str(member): said for member in attendees.not_wanted(ticket)}


def _ids(field: SelectMultipleField) -> set[UUID]:
    try:
        return {UUID(each) for each in field.data or ()}
    except ValueError as problem:
        raise InvalidInput("people", "choice") from problem
