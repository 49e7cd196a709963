"""Where the link in a mail to a new address leads: its owner, signed in as always, says that both are theirs."""

from __future__ import annotations

from flask import Blueprint, flash, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.services.accounts import email_changes
from portal.views.signin import welcome as signin_welcome
from portal.web.forms import PortalForm, status
from portal.web.guard import fresh, signed_in

bp = Blueprint("addresses", __name__, url_prefix="/email")


@bp.route("/<token>", methods=["GET", "POST"])
@fresh
@signed_in
def confirm(token: str) -> ResponseReturnValue:
    """Ends every session; this browser gets a new one."""
    waiting, form, person_id = email_changes.asked_of(g.actor, token), PortalForm(), g.actor.person_id
    if form.is_ready():
        with form.submitting():
            email_changes.confirm(g.actor, token)
            response = signin_welcome.welcome(person_id, "new address")
            flash(_("Your new e-mail address is in force. You are signed out everywhere else."), "success")
            return response
    return render_template("accounts/new_address.html", form=form, waiting=waiting), status(form)
