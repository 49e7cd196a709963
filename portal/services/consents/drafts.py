"""A consent between being answered and being given: kept while its giver reads it through and proves who they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.access.policy.actions import Action
from portal.access.policy.whatif import Prospect, prospects, with_consent, with_no, with_yes
from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput, NotFound, Overtaken
from portal.events import Event
from portal.models import ConsentDraft, Membership
from portal.services.consents import declaration, declare, effects, requests
from portal.services.consents.declaration import Answers, Draft
from portal.services.consents.effects import Effects
from portal.services.consents.requests import PartyLine, Request
from portal.services.shared import idempotency
from portal.storage.places import place

LASTS = timedelta(hours=8)
"""A draft older than a session is not offered any more."""


@dataclass(frozen=True)
class Reading:
    """What the giver reads before the button: the words, and what they will do."""

    draft: Draft
    effects: Effects


def save_answers(ticket: CaseTicket, asked: Request, answers: Answers, language: str) -> None:
    """Keeps the person's own answers to what they are `asked`, in place of any kept before. Raises InvalidInput for
    answers that cannot be, NotFound for what somebody else is asked."""
    ticket.require(Action.CONSENT_GIVE)
    giver = asked.giver
    if giver.id != ticket.membership.id:
        raise NotFound
    declaration.draw_up(ticket, giver, asked.parties, answers, language)
    written = {
        "answers": {party: dict(said) for party, said in answers.choices.items()},
        "valid_until": answers.valid_until.isoformat() if answers.valid_until else None,
    }
    sealed = ticket.keys.seal_text(json.dumps(written), place("consent_draft", "answers", giver.id))
    changed = {"answers_sealed": sealed, "written_at": clock.now()}
    row = insert(ConsentDraft).values(membership_id=giver.id, case_id=ticket.case_id, **changed)
    ticket.session.execute(row.on_conflict_do_update(index_elements=[ConsentDraft.membership_id], set_=changed))
    ticket.record(Event.CONSENT_VIEWED, item_id=giver.id)


def saved_answers(ticket: CaseTicket) -> Answers | None:
    """The person's own answers that wait to be given."""
    ticket.require(Action.CONSENT_GIVE)
    row = ticket.session.get(ConsentDraft, ticket.membership.id)
    if row is None or clock.now() - row.written_at > LASTS:
        return None
    read = json.loads(ticket.unseal(row, "answers"))
    if "answers" not in read:
        return None  # of before, when less was asked
    until = read["valid_until"]
    return Answers(read["answers"], date.fromisoformat(until) if until else None)


def read_draft(ticket: CaseTicket, answers: Answers, language: str) -> Reading:
    """The declaration as it would be given now. Raises InvalidInput when the case has changed so that it cannot be."""
    giver = requests.giver_for(ticket, ticket.membership.id)
    draft = declaration.draw_up(ticket, giver, requests.party_lines(ticket, giver), answers, language)
    ticket.record(Event.CONSENT_VIEWED, item_id=giver.id)
    after = with_consent(ticket.facts, draft.as_fact(ticket))
    return Reading(draft, effects.effects_of(ticket, after))


def give(ticket: CaseTicket, submission: UUID, answers: Answers, read_words: str, language: str) -> UUID:
    """Gives what was kept, if its words are still those that were read (`read_words` is their hash). Raises Overtaken
    when it has been given meanwhile."""
    ticket.lock_case()
    if earlier := idempotency.made_before(ticket.session, submission):
        return earlier
    if saved_answers(ticket) is None:
        raise Overtaken
    ticket.require(Action.CONSENT_GIVE)
    giver = requests.giver_for(ticket, ticket.membership.id)
    draft = declaration.draw_up(ticket, giver, requests.party_lines(ticket, giver), answers, language)
    if draft.digest != read_words:
        raise InvalidInput("", "form_stale")
    return declare.give_draft(ticket, submission, draft)


@dataclass(frozen=True)
class AnswerOutlook:
    """What a no to one party would mean, and what a yes to all it asks for."""

    line: PartyLine
    if_no: Effects
    if_yes: Effects
    still_closed: tuple[tuple[Membership, tuple[Prospect, ...]], ...]
    """Who of the party would not see everything after a yes, and what else is in the way."""


def outlook(ticket: CaseTicket, party_key: str) -> AnswerOutlook:
    """Raises NotFound for a party nobody asks this person about."""
    ticket.require(Action.CONSENT_GIVE)
    asked, now = requests.request(ticket, ticket.membership.id), clock.now()
    giver, line = asked.giver, next((one for one in asked.parties if one.key == party_key), None)
    if line is None:
        raise NotFound
    no = with_no(ticket.facts, giver.id, line.party, now)
    until = clock.end_of(asked.until, ticket.facts.rules.zone)
    yes = with_yes(ticket.facts, giver.id, line.party, until, now)
    lacking = [(m, tuple(p for p in prospects(yes, yes.member(m.id), now) if p.blockers)) for m in line.members]
    return AnswerOutlook(
        line=line,
        if_no=effects.effects_of(ticket, no),
        if_yes=effects.effects_of(ticket, yes),
        still_closed=tuple((membership, found) for membership, found in lacking if found),
    )
