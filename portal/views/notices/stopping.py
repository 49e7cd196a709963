"""The link of a mail that switches a kind of notice off: a page with one button, for people and for mail programs."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from portal.services.notices import choices, stop
from portal.web.guard import by_token
from portal.web.labels import NOTICE_KIND

bp = Blueprint("stopping", __name__, url_prefix="/stop")


@bp.get("/<token>")
@by_token
def ask(token: str) -> ResponseReturnValue:
    """Looking at it changes nothing: mail filters open every link they see."""
    stop.read(g.runtime.keyring, token)
    return render_template("notices/stop.html", is_done=False)


@bp.post("/<token>")
@by_token
def press(token: str) -> ResponseReturnValue:
    found = stop.read(g.runtime.keyring, token)
    g.session.act_for(found.person_id)
    choices.stop(g.session, found.person_id, found.kinds)
    return render_template("notices/stop.html", is_done=True, kinds=[NOTICE_KIND[kind] for kind in found.kinds])
