"""Writing at the same time: small answers for the page that is written in. Without a script nobody asks for them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from portal.access.policy.actions import Action
from portal.access.ticket import CaseTicket
from portal.services.plans import presence
from portal.views.plans import drawings
from portal.web.arguments import whole_number
from portal.web.guard import opens, quiet

bp = Blueprint("together", __name__, url_prefix="/cases/<uuid:case_id>/plan/<tool>")


@bp.get("/live")
@quiet
@opens(Action.PLAN_WRITE)
def live(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """What others have written, and where they are. 304 while nothing is new."""
    known = request.if_none_match.to_header().strip('"')
    found = presence.note_presence(ticket, tool, request.args.get("number", 0, whole_number), known)
    if found is None:
        answer = Response(status=304)
        answer.set_etag(known)
        return answer
    answer = jsonify(
        # Whose session this is by now, and its key for sending: a page outlives the session it was opened in.
        me=str(ticket.membership.id),
        key=generate_csrf(),
        answers={**found.version.answers, **found.confided},
        drawings=drawings.maps(ticket, found.version),
        rows=found.row_ids,
        moved_on=not found.is_open,
        here={
            address: _("%(names)s is writing here", names=", ".join(member.display_name for member in members))
            for address, members in found.here.items()
        },
    )
    answer.set_etag(found.mark)
    return answer


@bp.post("/here")
@quiet
@opens(Action.PLAN_WRITE)
def here(ticket: CaseTicket, tool: str) -> ResponseReturnValue:
    """Says in which answer this person is."""
    number = request.form.get("number", 0, whole_number)
    presence.be_here(ticket, tool, number, request.form.get("address", ""))
    return Response(status=204)
