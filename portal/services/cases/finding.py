"""Finding one's way among many cases: by name, in an order, sixty at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.names import folded
from portal.services.cases.register import CaseLine

PAGE = 60
"""Cases on one page: as many as a guide may have and still see at a glance."""


class CaseOrder(StrEnum):
    NAME = "name"
    UNREAD = "unread"
    AGE = "age"


@dataclass(frozen=True)
class CasePage:
    lines: tuple[CaseLine, ...]
    found: int
    """On all pages together."""
    number: int
    """Which page this is, from 1."""
    pages: int


def found_page(every: tuple[CaseLine, ...], words: str, order: CaseOrder, number: int) -> CasePage:
    """Those of `every` (in order of names) in which each of the words occurs: in the young person's name, the guide's,
    or the birth date as people write it. A page there is not is the nearest there is."""
    wanted = folded(words[:200]).split()[:6]
    fitting = [line for line in every if all(word in line.looked_at for word in wanted)]
    if order is CaseOrder.UNREAD:
        fitting.sort(key=lambda line: -line.unread)
    elif order is CaseOrder.AGE:
        fitting.sort(key=lambda line: line.birth_date, reverse=True)
    pages = max(1, -(-len(fitting) // PAGE))
    number = min(max(number, 1), pages)
    return CasePage(tuple(fitting[(number - 1) * PAGE : number * PAGE]), len(fitting), number, pages)
