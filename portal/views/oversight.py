"""The pages of leaders and auditors: figures, and when who did what. No case can be reached from them."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock
from portal.access.actions import OfficeAction
from portal.access.guard import office
from portal.services import figures_and_trace
from portal.tools.profile import profile
from portal.views import arguments

bp = Blueprint("oversight", __name__)


@bp.get("/figures")
@office(OfficeAction.FIGURES_VIEW)
def figures() -> ResponseReturnValue:
    return render_template(
        "oversight/figures.html", units=figures_and_trace.figures(g.actor), fewest=figures_and_trace.FEWEST
    )


@bp.get("/trace")
@office(OfficeAction.TRACE_VIEW)
def trace() -> ResponseReturnValue:
    """One day's lines, newest first; before an instant, when there were more than one page takes."""
    zone = profile(g.house.settings.profile).zone
    day = arguments.day(request.args.get("day", "")) or clock.today(zone)
    until = min(arguments.instant(request.args.get("before", "")) or clock.end_of(day, zone), clock.end_of(day, zone))
    lines = figures_and_trace.trace(g.actor, clock.start_of(day, zone), until)
    return render_template(
        "oversight/trace.html",
        lines=lines,
        day=day,
        earlier=day - timedelta(days=1),
        later=day + timedelta(days=1) if day < clock.today(zone) else None,
        older=lines[-1].at.isoformat() if len(lines) == figures_and_trace.PAGE else None,
    )
