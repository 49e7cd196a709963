"""The page a version is read on: what stands in it, what comes next, and who has said yes."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.meetings import heard
from portal.services.meetings.heard import Answered
from portal.services.members import network_people
from portal.services.plans import closing, confidential, definitions, external_forms, outlook, plans, word_import
from portal.services.plans import news as plans_news
from portal.services.plans import objections as plans_objections
from portal.services.plans.versions import PlanPage, VersionPage
from portal.tools.answer_format import row_title
from portal.views.meetings.heard import told as answered
from portal.views.plans import drawings
from portal.views.plans import form as plans_form
from portal.views.plans.answers import Reader
from portal.web.forms import PortalForm
from portal.web.i18n import said


class StepForm(PortalForm):
    """A button that moves a version on; `revision` or `proposal` say which words were on the page."""

    revision = HiddenField()
    proposal = HiddenField()

    def proposal_id(self) -> UUID:
        try:
            return UUID(self.proposal.data or "")
        except ValueError as problem:
            raise InvalidInput("", "form_stale") from problem


class ObjectForm(StepForm):
    words = TextAreaField(
        _l("What would you like to have changed?"),
        validators=[Length(max=plans_objections.MOST_WORDS, message=_l("This is too long."))],
    )


class YesForm(StepForm):
    how = TextAreaField(_l("How was the yes given?"), validators=[Length(max=2000)])


def reading(ticket: CaseTicket, tool: str, page: PlanPage | None, number: int, form: PortalForm | None = None) -> str:
    """The page of one version, or of a tool that nobody has begun. `form` is one that was sent and refused."""
    step = form if isinstance(form, StepForm) and not isinstance(form, ObjectForm) else StepForm(formdata=None)
    if page is None:
        compartment = definitions.compartment_of(ticket, tool)
        can_begin = compartment.can_write and ticket.allows(Action.PLAN_WRITE)
        forms = external_forms.of_tool(ticket, tool)
        definition = definitions.today(ticket, tool)
        return render_template(
            "plans/empty.html",
            tool=tool,
            compartment=compartment,
            can_begin=can_begin,
            step=step,
            listed=forms,
            asks=[said(section.title) for section in definition.section] if definition else [],
        )
    this = page.version(number)
    is_newest = number == page.newest.number
    takes = plans.who_takes_on(this).get(str(ticket.membership.id), [])
    return render_template(
        "plans/show.html",
        tool=tool,
        page=page,
        this=this,
        step=step,
        takes=takes,
        faulty=form,
        object_form=form if isinstance(form, ObjectForm) else ObjectForm(formdata=None),
        objections=plans_objections.objections(ticket, this.proposal_id) if this.proposal_id else [],
        changed=outlook.changed_since_my_yes(ticket, this),
        news=plans_news.of_version(ticket, this) if is_newest else None,
        is_newest=is_newest,
        row_title=row_title,
        can_close=lambda section: is_newest and closing.can_close(ticket, page, section),
        timelines=drawings.timelines(ticket, this),
        maps=drawings.maps(ticket, this),
        parts=network_people.parts(ticket, this) if is_newest else {},
        reader=Reader(ticket, this.definition),
        confided=confidential.read_confidential(ticket, this) if is_newest else {},
        told_before=confidential.told_before(ticket, this) if is_newest else {},
        confided_places=plans_form.confided_places(ticket, this),
        heard_shown=answered(ticket, _shown_to_guide(ticket, this)),
        listed=external_forms.woven(ticket, page, external_forms.of_tool(ticket, tool)),
        trips=word_import.waiting_import(ticket, page) if page.can_write else [],
        yes_form=YesForm(formdata=None),
    )


def _shown_to_guide(ticket: CaseTicket, this: VersionPage) -> Answered | None:
    """What the young person shows of their own answers, to the guide who asks."""
    if not any(section.own for section in this.definition.section):
        return None
    if this.meeting_id is not None:
        return heard.shown(ticket, meeting_id=this.meeting_id)
    return heard.shown(ticket, version_id=this.id)
