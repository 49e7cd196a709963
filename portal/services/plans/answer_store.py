"""Where answers of a version lie: one store for those that everybody who sees the plan shares (shared_answers), one for
those that the young person and the guide confide to each other (confidential). An address lies in one of them only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from portal.models import Membership
from portal.tools.definition import Place
from portal.tools.merge import Merge


@dataclass(frozen=True)
class AnswerConflict:
    """Two people wrote different words at the same address. Mine are kept aside in the history; theirs stand."""

    address: str
    mine: str
    theirs: str
    by: Membership


@dataclass(frozen=True)
class SentAnswers:
    """What came of a page that somebody wrote on."""

    base: int
    """The revision that the page showed."""
    given: Mapping[str, str]
    """Address -> what is written there."""
    seen: Mapping[str, str]
    """Address -> what stood there when it was written, where the page knows that better than its revision."""


class AnswerStore(Protocol):
    """One kind of answers of one version, for one saving."""

    def places(self) -> Mapping[str, Place]:
        """Of the addresses written at, those that lie here. Raises InvalidInput or Refused where the writer may not
        answer there."""

    def now(self, address: str) -> str:
        """What stands there."""

    def before(self, address: str) -> str:
        """What stood there when the page was shown, where the page did not say so itself."""

    def author(self, address: str) -> Membership:
        """Who wrote what stands there."""

    def keep(self, merge: Merge) -> None:
        """Writes down what comes of the answers. Raises InvalidInput; then nothing is written."""
