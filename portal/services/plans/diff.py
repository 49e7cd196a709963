"""What differs between two versions of a tool, word by word. Pure.

Texts are compared by lines first, and what is left of them by words, each time for the fewest changes (Myers, "An O(ND)
difference algorithm", 1986). How much work that takes does not follow from how long a text is but from how much of it
changed, so the work is counted and bounded: what would take more is told as gone and new.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portal.tools.definition import Definition, Place

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\s+|[^\s]+")

_STEPS = 300_000
"""Work on one page beside what follows from the length of its texts: some tenths of a second."""
_STEPS_FOR_A_WORD = 8


@dataclass(frozen=True)
class TextPiece:
    """Words that stayed, went or came."""

    kind: str
    """'same', 'gone' or 'new'."""
    words: str


@dataclass(frozen=True)
class Compared:
    """Two texts as one run of pieces."""

    pieces: tuple[TextPiece, ...]
    too_different: bool = False
    """Whether a part of them could not be told word by word: there the one stands after the other."""

    def __iter__(self) -> Iterator[TextPiece]:
        return iter(self.pieces)


@dataclass(frozen=True)
class Difference:
    place: Place
    pieces: Compared


class Effort:
    """The work that may go into the comparisons of one page."""

    def __init__(self, steps: int = _STEPS) -> None:
        self.left = steps
        self.spent = 0

    def take(self, steps: int, own: int) -> bool:
        """Whether so much more may be done; `own` is what a text may take for its length alone."""
        self.spent += steps
        self.left -= max(0, steps - own)
        return self.left >= 0


def between(
    definition: Definition, old: Mapping[str, str], new: Mapping[str, str], earlier: Definition | None = None
) -> list[Difference]:
    """Every answer that differs, in the order of the page. A row that went is told with its words, and so is an answer
    to a question that only the `earlier` definition asks."""
    found = []
    seen = set()
    effort = Effort()
    for place in [*definition.places(new), *(earlier or definition).places(old)]:
        address = place.address
        was, now = old.get(address, ""), new.get(address, "")
        if address not in seen and was != now:
            found.append(Difference(place, word_by_word(was, now, effort)))
        seen.add(address)
    order = {section.key: number for number, section in enumerate(definition.section)}
    return sorted(found, key=lambda difference: order.get(difference.place.section.key, len(order)))


def word_by_word(was: str, now: str, effort: Effort | None = None) -> Compared:
    """The two texts as one run of pieces. `effort` is shared by what stands on one page."""
    effort = effort or Effort()
    told = _PieceWriter()
    for gone, new in _pairs(_LINES.findall(was), _LINES.findall(now), effort, told):
        for less, more in _pairs(_WORDS.findall(gone), _WORDS.findall(new), effort, told):
            told.changed(less, more)
    return told.done()


def both(was: str, now: str) -> Compared:
    """The one after the other, for what is no text."""
    told = _PieceWriter()
    told.changed(was, now)
    return told.done()


# Steps


class _PieceWriter:
    """Puts pieces together as they are found."""

    def __init__(self) -> None:
        self._pieces: list[TextPiece] = []
        self._gone: list[str] = []
        self._new: list[str] = []
        self.gave_up = False

    def same(self, words: str) -> None:
        if words.isspace() and (self._gone or self._new):
            # One space between two changed words holds nothing together: read on as one change.
            self._gone.append(words)
            self._new.append(words)
        elif words:
            self._close()
            self._pieces.append(TextPiece("same", words))

    def changed(self, gone: str, new: str) -> None:
        self._gone.append(gone)
        self._new.append(new)

    def done(self) -> Compared:
        self._close()
        joined: list[TextPiece] = []
        for piece in self._pieces:
            if joined and joined[-1].kind == piece.kind == "same":
                joined[-1] = TextPiece("same", joined[-1].words + piece.words)
            else:
                joined.append(piece)
        return Compared(tuple(joined), self.gave_up)

    def _close(self) -> None:
        """The spaces that both end with belong to neither."""
        gone, new = "".join(self._gone), "".join(self._new)
        self._gone, self._new = [], []
        rest = _common_end(gone[len(gone.rstrip()) :], new)
        end = len(rest)
        pieces = [
            TextPiece("gone", gone[: len(gone) - end]),
            TextPiece("new", new[: len(new) - end]),
            TextPiece("same", rest),
        ]
        self._pieces += [piece for piece in pieces if piece.words]


def _common_end(spaces: str, other: str) -> str:
    length = 0
    while length < min(len(spaces), len(other)) and spaces[-1 - length] == other[-1 - length]:
        length += 1
    return spaces[len(spaces) - length :]


def _pairs(
    before: Sequence[str], after: Sequence[str], effort: Effort, told: _PieceWriter
) -> Iterator[tuple[str, str]]:
    """What changed, in order, each as what went and what came; what is the same is told in between."""
    start, own = 0, _STEPS_FOR_A_WORD * (len(before) + len(after))
    shortest = min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    end = 0
    while end < shortest - start and before[-1 - end] == after[-1 - end]:
        end += 1
    told.same("".join(before[:start]))
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    runs = _runs(one, other, effort, own) if one and other else []
    if runs is None:
        told.gave_up, runs = True, []
    at_one = at_other = 0
    for run_one, run_other, length in [*runs, (len(one), len(other), 0)]:
        if run_one > at_one or run_other > at_other:
            yield "".join(one[at_one:run_one]), "".join(other[at_other:run_other])
        at_one, at_other = run_one + length, run_other + length
        told.same("".join(one[run_one:at_one]))
    told.same("".join(before[len(before) - end :]))


def _runs(before: Sequence[str], after: Sequence[str], effort: Effort, own: int) -> list[tuple[int, int, int]] | None:
    """Where the two are the same, with the fewest changes in between: from where in the one, in the other, how long.
    None when finding it would take too much work.

    On diagonal k of a grid of the two, `furthest[k]` is how far `before` is read after so many changes. Each round
    allows one change more; the rounds are kept, to walk back from the end along the way that was quickest.
    """
    long, high = len(before), len(after)
    furthest = {1: 0}
    rounds: list[dict[int, int]] = []
    for changes in range(long + high + 1):
        steps, ends = 0, dict[int, int]()
        for k in range(-changes, changes + 1, 2):
            if not -high <= k <= long:
                continue
            down = k == -changes or (k != changes and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))
            x = furthest.get(k + 1, 0) if down else furthest[k - 1] + 1
            begun, y = x, x - k
            while x < long and y < high and before[x] == after[y]:
                x, y = x + 1, y + 1
            steps += 1 + x - begun
            ends[k] = x
            if x >= long and y >= high:
                effort.take(steps, own)
                return _walked_back([*rounds, ends], long, high)
        rounds.append(ends)
        furthest = ends
        if not effort.take(steps, own):
            return None
        own = max(0, own - steps)
    raise AssertionError("after as many changes as there are words, every word has been changed")


def _walked_back(rounds: list[dict[int, int]], long: int, high: int) -> list[tuple[int, int, int]]:
    runs, x, y = [], long, high
    for changes in range(len(rounds) - 1, 0, -1):
        k, before = x - y, rounds[changes - 1]
        down = k == -changes or (k != changes and before.get(k - 1, -1) < before.get(k + 1, -1))
        from_x = before[k + 1] if down else before[k - 1]
        from_y = from_x - (k + 1 if down else k - 1)
        begun = from_x if down else from_x + 1
        if x > begun:
            runs.append((begun, begun - k, x - begun))
        x, y = from_x, from_y
    if x:
        runs.append((0, 0, x))
    return runs[::-1]
