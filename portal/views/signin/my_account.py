"""My sign-in: where I am signed in, and for professionals the password and the second steps."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from portal.access.signin import second_factor, sessions, throttle
from portal.access.signin.passwords import SHORTEST
from portal.errors import NotFound
from portal.services.accounts import my_account
from portal.views.signin import own_eids, own_phone
from portal.views.signin import welcome as signin_welcome
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import fresh, signed_in
from portal.web.input_errors import INPUT_ERRORS

bp = Blueprint("account", __name__, url_prefix="/me")


class ChangeForm(PortalForm):
    password = PasswordField(_l("Your password now"), validators=[InputRequired(message=INPUT_ERRORS["required"])])
    new_password = PasswordField(_l("New password"), validators=[InputRequired(message=INPUT_ERRORS["required"])])
    again = PasswordField(
        _l("The same password again"),
        validators=[
            InputRequired(message=INPUT_ERRORS["required"]),
            EqualTo("new_password", message=INPUT_ERRORS["password_differs"]),
        ],
    )


class PhoneForm(PortalForm):
    phone = text_field(_l("My number at work"), 40, required=False)


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    form = PhoneForm(phone=my_account.phone_of(g.actor)) if g.actor.is_staff else None
    return _page(form)


@bp.post("/phone")
@signed_in
def phone() -> ResponseReturnValue:
    """The number that people in one's cases are told to ring."""
    if not g.actor.is_staff:
        raise NotFound
    form = PhoneForm()
    if form.is_ready():
        with form.submitting():
            my_account.set_phone(g.actor, form.phone.data or "")
            flash(_("Your number is saved."), "success")
            return redirect(url_for("account.index"), 303)
    return _page(form), status(form)


def _page(form: PhoneForm | None) -> str:
    devices = sessions.devices(g.session, g.actor.person_id, g.runtime.settings)
    factors = second_factor.factors_of(g.session, g.actor.person_id) if g.actor.is_staff else None
    return render_template(
        "signin/my_account.html",
        devices=devices,
        factors=factors,
        eids=own_eids.lines(),
        phones=own_phone.lines(),
        offers_phones=own_phone.is_open(),
        form=form,
    )


@bp.post("/devices/<uuid:login_id>/end")
@signed_in
def end_device(login_id: UUID) -> ResponseReturnValue:
    sessions.end_there(g.actor, login_id)
    flash(_("It is signed out there."), "success")
    return redirect(url_for("account.index"), 303)


@bp.post("/devices/end")
@signed_in
def end_others() -> ResponseReturnValue:
    for device in sessions.devices(g.session, g.actor.person_id, g.runtime.settings):
        if device.login_id != g.actor.login_id:
            sessions.end_there(g.actor, device.login_id)
    flash(_("You are signed out everywhere else."), "success")
    return redirect(url_for("account.index"), 303)


@bp.route("/password", methods=["GET", "POST"])
@fresh
@signed_in
def password() -> ResponseReturnValue:
    """A new password ends every session, and this browser gets a new one."""
    if not g.actor.is_staff:
        raise NotFound
    form = ChangeForm()
    if form.is_ready():
        # Counted before and outside: a wrong password leaves the count behind.
        tried = throttle.begin_factor(g.session, g.runtime.keyring, g.actor.person_id)
        with form.submitting():
            my_account.change_password(g.actor, form.password.data or "", form.new_password.data or "")
            throttle.succeeded(g.session, tried)
            response = signin_welcome.welcome(g.actor.person_id, "password change")
            flash(_("Your password is changed. Everywhere else you are signed out."), "success")
            return response
    return render_template("signin/change_password.html", form=form, shortest=SHORTEST), status(form)
