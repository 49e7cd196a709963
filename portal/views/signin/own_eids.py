"""The eIDs that sign in as somebody: told to them, ended by them, and the way in with a code for one more case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.signin import links
from portal.access.signin.links import LinkLine
from portal.access.signin.oidc_flow import Purpose
from portal.errors import NotFound
from portal.views.signin import eid_choice
from portal.web.forms import PortalForm, status
from portal.web.guard import fresh, signed_in

bp = Blueprint("own_eids", __name__, url_prefix="/me/eids")


@dataclass(frozen=True)
class EidLine:
    """An eID as the page shows it."""

    link: LinkLine
    called: str


def lines() -> list[EidLine]:
    """Those of whoever is signed in; none for a professional."""
    if g.actor.is_staff:
        return []
    return [EidLine(link, eid_choice.called(link.issuer)) for link in links.link_lines(g.actor)]


@bp.post("/seen")
@signed_in
def seen() -> ResponseReturnValue:
    """They know the eIDs on the page."""
    _citizens_only()
    links.see(g.actor)
    return redirect(url_for("account.index"), 303)


@bp.route("/<uuid:link_id>/end", methods=["GET", "POST"])
@fresh
@signed_in
def end(link_id: UUID) -> ResponseReturnValue:
    _citizens_only()
    line = next((one for one in lines() if one.link.id == link_id), None)
    if line is None:
        raise NotFound
    form = PortalForm()
    if form.is_ready():
        with form.submitting():
            links.end_link(g.actor, link_id)
            flash(_("The eID no longer signs in as you. Where it was signed in, it is signed out."), "success")
            return redirect(url_for("account.index"), 303)
    return render_template("signin/end_own_eid.html", form=form, line=line), status(form)


@bp.get("/code")
@signed_in
def code() -> ResponseReturnValue:
    """Somebody with a code for one more case: their eID says once more who they are, and then the code is asked for."""
    _citizens_only()
    return render_template("signin/own_eid_code.html", providers=eid_choice.that_prove_anew())


@bp.post("/code/<key>")
@signed_in
def begin_code(key: str) -> ResponseReturnValue:
    _citizens_only()
    return eid_choice.send_out(key, purpose=Purpose.CODE)


def _citizens_only() -> None:
    """Raises NotFound for a professional, who has no eID here."""
    if g.actor.is_staff:
        raise NotFound
