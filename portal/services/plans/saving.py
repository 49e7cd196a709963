"""Saving answers one by one, so that two people in the same plan keep both their words. The one way in, wherever an
answer lies (answer_store); what becomes of each is decided in tools/merge.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.access.ticket import CaseTicket
from portal.errors import InvalidInput
from portal.services.plans import history
from portal.services.plans.answer_store import AnswerConflict, AnswerStore, SentAnswers
from portal.services.plans.confidential import ConfidentialAnswers
from portal.services.plans.open_plan import OpenPlan
from portal.services.plans.shared_answers import SharedAnswers
from portal.services.plans.versions import PlanState, VersionPage
from portal.tools.definition import Place, clean_answer
from portal.tools.merge import Merge, merge_answers


@dataclass(frozen=True)
class Saved:
    revision: int
    changed: int = 0
    """How many of the shared answers this saving changed."""
    clashes: tuple[AnswerConflict, ...] = ()
    orphaned: tuple[AnswerConflict, ...] = ()
    """What was written in rows that somebody took out meanwhile: kept in the history, and told to its writer."""
    reopened: bool = False
    """Whether a version that was proposed is a draft again by this."""


def save(
    plan: OpenPlan,
    number: int,
    base: int,
    given: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
) -> Saved:
    """Saves answers that were written on a page showing revision `base`; for the addresses in `seen` the page knew
    better what stood there when it was written.

    Only what the writer changed is touched. Where somebody else changed the same answer since, theirs stands, the
    writer's words are kept aside in the history, and both come back as a clash. Raises InvalidInput at the address of
    an answer that cannot be one (then nothing is saved), or with 'plan_frozen' when the version is agreed.
    """
    version, sent = plan.version(number), SentAnswers(base, given, seen or {})
    shared = SharedAnswers(plan, version, sent)
    stores: list[AnswerStore] = [shared]
    if version.definition.confides:
        stores.append(ConfidentialAnswers(plan, version, sent))
    people = [str(member_id) for member_id in plan.ticket.members]
    merges = [_merge(store, version, sent, people) for store in stores]
    clashes = tuple(
        AnswerConflict(address, mine, store.now(address), store.author(address))
        for store, merge in zip(stores, merges, strict=True)
        for address, mine in merge.aside.items()
    )
    for store, merge in zip(stores, merges, strict=True):
        store.keep(merge)
    changed = len(merges[0].made)
    reopened = changed > 0 and version.state is PlanState.PROPOSED
    return Saved(plan.page.version(number).revision, changed, clashes, shared.orphaned, reopened)


def changed_since(
    ticket: CaseTicket, page: VersionPage, base: int, given: Mapping[str, str], seen: Mapping[str, str]
) -> dict[str, str]:
    """Of answers that come from a page showing revision `base`, those its writer had changed: what others changed
    since is theirs, and is not taken back by an old page. `seen` as in `save`."""
    past = history.ChangesSince(ticket, page.id, base)
    people = [str(member_id) for member_id in ticket.members]
    found = {}
    for address, words in given.items():
        now = page.answers.get(address, "")
        was = seen[address] if address in seen else past.before.get(address, now) if base >= 0 else now
        place = page.definition.place_at(address, page.answers)
        if place is not None and _as_stored(place, words, people, page.answers) not in (was, now):
            found[address] = words
    return found


def _merge(store: AnswerStore, version: VersionPage, sent: SentAnswers, people: Sequence[str]) -> Merge:
    """What becomes of those of the answers sent that lie in a store."""
    base, mine, theirs = {}, {}, {}
    for address, place in store.places().items():
        mine[address] = clean_answer(place, sent.given[address], people, version.answers)
        theirs[address] = store.now(address)
        was = sent.seen.get(address)
        base[address] = store.before(address) if was is None else _as_stored(place, was, people, version.answers)
    return merge_answers(base, mine, theirs)


def _as_stored(place: Place, words: str, people: Sequence[str], answers: Mapping[str, str]) -> str:
    """What a page had, tidied as it would have been when kept."""
    try:
        return clean_answer(place, words, people, answers)
    except InvalidInput:
        return words
