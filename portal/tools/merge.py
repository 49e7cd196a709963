"""Two people write in the same form. Pure: what comes of both, answer by answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Merge:
    """What comes of one person's answers among those that stand by now."""

    made: Mapping[str, str]
    """Address -> their words, which stand from now on."""
    aside: Mapping[str, str]
    """Address -> their words where somebody else wrote others meanwhile: those stand, these are kept in the history."""

    def __bool__(self) -> bool:
        return bool(self.made or self.aside)


def merge_answers(base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merge:
    """`base` is what stood where one person wrote `mine`, `theirs` what stands there now; what is in none of them is
    empty. Only what they changed is touched; nobody's words are lost; whoever was first keeps the place."""
    made: dict[str, str] = {}
    aside: dict[str, str] = {}
    for address, words in mine.items():
        was, now = base.get(address, ""), theirs.get(address, "")
        if words not in (was, now):
            (made if now == was else aside)[address] = words
    return Merge(made, aside)
