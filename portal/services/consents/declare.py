"""Consent: given, registered from paper, taken back. What it opens follows from the facts in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete

from portal import clock, outbox, text
from portal.access.policy import who_may
from portal.access.policy.actions import Action
from portal.access.policy.answers import Answer
from portal.access.policy.facts import ConsentFact, Party
from portal.access.policy.whatif import with_consent, with_no
from portal.access.ticket import CaseTicket
from portal.access.window_store import rewrite_windows
from portal.errors import InvalidInput, NotFound
from portal.events import Event
from portal.models import Consent, ConsentDraft, ConsentGrant, ConsentRefusal, ConsentWithdrawal, Membership
from portal.services.consents import declaration, effects, reminders, requests
from portal.services.consents.declaration import Answers, Choices, Draft
from portal.services.consents.effects import Effects
from portal.services.consents.requests import CONSENT_CHANGES, ConsentStep, PartyLine, Request
from portal.services.files import arrivals
from portal.services.files.arrivals import Upload
from portal.services.notices import announce
from portal.services.notices.kinds import Kind
from portal.services.shared import audience, idempotency
from portal.storage.scanning import ScanState


@dataclass(frozen=True)
class Paper:
    """A consent given outside the portal, as the owner registers it."""

    method: str
    given_on: date
    note: str = ""
    scan: Upload | None = None
    told: bool = False
    """Whether the owner answers for the giver having been told everything a consent takes."""


@dataclass(frozen=True)
class Late:
    """Why a paper opens less than it says: its giver has answered anew since its day."""

    declared_at: datetime | None
    """When they declared something newer, which stands in its place."""
    taken_back: tuple[tuple[PartyLine | None, datetime], ...]
    """Whom they have said no to since, and when; None is everybody."""

    def __bool__(self) -> bool:
        return self.declared_at is not None or bool(self.taken_back)


@dataclass(frozen=True)
class PaperReading:
    """What the owner reads before a paper is registered: its words, what they will do, and what they no longer can."""

    draft: Draft
    effects: Effects
    late: Late

    @property
    def mark(self) -> str:
        """A short name of exactly this: what was looked through is what is registered, or it is shown anew."""
        return f"{self.draft.digest[:32]}.{self.draft.valid_until}.{self.effects.mark}"


def give(ticket: CaseTicket, submission: UUID, choices: Choices, valid_until: date | None, language: str) -> UUID:
    """The person's own declaration, given while signed in with the eID. It takes the place of any before it.

    That the proof of who they are is fresh is asked for at the door (`@fresh`). Raises InvalidInput for a period or
    choice that cannot be.
    """
    ticket.lock_case()
    ticket.require(Action.CONSENT_GIVE)
    giver = requests.giver_for(ticket, ticket.membership.id)
    lines = requests.party_lines(ticket, giver)
    return give_draft(
        ticket, submission, declaration.draw_up(ticket, giver, lines, Answers(choices, valid_until), language)
    )


def give_draft(ticket: CaseTicket, submission: UUID, draft: Draft) -> UUID:
    """The same, drawn up already in this transaction while the case was locked."""
    made = _declare(ticket, submission, draft, None)
    ticket.session.execute(delete(ConsentDraft).where(ConsentDraft.membership_id == draft.giver.id))
    return made


def read_paper(ticket: CaseTicket, asked: Request, answers: Answers, language: str, paper: Paper) -> PaperReading:
    """A paper as it would be registered by what its giver is `asked`. Raises InvalidInput as `register`."""
    ticket.require(Action.CONSENT_REGISTER)
    draft = _draft_of_paper(ticket, asked.giver, asked.parties, answers, language, paper)
    ticket.record(Event.CONSENT_VIEWED, item_id=asked.giver.id)
    after = with_consent(ticket.facts, draft.as_fact(ticket))
    return PaperReading(draft, effects.effects_of(ticket, after), _late(ticket, draft))


def register(
    ticket: CaseTicket,
    submission: UUID,
    giver_id: UUID,
    choices: Choices,
    valid_until: date | None,
    language: str,
    paper: Paper,
) -> UUID:
    """A declaration on paper (with its scan) or oral (with a note), registered by the owner. It counts from its day:
    for at most the profile's months from then on, and not over what its giver has answered since.

    Raises InvalidInput when the scan or note is missing, the day lies ahead or too far back, or the giver was not told
    everything.
    """
    ticket.lock_case()
    ticket.require(Action.CONSENT_REGISTER)
    giver = requests.giver_for(ticket, giver_id)
    lines = requests.party_lines(ticket, giver)
    draft = _draft_of_paper(ticket, giver, lines, Answers(choices, valid_until), language, paper)
    return _declare(ticket, submission, draft, paper)


def _draft_of_paper(
    ticket: CaseTicket, giver: Membership, lines: Iterable[PartyLine], answers: Answers, language: str, paper: Paper
) -> Draft:
    if paper.method not in ("paper", "oral"):
        raise InvalidInput("method", "choice")
    if paper.method == "paper" and (paper.scan is None or not paper.scan.name):
        raise InvalidInput("scan", "scan_missing")
    if paper.method == "oral" and text.is_blank(paper.note):
        raise InvalidInput("note", "required")
    if paper.given_on > clock.today(ticket.facts.rules.zone):
        raise InvalidInput("given_on", "date_ahead")
    if paper.scan is not None and paper.scan.name:
        _kind_of(paper.scan)
    if not paper.told:
        raise InvalidInput("told", "not_told")
    return declaration.draw_up(ticket, giver, lines, answers, language, paper.given_on)


def _late(ticket: CaseTicket, draft: Draft) -> Late:
    now, given_at = clock.now(), draft.given_at(ticket)
    standing = ticket.facts.declared_at(draft.giver.id, now)
    newer = standing.given_at if standing is not None and standing.given_at > given_at else None
    since = [no for no in ticket.facts.withdrawals if no.giver_id == draft.giver.id and no.at >= given_at]
    lines = {one.line.party: one.line for one in draft.lines if one.granted}
    found = {no.party: no.at for no in reversed(since) if no.party is None or no.party in lines}
    return Late(newer, tuple((lines[party] if party else None, at) for party, at in found.items()))


def withdraw_consent(ticket: CaseTicket, submission: UUID, consent_id: UUID, party_key: str) -> None:
    """Takes a consent, or its part about one party, back from now on. The giver does it, or the owner on their word."""
    ticket.lock_case()
    ticket.require(Action.CONSENT_WITHDRAW)
    made = uuid4()
    if idempotency.claim(ticket.session, submission, made):
        return
    consent, party = _withdrawable(ticket, consent_id, party_key)
    _say_no(ticket, made, consent.giver_id, consent.id, party)
    ticket.record(Event.CONSENT_WITHDRAWN, item_id=consent.id, whole=party is None)
    rewrite_windows(ticket.session, ticket.case_id)
    announce.tell_guide(ticket, Kind.CONSENT)


def refuse(ticket: CaseTicket, line: PartyLine) -> None:
    """The person's own no to one party, whatever they have answered before: it takes effect at once and is not asked
    about again."""
    ticket.require(Action.CONSENT_GIVE)
    giver = requests.giver_for(ticket, ticket.membership.id)
    given = next((one.said.consent_id for one in line.granted), None)
    _say_no(ticket, uuid4(), giver.id, given, line.party)
    if given is not None:
        ticket.record(Event.CONSENT_WITHDRAWN, item_id=given, whole=False)
    else:
        ticket.record(Event.CONSENT_REFUSED, item_id=giver.id)
    rewrite_windows(ticket.session, ticket.case_id)
    announce.tell_guide(ticket, Kind.CONSENT)


def _say_no(ticket: CaseTicket, made: UUID, giver_id: UUID, consent_id: UUID | None, party: Party | None) -> None:
    ticket.session.add(
        ConsentWithdrawal(
            id=made,
            case_id=ticket.case_id,
            giver_id=giver_id,
            consent_id=consent_id,
            unit_id=party.unit_id if party else None,
            membership_id=party.membership_id if party else None,
            withdrawn_at=clock.now(),
            registered_by_id=ticket.membership.id,
        )
    )


def preview_withdrawal(ticket: CaseTicket, consent_id: UUID, party_key: str) -> Effects:
    """What taking it back would shut, and for whom."""
    ticket.require(Action.CONSENT_WITHDRAW)
    consent, party = _withdrawable(ticket, consent_id, party_key)
    ticket.record(Event.CONSENT_VIEWED, item_id=consent.id)
    return effects.effects_of(ticket, with_no(ticket.facts, consent.giver_id, party, clock.now()))


def giver_of(ticket: CaseTicket, consent_id: UUID) -> UUID:
    """The membership whose declaration this is. Raises NotFound for one this person may not see."""
    return visible(ticket, consent_id).giver_id


def visible(ticket: CaseTicket, consent_id: UUID) -> ConsentFact:
    """The declaration, for its giver and those who answer for the case. Raises NotFound for anybody else."""
    fact = next((consent for consent in ticket.facts.consents if consent.id == consent_id), None)
    if fact is None:
        raise NotFound
    if not who_may.may_read_declaration(audience.leads(ticket), fact.giver_id == ticket.membership.id):
        raise NotFound
    return fact


def party_of(ticket: CaseTicket, consent_id: UUID, party_key: str) -> PartyLine:
    """One party that a declaration names. Raises NotFound."""
    consent = visible(ticket, consent_id)
    lines = requests.party_lines(ticket, ticket.members[consent.giver_id])
    line = next((line for line in lines if line.key == party_key), None)
    if line is None:
        raise NotFound
    return line


def _withdrawable(ticket: CaseTicket, consent_id: UUID, party_key: str) -> tuple[ConsentFact, Party | None]:
    consent = visible(ticket, consent_id)
    if not who_may.may_take_consent_back(ticket.standing, consent.giver_id == ticket.membership.id):
        raise NotFound
    if ConsentStep.TAKE_BACK not in CONSENT_CHANGES[requests.state_of(ticket.facts, consent)]:
        raise InvalidInput("", "consent_over")
    if party_key == "all":
        return consent, None
    lines = requests.party_lines(ticket, ticket.members[consent.giver_id])
    line = next((line for line in lines if line.key == party_key), None)
    if line is None:
        raise NotFound
    if not any(one.said.answer is Answer.YES for one in line.asked):
        raise InvalidInput("", "consent_over")
    return consent, line.party


def _declare(ticket: CaseTicket, submission: UUID, draft: Draft, paper: Paper | None) -> UUID:
    zone, now, made = ticket.facts.rules.zone, clock.now(), uuid4()
    if earlier := idempotency.claim(ticket.session, submission, made):
        return earlier
    row = Consent(
        id=made,
        case_id=ticket.case_id,
        giver_id=draft.giver.id,
        registered_by_id=ticket.membership.id,
        method=paper.method if paper else "eid",
        given_at=draft.given_at(ticket),
        valid_from=now,
        valid_until=clock.end_of(draft.valid_until, zone),
        wording_version=ticket.profile.consent.version,
    )
    ticket.seal(row, "text", draft.words)
    ticket.seal(row, "text_sha256", draft.digest)
    if paper:
        _attach(ticket, row, paper)
    ticket.session.add(row)
    ticket.session.flush()
    _add_cells(ticket, made, draft)
    reminders.plan(ticket, row)
    ticket.record(Event.CONSENT_GIVEN, item_id=made, method=row.method)
    rewrite_windows(ticket.session, ticket.case_id)
    announce.tell_guide(ticket, Kind.CONSENT)
    # Whoever is let in by it sees something from now on; whoever is not has nothing to be told of, and is not told.
    units = {grant.party.unit_id for grant in draft.grants if grant.party.unit_id}
    let_in = {grant.party.membership_id for grant in draft.grants if grant.party.membership_id}
    let_in |= {member.id for member in ticket.everybody.values() if member.unit_id in units}
    announce.tell_members(ticket, Kind.ACCESS, let_in)
    return made


def _add_cells(ticket: CaseTicket, consent_id: UUID, draft: Draft) -> None:
    def of(party: Party) -> dict[str, UUID | None]:
        about = {"unit_id": party.unit_id, "membership_id": party.membership_id}
        return {"case_id": ticket.case_id, "consent_id": consent_id, **about}

    ticket.session.add_all(
        ConsentGrant(**of(grant.party), compartment=grant.compartment, category=grant.category)
        for grant in draft.grants
    )
    ticket.session.add_all(
        ConsentRefusal(**of(party), compartment=compartment) for party, compartment in draft.refusals
    )


def _attach(ticket: CaseTicket, row: Consent, paper: Paper) -> None:
    ticket.seal(row, "note", text.plain(paper.note, 2000))
    if paper.scan is not None and paper.scan.name:
        content = paper.scan.content
        row.scan_media_type = _kind_of(paper.scan)
        row.scan_state = arrivals.first_state(ticket)
        if row.scan_state == ScanState.WAITING:
            outbox.later(ticket.session, "scan_paper", consent_id=str(row.id))
        row.scan_blob, row.scan_size = content.blob, content.size
        row.scan_key = ticket.keys.wrap_file_key(content.file_key, content.blob)
        content.keep()


def _kind_of(scan: Upload) -> str:
    """The media type of a scan. Raises InvalidInput at `scan`."""
    try:
        _name, kind = arrivals.inspect(scan)
    except InvalidInput as problem:
        raise InvalidInput("scan", problem.code) from problem
    if not kind.startswith("image/") and kind != "application/pdf":
        raise InvalidInput("scan", "scan_kind")
    return kind
