"""Signing in and out: professionals with a password, citizens with a national eID."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal import audit, clock
from portal.access.guard import cookie_name, public, signed_in
from portal.access.signin import eid, flow, passwords, sessions
from portal.access.signin.eid import NeedsNationalId, Recognised, Stranger, Unknown
from portal.access.signin.flow import Leaving
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.audit import Event
from portal.errors import NeighbourDown, NotFound
from portal.providers import origin_of
from portal.services import organisations
from portal.services.staff_sso import REALM
from portal.views import eids, entrance, staff_sso, words
from portal.views.asking import INVALID, AskingForm, attempt, status, text_field

bp = Blueprint("signin", __name__)


class PasswordForm(AskingForm):
    email = StringField(
        _l("E-mail"),
        validators=[
            InputRequired(message=words.INPUT["required"]),
            Length(max=320, message=words.INPUT["email_wrong"]),
        ],
    )
    password = PasswordField(_l("Password"), validators=[InputRequired(message=words.INPUT["required"])])


class CodeForm(AskingForm):
    code = text_field(_l("Code from your guide"), 60)


@bp.get("/sign-in")
@public
def form() -> ResponseReturnValue:
    if g.actor:
        return redirect(url_for("case_list.index"), 303)
    return _page(PasswordForm(formdata=None))


@bp.post("/sign-in")
@public
def with_password() -> ResponseReturnValue:
    asked = PasswordForm()
    if not asked.validate_on_submit():
        return _page(asked), INVALID
    person = passwords.check(g.session, asked.email.data or "", asked.password.data or "")
    if person is None:
        asked.form_errors = [_("The e-mail address or the password is wrong.")]
        return _page(asked), INVALID
    if not organisations.may_use_password(g.session, person.id):
        audit.record(g.session, Event.SIGN_IN_REFUSED, method="password", reason="switched_off")
        asked.form_errors = [str(words.INPUT["password_off"])]
        return _page(asked), INVALID
    return entrance.welcome(person.id, "password", strong=False)


@bp.post("/sign-out")
@signed_in
def out() -> ResponseReturnValue:
    """Ends the session in the database, so that a copied cookie is worth nothing either."""
    leaving = flow.leave(g.session, g.house.keyring, g.actor.login_id)
    sessions.end(g.actor)
    session.clear()
    if leaving and (endpoint := _end_session_endpoint(leaving.provider)):
        return _signed_out(make_response(_other_door(leaving, endpoint)))
    flash(_("You are signed out. If others use this device, close the window too."), "success")
    return _signed_out(make_response(redirect(url_for("signin.form"), 303)))


@bp.post("/sign-out/<realm>/<key>")
@public
def out_there(realm: str, key: str) -> ResponseReturnValue:
    """Hands the form on to the provider's own sign-out, as it came: 307 keeps the token out of every address."""
    endpoint = _end_session_endpoint(f"{realm}:{key}")
    if endpoint is None:
        raise NotFound
    return redirect(endpoint, 307)


def _signed_out(response: Response) -> Response:
    response.delete_cookie(cookie_name(g.house.settings), path="/", secure=g.house.settings.https, httponly=True)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.post("/stay")
@signed_in
def stay() -> ResponseReturnValue:
    """One press to stay signed in: the request itself moves the idle limit."""
    if request.accept_mimetypes.best == "application/json":
        return {"ends": g.limits.ends_at.isoformat(), "now": clock.now().isoformat()}
    return redirect(url_for("front.index"), 303)


@bp.post("/eid/<key>")
@public
def begin_eid(key: str) -> ResponseReturnValue:
    """Sends the browser to the eID; with the field `national_id` set, asks it for the national id too."""
    session.pop("stranger", None)
    session.pop("confirming", None)
    return eids.send_out(key, national_id=request.form.get("national_id") == "1")


@bp.get("/eid/<key>/callback")
@public
def end_eid(key: str) -> ResponseReturnValue:
    """The way back from the eID."""
    client = eids.client(key)
    provider = eids.provider_of(client)
    try:
        begun = flow.take_attempt(
            g.session, request.args.get("state", "")[:200], session.get("browser", ""), f"{eid.REALM}:{key}"
        )
        client.check_answer(request.args.get("error"), request.args.get("iss"))
        identity = client.redeem(request.args.get("code", "")[:4000], begun.code_verifier, begun.nonce)
        eid.check_person(identity, provider, g.house.settings)
    except EidRefused as problem:
        return eids.refused(provider, problem.why)
    except NeighbourDown:
        return eids.away(provider)
    who = eid.recognise(g.session, g.house.keyring, identity, provider, begun.asks_national_id)
    if g.actor is not None and session.pop("confirming", None) == str(g.actor.login_id):
        # Somebody signed in who was asked to prove once more who they are: nobody else will do.
        if who != Recognised(g.actor.person_id):
            return eids.refused(provider, "other_person")
        return entrance.confirmed(f"eid:{key}")
    match who:
        case Recognised():
            return entrance.welcome(who.person_id, f"eid:{key}", vouched=identity)
        case NeedsNationalId():
            eids.let_forms_lead_to(provider)
            return render_template("signin/first_time.html", provider=provider)
        case Unknown():
            session["stranger"] = eid.keep_stranger(g.session, g.house.keyring, identity, provider)
            return redirect(url_for("signin.code"), 303)


@bp.get("/eid/code")
@public
def code() -> ResponseReturnValue:
    _stranger()
    return render_template("signin/code.html", form=CodeForm(formdata=None))


@bp.post("/eid/code")
@public
def redeem_code() -> ResponseReturnValue:
    who = _stranger()
    asked = CodeForm()
    found = attempt(asked, lambda: eid.redeem_code(g.session, g.house.keyring, who, asked.code.data or ""))
    if found is None:
        if asked.code.data:
            audit.record(g.session, Event.SIGN_IN_REFUSED, method="code", reason="unknown")
        return render_template("signin/code.html", form=asked), status(asked)
    return entrance.welcome(found, f"eid:{who.provider}", vouched=who.identity)


def _page(asked: PasswordForm) -> str:
    ended = request.args.get("ended") == "1"
    providers, staff_providers = eids.offered(), staff_sso.offered()
    return render_template(
        "signin/form.html", form=asked, providers=providers, staff_providers=staff_providers, ended=ended
    )


def _stranger() -> Stranger:
    """Who waits with a code in this browser. Raises NotFound."""
    token = session.get("stranger")
    if not isinstance(token, str):
        raise NotFound
    return eid.stranger(g.session, g.house.keyring, token)


def _end_session_endpoint(provider: str) -> str | None:
    """Where one signs out at that provider (realm and key), if it offers it."""
    client = _client_of(provider)
    return client.end_session_endpoint() if client else None


def _client_of(provider: str) -> OidcClient | None:
    realm, _colon, key = provider.partition(":")
    if realm == REALM:
        return staff_sso.clients()[key][0] if key in staff_sso.clients() else None
    return eids.clients().get(key) if realm == eid.REALM else None


def _other_door(leaving: Leaving, endpoint: str) -> str:
    """Signed out here; the provider may still know the person, which matters where others use the device."""
    realm, _colon, key = leaving.provider.partition(":")
    client = _client_of(leaving.provider)
    if client is None:
        raise NotFound
    g.form_origins = [origin_of(endpoint)]
    g.actor = g.limits = None
    return render_template(
        "signin/goodbye.html",
        provider=client.provider,
        action=url_for("signin.out_there", realm=realm, key=key),
        hint=leaving.id_token,
        back=f"{g.house.settings.origin}{url_for('signin.form')}",
    )
