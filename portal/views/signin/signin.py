"""Signing in and out: professionals with a password, citizens with a national eID."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal import audit, clock
from portal.access.signin import (
    codes,
    eid,
    oidc_flow,
    own_phone,
    passkeys,
    passwords,
    pending_login,
    second_factor,
    sessions,
    throttle,
)
from portal.access.signin.codes import CodeRefused
from portal.access.signin.eid import Stranger
from portal.access.signin.oidc import OidcClient
from portal.access.signin.oidc_flow import Leaving
from portal.access.signin.passkeys import Signed
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.identity_providers import origin_of
from portal.services.accounts import my_account, sign_in_policy
from portal.services.accounts.federation import REALM
from portal.views.signin import eid_choice, eid_return
from portal.views.signin import federation as signin_federation
from portal.views.signin import welcome as signin_welcome
from portal.web.forms import INVALID, PortalForm, status, text_field
from portal.web.guard import cookie_name, public, signed_in
from portal.web.input_errors import INPUT_ERRORS, error_message

bp = Blueprint("signin", __name__)


class PasswordForm(PortalForm):
    email = StringField(
        _l("E-mail"),
        validators=[
            InputRequired(message=INPUT_ERRORS["required"]),
            Length(max=320, message=INPUT_ERRORS["email_wrong"]),
        ],
    )
    password = PasswordField(_l("Password"), validators=[InputRequired(message=INPUT_ERRORS["required"])])


class SecondForm(PortalForm):
    code = text_field(_l("Code from the app, or a recovery code"), 40)


class CodeForm(PortalForm):
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
    tried = throttle.begin_try(g.session, g.runtime.keyring, asked.email.data or "", *signin_welcome.where_from())
    person = passwords.check_password(g.session, asked.email.data or "", asked.password.data or "")
    if person is None:
        asked.form_errors = [_("The e-mail address or the password is wrong.")]
        return _page(asked), INVALID
    if not sign_in_policy.may_use_password(g.session, person.id):
        return _switched_off("password", asked)
    throttle.succeeded(g.session, tried)
    if my_account.is_first_time(g.session, person.id):
        my_account.note_first_time(g.session, person.id)
        return signin_welcome.welcome(person.id, "password", strong=False)
    session["half"] = pending_login.begin_pending(g.session, person.id)
    return redirect(url_for("signin.second"), 303)


@bp.get("/sign-in/second")
@public
def second() -> ResponseReturnValue:
    """The second step: showing the second factor or, the second time somebody signs in, setting one up."""
    person_id = pending_login.who(g.session, session.get("half", ""))
    if g.actor or person_id is None:
        return redirect(url_for("signin.form"), 303)
    factors = second_factor.factors_of(g.session, person_id)
    if not factors.any:
        return redirect(url_for("factors.begin"), 303)
    return render_template("signin/second.html", form=SecondForm(formdata=None), factors=factors)


@bp.post("/sign-in/second")
@public
def with_second() -> ResponseReturnValue:
    person_id = pending_login.who(g.session, session.get("half", ""))
    if g.actor or person_id is None:
        return redirect(url_for("signin.form"), 303)
    asked = SecondForm()
    if asked.validate_on_submit():
        tried = throttle.begin_factor(g.session, g.runtime.keyring, person_id)
        method = second_factor.use(g.session, g.runtime.keyring, person_id, asked.code.data or "")
        if method is not None:
            throttle.succeeded(g.session, tried)
            return signin_welcome.welcome(person_id, f"password+{method}")
        asked.code.errors = [INPUT_ERRORS["code_spent"]]
    factors = second_factor.factors_of(g.session, person_id)
    return render_template("signin/second.html", form=asked, factors=factors), INVALID


@bp.post("/sign-in/passkey/options")
@public
def passkey_options() -> ResponseReturnValue:
    """What the browser's passkey is to be asked: the same for everybody."""
    session["passkey"], options = passkeys.begin_using(g.session, g.runtime.settings)
    return options


@bp.post("/sign-in/passkey")
@public
def with_passkey() -> ResponseReturnValue:
    """A passkey alone signs in: it is something one has, unlocked by something one is or knows."""
    try:
        key = passkeys.use(
            g.session, g.runtime.settings, session.pop("passkey", ""), request.form.get("credential", "")
        )
        if key.is_own_phone:
            return _by_own_phone(key)
    except InvalidInput as problem:
        asked = PasswordForm(formdata=None)
        asked.form_errors = [error_message(problem)]
        return _page(asked), INVALID
    if not sign_in_policy.may_use_password(g.session, key.person_id):
        return _switched_off("passkey", PasswordForm(formdata=None))
    my_account.note_first_time(g.session, key.person_id)
    return signin_welcome.welcome(key.person_id, "passkey")


def _by_own_phone(key: Signed) -> ResponseReturnValue:
    """A citizen, on the phone they bound themselves. It is no fresh proof."""
    link_id = own_phone.let_in(g.session, g.runtime.settings, key.id, signin_welcome.own_phone_token())
    return signin_welcome.welcome(key.person_id, "passkey", strong=False, eid_link_id=link_id)


def _switched_off(method: str, asked: PasswordForm) -> ResponseReturnValue:
    """For somebody whose organisation lets its staff in through its own sign-in alone."""
    audit.record(g.session, Event.SIGN_IN_REFUSED, method=method, reason="switched_off")
    asked.form_errors = [str(INPUT_ERRORS["password_off"])]
    return _page(asked), INVALID


@bp.post("/sign-out")
@signed_in
def out() -> ResponseReturnValue:
    """Ends the session in the database, so that a copied cookie is worth nothing either."""
    leaving = oidc_flow.leave_for_provider(g.session, g.runtime.keyring, g.actor.login_id)
    sessions.end_session(g.actor)
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
    response.delete_cookie(cookie_name(g.runtime.settings), path="/", secure=g.runtime.settings.https, httponly=True)
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
    return eid_choice.send_out(key, national_id=request.form.get("national_id") == "1")


@bp.get("/eid/<key>/callback")
@public
def end_eid(key: str) -> ResponseReturnValue:
    """The way back from the eID."""
    return eid_return.came_back(key)


@bp.get("/eid/code")
@public
def code() -> ResponseReturnValue:
    who = _stranger()
    return signin_welcome.led_on() if who is None else render_template("signin/code.html", form=CodeForm(formdata=None))


@bp.post("/eid/code")
@public
def redeem_code() -> ResponseReturnValue:
    who = _stranger()
    if who is None:
        return signin_welcome.led_on()
    asked, refused = CodeForm(), []
    if asked.is_ready():
        with asked.submitting():
            try:
                found = codes.redeem(g.session, g.runtime.keyring, who, asked.code.data or "")
            except CodeRefused as problem:
                refused.append(problem)
                raise
            session.pop("to", None)  # it was noted on the way to other cases than this one
            return signin_welcome.welcome(
                found.person_id, f"eid:{who.provider}", vouched=who.identity, eid_link_id=found.link_id
            )
    if asked.code.data:
        reason = refused[0].why if refused else "unknown"
        audit.record(g.session, Event.SIGN_IN_REFUSED, method="code", reason=reason)
    for refusal in refused:
        codes.note_refusal(g.session, refusal)
    return render_template("signin/code.html", form=asked), status(asked)


def _page(asked: PasswordForm) -> str:
    ended = request.args.get("ended") == "1"
    providers, staff_providers = eid_choice.offered(), signin_federation.offered()
    return render_template(
        "signin/form.html",
        form=asked,
        providers=providers,
        staff_providers=staff_providers,
        ended=ended,
        own_phone=own_phone.is_bound(g.session, g.runtime.settings, signin_welcome.own_phone_token()),
    )


def _stranger() -> Stranger | None:
    """Who waits with a code in this browser; None for somebody who is signed in and waits no more, as after the code
    was sent twice. Raises NotFound for anybody else."""
    token = session.get("stranger")
    try:
        if not isinstance(token, str):
            raise NotFound
        return eid.stranger(g.session, g.runtime.keyring, token)
    except NotFound:
        if g.actor is None:
            raise
        return None


def _end_session_endpoint(provider: str) -> str | None:
    """Where one signs out at that provider (realm and key), if it offers it."""
    client = _client_of(provider)
    return client.end_session_endpoint() if client else None


def _client_of(provider: str) -> OidcClient | None:
    realm, _colon, key = provider.partition(":")
    if realm == REALM:
        return signin_federation.clients()[key][0] if key in signin_federation.clients() else None
    return eid_choice.clients().get(key) if realm == eid.REALM else None


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
        back=f"{g.runtime.settings.origin}{url_for('signin.form')}",
    )
