"""A forgotten password: asking for a link, and choosing a new one. The same page answers every address."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access.signin.passwords import SHORTEST
from portal.services.accounts import forgotten_password, invitations
from portal.views.signin import welcome
from portal.views.signin.invitations import PasswordChoiceForm
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import public

bp = Blueprint("forgotten", __name__, url_prefix="/forgotten")


class ForgottenForm(PortalForm):
    email = text_field(_l("E-mail"), 254)


@bp.get("")
@public
def form() -> ResponseReturnValue:
    return render_template("signin/forgotten.html", form=ForgottenForm(formdata=None))


@bp.post("")
@public
def ask() -> ResponseReturnValue:
    asked = ForgottenForm()
    network, _device = welcome.where_from()

    def verb() -> bool:
        forgotten_password.ask_for_reset(g.session, g.runtime.keyring, asked.email.data or "", network)
        return True

    if not asked.validate_on_submit():
        return render_template("signin/forgotten.html", form=asked), status(asked)
    verb()
    return render_template("signin/forgotten_sent.html", minutes=int(forgotten_password.LASTS.total_seconds() // 60))


@bp.get("/<token>")
@public
def choose(token: str) -> ResponseReturnValue:
    if invitations.invited(g.session, token, resets=True) is None:
        return render_template("signin/forgotten_over.html"), 410
    return render_template("signin/new_password.html", form=PasswordChoiceForm(formdata=None), shortest=SHORTEST)


@bp.post("/<token>")
@public
def save(token: str) -> ResponseReturnValue:
    if invitations.invited(g.session, token, resets=True) is None:
        return render_template("signin/forgotten_over.html"), 410
    asked = PasswordChoiceForm()
    if asked.is_ready():
        with asked.submitting():
            invitations.accept_invitation(g.session, token, asked.password.data or "", resets=True)
            flash(_("Your new password is saved. Sign in with it, and with your second step."), "success")
            return redirect(url_for("signin.form"), 303)
    return render_template("signin/new_password.html", form=asked, shortest=SHORTEST), status(asked)
