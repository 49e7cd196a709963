"""The pages of leaders and auditors: figures, and when who did what. No case can be reached from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.policy.actions import OfficeAction
from portal.services.oversight import audit_checks, supervision
from portal.services.oversight.supervision import AuditLine
from portal.tools.profile import profile
from portal.views.files.files import attachment
from portal.views.oversight import audit_labels
from portal.views.oversight.audit_query import LONGEST, AuditQuery
from portal.web import i18n
from portal.web.guard import fresh, gives_file, office

bp = Blueprint("oversight", __name__)


@bp.get("/figures")
@office(OfficeAction.FIGURES_VIEW)
def figures() -> ResponseReturnValue:
    return render_template("oversight/figures.html", units=supervision.figures(g.actor), fewest=supervision.FEWEST)


@bp.get("/trace")
@office(OfficeAction.TRACE_VIEW)
def trace() -> ResponseReturnValue:
    """The lines that are asked for, newest first, a page at a time. Lines that come in meanwhile would push the others
    on: every page goes on from the instant of the first."""
    asked = AuditQuery.of(request.args, _zone())
    return render_template(
        "oversight/audit_trail.html",
        page=supervision.audit_page(g.actor, asked.wanted),
        asked=asked,
        standing=audit_checks.audit_status(g.actor),
        kinds=audit_labels.KINDS,
        events=audit_labels.EVENTS,
        did=audit_labels.DID,
        who=who,
        by_machine=by_machine,
        longest=LONGEST.days,
    )


@bp.get("/trace/list.csv")
@gives_file
@fresh
@office(OfficeAction.TRACE_VIEW)
def trace_list() -> ResponseReturnValue:
    """The same lines, all pages together, for a spreadsheet."""
    asked = AuditQuery.of(request.args, _zone())
    lines = supervision.audit_list(g.actor, asked.wanted)
    if lines is None:
        most = i18n.number(supervision.MOST)
        flash(_("That is more than %(most)s lines. Choose fewer days, one person or one case.", most=most), "info")
        return redirect(url_for("oversight.trace", **asked.address), 303)
    content = _as_csv(lines)
    name = f"{_('Trace')} {asked.since.isoformat()} {asked.until.isoformat()}.csv"
    return Response(content, headers=attachment(name, "text/csv; charset=utf-8", len(content)))


def who(line: AuditLine) -> str:
    """Who did it, as far as an auditor sees it."""
    if by_machine(line):
        return str(_("The system, on behalf of %(name)s", name=line.name) if line.name else _("The system"))
    if line.name:
        return line.name
    return str(_("A citizen") if line.kind == "citizen" else _("Nobody signed in"))


def by_machine(line: AuditLine) -> bool:
    """Whether the portal did it by itself, be it with somebody's rights."""
    return line.event in audit_labels.EVENTS["machine"]


def _as_csv(lines: Iterable[AuditLine]) -> bytes:
    """For a Danish spreadsheet: semicolons, and a mark that says that it is UTF-8."""
    sheet = io.StringIO()
    rows = csv.writer(sheet, delimiter=";", lineterminator="\r\n")
    rows.writerow([_("When"), _("Who"), _("Unit"), _("Organisation"), _("What kind of act"), _("Case")])
    zone = _zone()
    for line in lines:
        at = line.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        place = ("", "") if by_machine(line) else (line.unit or "", line.organisation or "")
        cells = (who(line), *place, str(audit_labels.DID[line.event]))
        rows.writerow([at, *map(_plain, cells), line.reference or ""])
    return ("\ufeff" + sheet.getvalue()).encode()


def _plain(cell: str) -> str:
    """A spreadsheet reads a cell that begins so as a formula, and a name is what somebody typed."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _zone() -> ZoneInfo:
    return profile(g.runtime.settings.profile).zone
