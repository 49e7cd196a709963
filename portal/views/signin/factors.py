"""Setting up and taking away second factors: by who is signed in, or on the way in when there is none yet."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import HiddenField, PasswordField

from portal import clock
from portal.access.signin import passkeys, second_factor, sessions, step_up, throttle
from portal.access.signin.second_factor import FactorOffer, Factors
from portal.errors import NotFound
from portal.services.accounts import my_account
from portal.views.signin import welcome as signin_welcome
from portal.web.forms import PortalForm, status, text_field
from portal.web.guard import awaiting_second_factor, fresh, signed_in
from portal.web.way_back import remember_the_way

bp = Blueprint("factors", __name__, url_prefix="/me")


class PasswordAgain(PortalForm):
    """Whoever has no second factor yet shows the password once more, unless they have only just done so."""

    password = PasswordField(_l("Your password"))


class TotpForm(PasswordAgain):
    sealed = HiddenField()
    code = text_field(_l("The six digits the app shows"), 20)


class PasskeyForm(PasswordAgain):
    credential = HiddenField()
    name = text_field(_l("What shall the passkey be called?"), 60)


@bp.get("/second-step")
@awaiting_second_factor
def begin() -> ResponseReturnValue:
    """Which second step to set up."""
    return _ahead() or render_template("signin/factor_choice.html", forced=g.actor is None, demo_phone=_demo_phone())


@bp.route("/totp", methods=["GET", "POST"])
@awaiting_second_factor
def totp() -> ResponseReturnValue:
    """A code app: a picture to scan, and a code of it to show that it works."""
    if ahead := _ahead():
        return ahead
    form = TotpForm()
    _count_try()
    if form.is_ready():
        with form.submitting():
            codes = _proven(form, lambda: _set_up(form))
            return _done("totp", codes)
    return _totp_page(form)


@bp.post("/passkeys/options")
@awaiting_second_factor
def passkey_options() -> ResponseReturnValue:
    if ahead := _ahead():
        return ahead
    session["passkey"], options = passkeys.begin_adding(g.session, g.runtime.settings, _staff_id())
    return options


@bp.route("/passkeys/new", methods=["GET", "POST"])
@awaiting_second_factor
def add_passkey() -> ResponseReturnValue:
    if ahead := _ahead():
        return ahead
    form = PasskeyForm()
    _count_try()
    token = session.pop("passkey", "") if request.method == "POST" else ""
    answer = form.credential.data or ""

    def add() -> list[str]:
        return my_account.add_passkey(g.session, _staff_id(), token, answer, form.name.data or "")

    if form.is_ready():
        with form.submitting():
            codes = _proven(form, add)
            return _done("passkey", codes)
    return render_template("signin/factor_passkey.html", form=form, password=_asks_password()), status(form)


@bp.post("/totp/remove")
@fresh
@signed_in
def remove_totp() -> ResponseReturnValue:
    my_account.remove_totp(g.actor)
    flash(_("The code app is removed."), "success")
    return redirect(url_for("account.index"), 303)


@bp.post("/passkeys/<uuid:passkey_id>/remove")
@fresh
@signed_in
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    my_account.remove_passkey(g.actor, passkey_id)
    flash(_("The passkey is removed."), "success")
    return redirect(url_for("account.index"), 303)


@bp.post("/codes")
@fresh
@signed_in
def new_codes() -> ResponseReturnValue:
    """Shown once, in the answer to this request: they are not kept anywhere in clear."""
    return render_template(
        "signin/factor_codes.html", codes=my_account.make_codes(g.actor), on=url_for("account.index")
    )


def _staff_id() -> UUID:
    """Whose factor it is. Raises NotFound for a citizen: they have their eID."""
    if g.actor is not None and not g.actor.is_staff:
        raise NotFound
    person_id: UUID = g.awaiting_second_factor
    return person_id


def _factors() -> Factors:
    return second_factor.factors_of(g.session, _staff_id())


def _ahead() -> ResponseReturnValue | None:
    """Whoever has a second factor shows it before adding another one."""
    if not _factors().any or (g.actor is not None and step_up.is_fresh(g.limits)):
        return None
    if g.actor is None:
        return redirect(url_for("signin.second"), 303)
    remember_the_way(g.actor.person_id)
    return redirect(url_for("stepup.ask"), 303)


def _asks_password() -> bool:
    """A first factor is set up by who knows the password, not by who finds a screen open."""
    if g.actor is None or step_up.is_fresh(g.limits):
        return False
    return bool(clock.now() - g.limits.began_at > sessions.FRESH_FOR)


def _count_try() -> None:
    """Counts a try with the password before it is looked at, in a commit of its own."""
    if request.method == "POST" and _asks_password():
        g.tried = throttle.begin_factor(g.session, g.runtime.keyring, _staff_id())


def _proven(form: PasswordAgain, verb: Callable[[], list[str]]) -> list[str]:
    if _asks_password():
        my_account.confirm_password(g.session, _staff_id(), form.password.data or "")
    made = verb()
    if "tried" in g:
        throttle.succeeded(g.session, g.tried)
    return made


def _set_up(form: TotpForm) -> list[str]:
    return my_account.set_up_totp(g.session, _staff_id(), form.sealed.data or "", form.code.data or "")


def _totp_page(form: TotpForm) -> ResponseReturnValue:
    keyring, person_id = g.runtime.keyring, _staff_id()
    offer: FactorOffer | None = second_factor.offered(keyring, person_id, form.sealed.data or "")
    offer = offer or second_factor.offer(keyring, person_id)
    picture = offer.picture(g.runtime.settings.product_name, my_account.email_of(g.session, person_id))
    page = render_template(
        "signin/factor_totp.html",
        form=form,
        offer=offer,
        picture=Markup(picture),  # noqa: S704  made by us, of letters and digits
        password=_asks_password(),
        demo_phone=_demo_phone(),
    )
    return page, status(form)


def _done(method: str, codes: list[str]) -> ResponseReturnValue:
    """A factor that was just set up has been shown: whoever needed it is in, whoever was in has proven it afresh."""
    page = ""
    if not codes:
        flash(_("Your second step is set up."), "success")
    else:
        page = render_template(
            "signin/factor_codes.html", codes=codes, on=str(session.get("to") or url_for("front.index"))
        )
    if g.actor is None:
        return signin_welcome.welcome(g.awaiting_second_factor, f"password+{method}", page=page)
    if not page and "to" not in session:
        session["to"] = url_for("account.index")
    return signin_welcome.confirmed(method, page=page)


def _demo_phone() -> str:
    """Where the demo pretends to be somebody's phone; '' anywhere else."""
    for provider in g.runtime.settings.eid_providers:
        if provider.demo:
            return f"{provider.issuer_url}/phone"
    return ""
