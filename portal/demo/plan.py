"""The demo's goal and agreement schema: begun by the young person, proposed by the guide, half of the yeses given; and
the network map that she has drawn."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.ticket import CaseTicket
from portal.services.meetings import schedule
from portal.services.plans import agreement, editing, plans, saving
from portal.services.plans.open_plan import open_plan
from portal.services.plans.versions import VersionPage
from portal.services.shared import audience as shared_audience

_TOOL = "goals_and_agreements"
_MAP = "network_map"
_AROUND = (
    ("Mormor", "Min mormor", "family", "closest"),
    ("Storesøster Liv", "Min søster", "family", "near"),
    ("Fætter Emil", "Min fætter", "family", "further"),
    ("Sofie", "Min bedste ven", "friends", "closest"),
    ("Noah", "Vi gik i klasse sammen", "friends", "near"),
    ("Klasselæreren", "Min lærer", "school_work", "near"),
    ("Mester på værkstedet", "Han lærte mig at svejse", "leisure", "near"),
    ("Svømmetræneren", "Min træner før", "leisure", "further"),
    ("Psykologen", "Jeg taler med hende", "professionals", "near"),
    ("Onkel Bent", "", "", ""),
)


def begin_demo_plan(ticket: CaseTicket) -> None:
    """By the young person: what they want, and what they take on themselves."""
    editing.begin_plan(ticket, uuid4(), _TOOL)
    now = {
        "now.goal": "Jeg vil have en læreplads og mit eget sted at bo.",
        "now.strengths": "Jeg er god til at tegne og til at sætte cykler i stand.",
    }
    saving.save(open_plan(ticket, _TOOL), 1, _newest(ticket).revision, now)
    goal = {"words": "Jeg vil prøve et værksted i to uger.", "term": "step"}
    why = {"why": "Jeg lærer bedst, når jeg bruger hænderne."}
    row = editing.add_row(open_plan(ticket, _TOOL), 1, "goals", **goal, **why)
    _agree(ticket, row, "Jeg skriver ned, hvad jeg er god til.", ticket.membership.id, 6)


def draw(ticket: CaseTicket) -> None:
    """By the young person: who is around her, and what she tells the guide alone."""
    editing.begin_plan(ticket, uuid4(), _MAP)
    plan = open_plan(ticket, _MAP)
    rows = [
        editing.add_row(plan, 1, "people", name=name, relation=relation, sector=sector, ring=ring)
        for name, relation, sector, ring in _AROUND
    ]
    alone = {f"people.{rows[0]}.quality": "supportive", f"people.{rows[2]}.quality": "mixed"}
    saving.save(plan, 1, plan.page.newest.revision, alone, dict.fromkeys(alone, ""))


def propose(ticket: CaseTicket) -> None:
    """By the guide, who adds what the job centre has offered to do and what they will do themselves."""
    goal = _newest(ticket).rows("goals")[0]
    job = next(m for m in ticket.members.values() if m.job_title == "Jobkonsulent")
    _agree(ticket, goal, "Ringer til to værksteder og fortæller Alma, hvad de siger.", job.id, 4)
    _agree(ticket, goal, "Taler med skolen om to ugers praktik.", ticket.membership.id, 9)
    agreement.propose_plan(ticket, uuid4(), _TOOL, 1, _newest(ticket).revision)


def meet(ticket: CaseTicket, days: int = 9) -> None:
    """By the guide: everybody who sees the plan is asked to come in some days."""
    on = clock.today(ticket.profile.zone) + timedelta(days=days)
    when = schedule.at(ticket, on, "14.30", "Eksempelby Skole, lokale 4")
    schedule.arrange(ticket, uuid4(), when, {line.membership.id for line in shared_audience.audience(ticket)})


def accept(ticket: CaseTicket) -> None:
    """By whoever takes something on."""
    proposal = _newest(ticket).proposal_id
    if proposal is not None:
        agreement.accept_proposal(ticket, uuid4(), _TOOL, 1, proposal)


def promise(what: str, days: int, ticket: CaseTicket) -> None:
    """By the guide, who takes on something themselves and proposes it."""
    editing.begin_plan(ticket, uuid4(), _TOOL)
    goal = editing.add_row(
        open_plan(ticket, _TOOL), 1, "goals", words="Jeg vil finde den uddannelse, der passer til mig."
    )
    _agree(ticket, goal, what, ticket.membership.id, days)
    agreement.propose_plan(ticket, uuid4(), _TOOL, 1, _newest(ticket).revision)


def _agree(ticket: CaseTicket, goal: str, what: str, who: UUID, days: int) -> None:
    due = (clock.today(ticket.profile.zone) + timedelta(days=days)).isoformat()
    editing.add_row(open_plan(ticket, _TOOL), 1, "agreements", goal=goal, what=what, who=str(who), due=due)


def _newest(ticket: CaseTicket) -> VersionPage:
    page = plans.show_plan(ticket, _TOOL)
    if page is None:
        raise LookupError(_TOOL)
    return page.newest
