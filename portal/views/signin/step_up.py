"""Step-up: proving once more who one is, before what matters most, and back to what one was doing."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import audit
from portal.access.signin import passkeys, saved_form, second_factor, throttle
from portal.access.signin.oidc_flow import Purpose
from portal.access.signin.saved_form import FormContent
from portal.errors import InvalidInput
from portal.events import Event
from portal.views.signin import eid_choice, federation, welcome
from portal.views.signin.signin import SecondForm
from portal.web.forms import INVALID, PortalForm
from portal.web.guard import from_page, leads_to_file, signed_in
from portal.web.input_errors import INPUT_ERRORS, error_message
from portal.web.way_back import leads_somewhere

bp = Blueprint("stepup", __name__)


@bp.get("/step-up")
@signed_in
def ask() -> ResponseReturnValue:
    return _page(SecondForm(formdata=None))


@bp.post("/step-up")
@signed_in
def with_code() -> ResponseReturnValue:
    """A code of the app or from paper, by a professional."""
    asked = SecondForm()
    if asked.validate_on_submit():
        tried = throttle.begin_factor(g.session, g.runtime.keyring, g.actor.person_id)
        method = second_factor.use(g.session, g.runtime.keyring, g.actor.person_id, asked.code.data or "")
        if method is not None:
            throttle.succeeded(g.session, tried)
            return welcome.confirmed(method)
        asked.code.errors = [INPUT_ERRORS["code_spent"]]
    return _page(asked), INVALID


@bp.post("/step-up/passkey")
@signed_in
def with_passkey() -> ResponseReturnValue:
    try:
        key = passkeys.use(
            g.session, g.runtime.settings, session.pop("passkey", ""), request.form.get("credential", "")
        )
        # A citizen's own phone is no proof of this strength: their eID is.
        if key.person_id != g.actor.person_id or not g.actor.is_staff:
            audit.record(g.session, Event.SIGN_IN_REFUSED, method="passkey", reason="mismatch")
            raise InvalidInput("", "passkey_refused")
    except InvalidInput as problem:
        asked = SecondForm(formdata=None)
        asked.form_errors = [error_message(problem)]
        return _page(asked), INVALID
    return welcome.confirmed("passkey")


@bp.post("/step-up/eid/<key>")
@signed_in
def with_eid(key: str) -> ResponseReturnValue:
    """Sends the browser to the eID, which is asked to let the person identify themselves anew."""
    return eid_choice.send_out(key, purpose=Purpose.STEP_UP)


@bp.post("/step-up/staff/<key>")
@signed_in
def with_staff_sign_in(key: str) -> ResponseReturnValue:
    """Sends the browser to the organisation's own sign-in, likewise."""
    return federation.send_out(key, Purpose.STEP_UP)


@bp.post("/keep")
@from_page
def keep() -> ResponseReturnValue:
    """When the session ends, the page in front of somebody puts aside what they have typed: just before, or when a
    machine that slept finds that it is over."""
    path = request.form.get("kept_for", "")[:500]
    if leads_somewhere(path):
        fields = tuple(field for field in request.form.items(multi=True) if field[0] != "kept_for")
        session["kept"] = [saved_form.save_form(g.session, g.writer, FormContent(path, fields)), path]
    return "", 204


@bp.get("/go-on")
@signed_in
def go_on() -> ResponseReturnValue:
    """Back at a button that was pressed when the proof was too old: it is pressed once more."""
    handle, path = session.get("kept") or ("", "")
    found = saved_form.find_saved_form(g.session, g.actor.person_id, handle)
    if found is None or found.path != path:
        return redirect(url_for("front.index"), 303)
    fields = [(name, value) for name, value in found.fields if name != "csrf_token"]
    return render_template("signin/step_up_go_on.html", path=path, fields=fields)


@bp.get("/fetch")
@signed_in
def fetch() -> ResponseReturnValue:
    """Back on the way to a file: the page one stays on while it comes."""
    path = str(session.get("fetch", ""))
    if not leads_to_file(path):
        return redirect(url_for("front.index"), 303)
    return render_template("signin/step_up_fetch.html", path=path)


def _page(asked: PortalForm) -> str:
    if not g.actor.is_staff:
        return render_template(
            "signin/step_up.html", form=asked, providers=eid_choice.that_prove_anew(), staff_providers=[], factors=None
        )
    factors = second_factor.factors_of(g.session, g.actor.person_id)
    staff_providers = [provider for provider in federation.offered() if provider.can_prove_anew]
    return render_template(
        "signin/step_up.html", form=asked, providers=[], staff_providers=staff_providers, factors=factors
    )
