"""What the foot of every page leads to, open to everybody: how it works, privacy, accessibility."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import text
from portal.services.shared import letterhead
from portal.tools import pages
from portal.tools.profile import profile
from portal.tools.vocabulary import reworded
from portal.web.guard import public
from portal.web.i18n import language

bp = Blueprint("foot", __name__)


@bp.get("/help")
@public
def help_page() -> ResponseReturnValue:
    return _page("help")


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    return _page("privacy")


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    return _page("accessibility")


@bp.get("/was")
@public
def was() -> ResponseReturnValue:
    """Where the Agency for Digital Government wants every public site to lead from to its statement."""
    return redirect(url_for("foot.accessibility"), 303)


def _page(name: str) -> ResponseReturnValue:
    settings, spoken = g.runtime.settings, language()
    found = pages.page(name, spoken, settings.pages_dir)
    rules = profile(settings.profile)
    own = letterhead.head_of(settings, spoken)
    authority = own.name if own else _("your municipality")
    values = {
        "authority": authority,
        "Authority": authority[0].upper() + authority[1:],
        "product": settings.product_name,
        "minimum_age": str(settings.minimum_age),
        "consent_months": str(rules.consent_months),
        "idle_minutes": str(settings.idle_citizen_minutes),
    }
    return render_template(
        "information/page.html",
        page=pages.filled(found, values, lambda line: reworded(line, rules.key, spoken)),
        as_html=text.as_html,
    )
