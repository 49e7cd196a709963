"""Signing in and out: professionals with a password, citizens with a national eID."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal import audit, clock
from portal.access.guard import cookie_name, public, signed_in
from portal.access.signin import eid, passwords, sessions
from portal.access.signin.eid import NeedsNationalId, Recognised, Stranger
from portal.access.signin.oidc import EidRefused, OidcClient
from portal.audit import Event
from portal.errors import NotFound
from portal.settings import EidProvider
from portal.views import words
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
    return _welcome(person.id, "password")


@bp.post("/sign-out")
@signed_in
def out() -> ResponseReturnValue:
    """Ends the session in the database, so that a copied cookie is worth nothing either."""
    sessions.end(g.actor)
    session.clear()
    flash(_("You are signed out. If others use this device, close the window too."), "success")
    response = redirect(url_for("signin.form"), 303)
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
    client = _client(key)
    try:
        way = eid.begin(g.session, client, session.get("browser"), request.form.get("national_id") == "1")
    except EidRefused as problem:
        return _refused_by_eid(client.provider, problem.why)
    session["browser"] = way.browser_token
    return redirect(way.url, 303)


@bp.get("/eid/<key>/callback")
@public
def end_eid(key: str) -> ResponseReturnValue:
    """The way back from the eID."""
    client = _client(key)
    try:
        attempt_row = eid.take_attempt(g.session, request.args.get("state", "")[:200], session.get("browser", ""), key)
        eid.check_answer(client.provider, request.args.get("error"), request.args.get("iss"))
        identity = client.redeem(request.args.get("code", "")[:4000], attempt_row.code_verifier, attempt_row.nonce)
        eid.check_person(identity, client.provider, g.house.settings)
    except EidRefused as problem:
        return _refused_by_eid(client.provider, problem.why)
    who = eid.recognise(g.session, g.house.keyring, identity, client.provider, attempt_row.asks_national_id)
    match who:
        case Recognised():
            return _welcome(who.person_id, f"eid:{key}")
        case NeedsNationalId():
            g.form_origins = [_origin(client.provider)]
            return render_template("signin/first_time.html", provider=client.provider)
        case Stranger():
            session["stranger"] = [who.issuer, who.subject, key]
            return redirect(url_for("signin.code"), 303)


@bp.get("/eid/code")
@public
def code() -> ResponseReturnValue:
    _stranger()
    return render_template("signin/code.html", form=CodeForm(formdata=None))


@bp.post("/eid/code")
@public
def redeem_code() -> ResponseReturnValue:
    stranger, key = _stranger()
    asked = CodeForm()
    person_id = attempt(asked, lambda: eid.redeem_code(g.session, g.house.keyring, stranger, asked.code.data or ""))
    if person_id is None:
        return render_template("signin/code.html", form=asked), status(asked)
    return _welcome(person_id, f"eid:{key}")


def clients() -> dict[str, OidcClient]:
    """One client per configured eID, made once per process."""
    made: dict[str, OidcClient] | None = current_app.extensions.get("eid_clients")
    if made is None:
        settings = g.house.settings
        made = {
            provider.key: OidcClient(provider, f"{settings.origin}/eid/{provider.key}/callback")
            for provider in settings.eid_providers
        }
        current_app.extensions["eid_clients"] = made
    return made


def _client(key: str) -> OidcClient:
    client = clients().get(key)
    if client is None:
        raise NotFound
    return client


def _page(asked: PasswordForm) -> str:
    providers = [client.provider for client in clients().values()]
    # Browsers hold a form's redirects to the page's form-action too.
    g.form_origins = sorted({_origin(provider) for provider in providers})
    ended = request.args.get("ended") == "1"
    return render_template("signin/form.html", form=asked, providers=providers, ended=ended)


def _origin(provider: EidProvider) -> str:
    parts = urlsplit(provider.issuer_url)
    return f"{parts.scheme}://{parts.netloc}"


def _refused_by_eid(provider: EidProvider, why: str) -> ResponseReturnValue:
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=f"eid:{provider.key}", reason=why)
    sentence = words.EID_REFUSED.get(why, words.EID_REFUSED_OTHERWISE)
    g.form_origins = [_origin(provider)]
    page = render_template("signin/eid_refused.html", provider=provider, sentence=sentence, friendly=why == "aborted")
    return page, 403


def _stranger() -> tuple[Stranger, str]:
    kept = session.get("stranger")
    if not kept:
        raise NotFound
    return Stranger(kept[0], kept[1]), kept[2]


def _welcome(person_id: UUID, method: str) -> ResponseReturnValue:
    """A new session with a new token; whatever the browser held before is dropped."""
    if eid.is_closed(g.session, person_id):
        raise NotFound
    to = session.get("to", "")
    session.clear()
    token = sessions.start(g.session, person_id, method)
    response = make_response(redirect(to if to.startswith("/") and not to.startswith("//") else "/", 303))
    response.set_cookie(
        cookie_name(g.house.settings),
        token,
        secure=g.house.settings.https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response
