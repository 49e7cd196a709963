"""The answers that everybody who sees the plan shares: they are the version's own, and every change is a line of its
history."""

from __future__ import annotations

from portal import text
from portal.errors import InvalidInput
from portal.models import Membership
from portal.services.plans import editing, history, plans
from portal.services.plans.answer_store import AnswerConflict, SentAnswers
from portal.services.plans.open_plan import OpenPlan
from portal.services.plans.versions import VersionPage
from portal.tools.definition import Place
from portal.tools.merge import Merge


class SharedAnswers:
    """`orphaned` is what was written in rows that somebody took out meanwhile."""

    def __init__(self, plan: OpenPlan, version: VersionPage, sent: SentAnswers) -> None:
        self._plan, self._version, self._sent = plan, version, sent
        self._past = history.ChangesSince(plan.ticket, version.id, sent.base)
        places = {address: version.definition.place_at(address, version.answers) for address in sent.given}
        self._places = {address: place for address, place in places.items() if place is not None}
        self.orphaned = tuple(self._without_a_row(address) for address in sent.given if self._has_lost_its_row(address))

    def places(self) -> dict[str, Place]:
        found = {}
        for address, place in self._places.items():
            if plans.may_fill(self._plan.ticket, self._version, place.question):
                found[address] = place
            elif self._sent.given[address].split() != self.now(address).split():
                raise InvalidInput(address, "not_yours_to_fill")
        return found

    def now(self, address: str) -> str:
        return self._version.answers.get(address, "")

    def before(self, address: str) -> str:
        return self._past.before.get(address, self.now(address))

    def author(self, address: str) -> Membership:
        return self._past.author_of(address) or self._plan.ticket.membership

    def keep(self, merge: Merge) -> None:
        made = {address: (self.now(address), words) for address, words in merge.made.items()}
        answers = {**self._version.answers, **merge.made}
        editing.in_order(self._version.definition, answers, made)
        editing.write_down(self._plan, self._version, answers, made)
        aside = {address: (self.now(address), words) for address, words in merge.aside.items()}
        aside |= {each.address: (each.theirs, each.mine) for each in self.orphaned}
        if aside:
            editing.put_aside(self._plan, self._plan.page.version(self._version.number), aside)

    def _has_lost_its_row(self, address: str) -> bool:
        """Whether words of the writer's own are for a question of a row that is there no more."""
        words = self._sent.given[address]
        if address in self._places or text.is_blank(words) or not self._is_of_a_row(address):
            return False
        seen = self._sent.seen
        was = seen[address] if address in seen else self._past.before.get(address, "")
        return words.split() != was.split()

    def _is_of_a_row(self, address: str) -> bool:
        """Whether an address names a question of a row, whatever became of the row. What is confided lies elsewhere."""
        key, _dot, rest = address.partition(".")
        section = self._version.definition.section_of(key)
        asked = section.question_of(rest.rpartition(".")[2]) if section and section.row else None
        return asked is not None and address.count(".") == 2

    def _without_a_row(self, address: str) -> AnswerConflict:
        words = self._sent.given[address]
        return AnswerConflict(address, text.plain(words, len(words)), "", self.author(address))
