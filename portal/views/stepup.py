"""Step-up: proving once more who one is, before what matters most, and back to what one was doing."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from portal.access.guard import signed_in
from portal.access.signin import kept
from portal.views import eids, staff_sso
from portal.views.asking import AskingForm

bp = Blueprint("stepup", __name__)


@bp.get("/step-up")
@signed_in
def ask() -> ResponseReturnValue:
    providers = [] if g.actor.is_staff else eids.offered()
    staff_providers = staff_sso.offered() if g.actor.is_staff else []
    return render_template("stepup/ask.html", form=AskingForm(), providers=providers, staff_providers=staff_providers)


@bp.post("/step-up/eid/<key>")
@signed_in
def with_eid(key: str) -> ResponseReturnValue:
    """Sends the browser to the eID, which is asked to let the person identify themselves anew."""
    session["confirming"] = str(g.actor.login_id)
    return eids.send_out(key, anew=True)


@bp.post("/step-up/staff/<key>")
@signed_in
def with_staff_sign_in(key: str) -> ResponseReturnValue:
    """Sends the browser to the organisation's own sign-in, likewise."""
    session["confirming"] = str(g.actor.login_id)
    return staff_sso.send_out(key, anew=True)


@bp.get("/go-on")
@signed_in
def go_on() -> ResponseReturnValue:
    """Back at a button that was pressed when the proof was too old: it is pressed once more."""
    handle, path = session.get("kept") or ("", "")
    found = kept.find(g.session, g.actor.person_id, handle)
    if found is None or found.path != path:
        return redirect(url_for("front.index"), 303)
    fields = [(name, value) for name, value in found.fields if name != "csrf_token"]
    return render_template("stepup/go_on.html", path=path, fields=fields)
