"""Where a professional's invitation leads: choosing a password."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from portal.access.signin.passwords import SHORTEST
from portal.services.accounts import invitations
from portal.web.forms import PortalForm, status
from portal.web.guard import public
from portal.web.input_errors import INPUT_ERRORS

bp = Blueprint("invitations", __name__)


class PasswordChoiceForm(PortalForm):
    password = PasswordField(_l("New password"), validators=[InputRequired(message=INPUT_ERRORS["required"])])
    again = PasswordField(
        _l("The same password again"),
        validators=[
            InputRequired(message=INPUT_ERRORS["required"]),
            EqualTo("password", message=INPUT_ERRORS["password_differs"]),
        ],
    )


@bp.get("/invitation/<token>")
@public
def form(token: str) -> ResponseReturnValue:
    name = invitations.invited(g.session, token)
    if name is None:
        return render_template("signin/invitation_over.html"), 410
    return render_template(
        "signin/invitation.html", form=PasswordChoiceForm(formdata=None), name=name, shortest=SHORTEST
    )


@bp.post("/invitation/<token>")
@public
def choose(token: str) -> ResponseReturnValue:
    name = invitations.invited(g.session, token)
    if name is None:
        return render_template("signin/invitation_over.html"), 410
    asked = PasswordChoiceForm()
    if asked.is_ready():
        with asked.submitting():
            invitations.accept_invitation(g.session, token, asked.password.data or "")
            flash(_("Your password is saved. Sign in with it now."), "success")
            return redirect(url_for("signin.form"), 303)
    return render_template("signin/invitation.html", form=asked, name=name, shortest=SHORTEST), status(asked)
