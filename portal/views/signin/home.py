"""The front door, the language switch, and the sign of life for those who watch over the machine."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access.policy.actions import OfficeAction
from portal.services.cases import register
from portal.services.operations import health
from portal.web import i18n
from portal.web.guard import public

bp = Blueprint("front", __name__)


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Signed in: to what one does here. Otherwise: to signing in."""
    return redirect(url_for(_home() if g.actor else "signin.form"), 303)


def _home() -> str:
    """Where somebody's work is: in their cases, or, for whoever has none and opens none, in their office."""
    offices = (
        (OfficeAction.ACCOUNTS_MANAGE, "office.index"),
        (OfficeAction.FIGURES_VIEW, "oversight.figures"),
        (OfficeAction.TRACE_VIEW, "oversight.trace"),
    )
    theirs = [endpoint for action, endpoint in offices if action in g.actor.office]
    if not theirs or OfficeAction.CASE_OPEN in g.actor.office or register.has_any(g.actor):
        return "case_list.index"
    return theirs[0]


@bp.post("/language/<any(da, en):code>")
@public
def language(code: str) -> ResponseReturnValue:
    """Remembers the language in this browser and goes back to the page the button was on."""
    back = request.form.get("back", "/")
    # Only a path of our own: a browser reads `//host` and `/\host` as another site.
    safe = back.startswith("/") and not back.startswith(("//", "/\\")) and not any(ord(c) < 32 for c in back)
    response = redirect(back if safe else "/", 303)
    response.set_cookie(
        i18n.COOKIE, code, max_age=365 * 86400, secure=g.runtime.settings.https, httponly=True, samesite="Lax"
    )
    return response


@bp.get("/health")
@public
def alive() -> ResponseReturnValue:
    """200 when this process can serve: it answers, and so does the database."""
    health.check_health(g.session)
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
