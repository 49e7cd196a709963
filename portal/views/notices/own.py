"""*Sådan får du besked*: where and how often somebody is told that there is something new, and of what not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField

from portal.errors import NotFound
from portal.services.cases import register
from portal.services.notices import choices, contact
from portal.services.notices.choices import Chosen
from portal.services.notices.kinds import CHOSEN, Channel, NoticeRhythm
from portal.web.forms import PortalForm, status, text_field
from portal.web.forms import choices as listed
from portal.web.guard import signed_in
from portal.web.i18n import language
from portal.web.labels import NOTICE_KIND, NOTICE_RHYTHM

bp = Blueprint("notices", __name__, url_prefix="/me/notices")

_HOURS = listed(*((str(hour), f"{hour:02}.00") for hour in range(24)))


_KINDS = listed(*((kind.value, NOTICE_KIND[kind]) for kind in CHOSEN))


class AddressForm(PortalForm):
    address = text_field(_l("Your mail address"), 254)


class NumberForm(PortalForm):
    address = text_field(_l("Your mobile number"), 40)


class ContactCodeForm(PortalForm):
    code = text_field(_l("The code of 6 digits"), 20)


_CODE_IDS = {Channel.MAIL: "mail-code", Channel.SMS: "sms-code"}
_ADDRESS_IDS = {Channel.MAIL: "mail-address", Channel.SMS: "sms-address"}
"""Both ways stand on one page, and each field of it needs an id of its own."""


class ChoicesForm(PortalForm):
    rhythm = RadioField(_l("How often?"), choices=listed(*NOTICE_RHYTHM.items()), validate_choice=False)
    quiet_from = SelectField(_l("Do not write from"), choices=_HOURS)
    quiet_until = SelectField(_l("until"), choices=_HOURS)
    kinds = SelectMultipleField(
        _l("Tell me when there is"),
        choices=listed(*((kind.value, NOTICE_KIND[kind]) for kind in CHOSEN)),
        validate_choice=False,
    )
    cases = SelectMultipleField(_l("Tell me in"), choices=[], coerce=str, validate_choice=False)


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/<any(mail, sms):named>")
@signed_in
def give(named: str) -> ResponseReturnValue:
    """An address or a number, and at once a code to it."""
    channel = _channel(named)
    form = _address_form(channel)
    address = ""
    if form.is_ready():
        with form.submitting():
            address = contact.checked(channel, form.address.data or "")
    if address:
        contact.count_code(g.actor, address)  # in a commit of its own, so it is outside of what may be undone
        with form.submitting():
            contact.give(g.actor, channel, address, language())
            flash(_("A code is on its way to you. Type it below."), "success")
            return redirect(url_for("notices.index"), 303)
    return _page(given=form, channel=channel), status(form)


@bp.post("/<any(mail, sms):named>/code")
@signed_in
def confirm(named: str) -> ResponseReturnValue:
    channel, form = _channel(named), ContactCodeForm()
    waiting = contact.count_try(g.actor, channel) if form.validate() else None

    if form.is_ready():
        with form.submitting():
            contact.confirm(g.actor, channel, waiting, form.code.data or "")
            flash(_("It works. From now on you are told there when there is something new."), "success")
            return redirect(url_for("notices.index"), 303)
    return _page(code=form, channel=channel), status(form)


@bp.post("/<any(mail, sms):named>/remove")
@signed_in
def remove(named: str) -> ResponseReturnValue:
    contact.remove(g.actor, _channel(named))
    flash(_("It is removed. You are not told there any more."), "success")
    return redirect(url_for("notices.index"), 303)


@bp.post("/choices")
@signed_in
def choose() -> ResponseReturnValue:
    form = ChoicesForm()
    mine = register.my_cases(g.actor).open
    among = {line.case_id for line in mine}

    if form.is_ready():
        with form.submitting():
            choices.choose(
                g.actor,
                rhythm=_rhythm(form.rhythm.data),
                quiet=(int(form.quiet_from.data), int(form.quiet_until.data)),
                kinds=[kind for kind in CHOSEN if kind.value in (form.kinds.data or ())],
                cases=[case_id for case_id in among if str(case_id) in (form.cases.data or ())],
                among=among,
                language=language(),
            )
            flash(_("Your choices are saved."), "success")
            return redirect(url_for("notices.index"), 303)
    return _page(chosen=form), status(form)


@bp.post("/later")
@signed_in
def not_now() -> ResponseReturnValue:
    """The question of the first visit is put away."""
    choices.not_now(g.actor)
    return redirect(url_for("case_list.index"), 303)


def _channel(named: str) -> Channel:
    """Raises NotFound for a way this installation does not have, and for professionals, who are told at work."""
    channel = Channel(named)
    if g.actor.is_staff or channel not in contact.offered(g.session):
        raise NotFound
    return channel


def _rhythm(typed: str | None) -> NoticeRhythm | None:
    """Citizens are told at once, with their quiet hours; they are not asked."""
    if not g.actor.is_staff or typed not in list(NoticeRhythm):
        return None
    return NoticeRhythm(typed)


def _address_form(channel: Channel) -> PortalForm:
    return AddressForm() if channel is Channel.MAIL else NumberForm()


def _page(
    given: PortalForm | None = None,
    code: ContactCodeForm | None = None,
    channel: Channel | None = None,
    chosen: ChoicesForm | None = None,
) -> str:
    """The page with every form of it; the one that was sent with what was wrong about it."""
    how, mine = choices.own(g.actor), register.my_cases(g.actor).open
    points = contact.own_points(g.actor)
    ways: list[dict[str, Any]] = [
        {
            "channel": one,
            "confirmed": next((point for point in points if point.channel is one and point.is_confirmed), None),
            "waiting": next((point for point in points if point.channel is one and not point.is_confirmed), None),
            "form": given if given and one is channel else _fresh(AddressForm if one is Channel.MAIL else NumberForm),
            "code": code if code and one is channel else _fresh(ContactCodeForm),
        }
        for one in (contact.offered(g.session) if not g.actor.is_staff else ())
    ]
    for way in ways:
        way["form"].address.id = _ADDRESS_IDS[way["channel"]]
        way["code"].code.id = _CODE_IDS[way["channel"]]
    form = chosen or _as_chosen(how, [line.case_id for line in mine])
    form.cases.choices = listed(*((str(line.case_id), line.young_person) for line in mine))
    return render_template("notices/own.html", ways=ways, form=form, faulty=given or code or form)


def _as_chosen(how: Chosen, cases: Sequence[UUID]) -> ChoicesForm:
    return ChoicesForm(
        formdata=None,
        rhythm=how.rhythm.value,
        quiet_from=str(how.quiet_from),
        quiet_until=str(how.quiet_until),
        kinds=[kind.value for kind in CHOSEN if kind not in how.off_kinds],
        cases=[str(case_id) for case_id in cases if case_id not in how.off_cases],
    )


def _fresh(form: type[PortalForm]) -> PortalForm:
    """Not the one that was sent: its fields have the same names."""
    return form(formdata=None) if request.method == "POST" else form()
