"""A citizen's own phone: bound by them after they have shown their eID, listed and removed on their own page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from portal.access.signin import devices, own_phone, passkeys
from portal.access.signin.own_phone import Phone
from portal.errors import InvalidInput, NotFound
from portal.tools.profile import profile
from portal.views.signin import welcome as signin_welcome
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import fresh, signed_in

bp = Blueprint("own_phone", __name__, url_prefix="/me/own-phone")


class OwnPhoneForm(PortalForm):
    credential = HiddenField()
    name = text_field(_l("What shall the phone be called?"), 60)
    is_mine = BooleanField(_l("The phone is mine, and only I can unlock it"))


def lines() -> Sequence[Phone]:
    """Those of whoever is signed in; none for a professional."""
    return [] if g.actor.is_staff else own_phone.phones(g.actor, signin_welcome.own_phone_token())


@bp.route("", methods=["GET", "POST"])
@fresh
@signed_in
def bind() -> ResponseReturnValue:
    _citizens_only()
    form = OwnPhoneForm()
    if form.is_ready():
        with form.submitting():
            if not form.is_mine.data:
                raise InvalidInput("is_mine", "phone_shared")
            made = passkeys.add_passkey(
                g.session,
                g.runtime.settings,
                g.actor.person_id,
                session.pop("passkey", ""),
                form.credential.data or "",
                form.name.data or "",
            )
            answer = make_response(redirect(url_for("account.index"), 303))
            signin_welcome.know_own_phone(answer, own_phone.bind(g.actor, made))
            flash(_("From now on this phone signs you in."), "success")
            return answer
    form.name.data = form.name.data or devices.called(request.headers.get("User-Agent", ""))
    rules = profile(g.runtime.settings.profile)
    places = [one.title for one in rules.compartment if one.asks_for_eid]
    return render_template("signin/own_phone.html", form=form, days=rules.phone_days, places=places), status(form)


@bp.post("/options")
@fresh
@signed_in
def options() -> ResponseReturnValue:
    _citizens_only()
    session["passkey"], asked = passkeys.begin_adding(g.session, g.runtime.settings, g.actor.person_id)
    return asked


@bp.get("/cases/<uuid:case_id>")
@fresh
@signed_in
def to_case(case_id: UUID) -> ResponseReturnValue:
    """The way back into a case for whoever has just shown their eID."""
    return redirect(url_for("case.overview", case_id=case_id), 303)


@bp.post("/<uuid:phone_id>/remove")
@signed_in
def remove(phone_id: UUID) -> ResponseReturnValue:
    """Asks for nothing: whoever has lost a phone is in a hurry."""
    _citizens_only()
    own_phone.remove(g.actor, phone_id)
    flash(_("The phone no longer signs you in."), "success")
    return redirect(url_for("account.index"), 303)


def is_open() -> bool:
    """Whether this person may bind a phone: a citizen whose eID is known, where phones sign in."""
    return not g.actor.is_staff and g.actor.eid_link_id is not None and own_phone.is_offered(g.runtime.settings)


def _citizens_only() -> None:
    """Raises NotFound for everybody else."""
    if not is_open():
        raise NotFound
