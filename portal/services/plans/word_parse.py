"""Which answer each cell of a Word file is, once it has come back. Pure: nothing here knows what may be done with it.

A cell is known by the tag of its content control, by the bookmark of its question, or, where an editor dropped both,
by what its table asks. A row that is there twice was copied: the second one is a new row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.documents.sheet import bookmark_of
from portal.documents.word_form import WordForm, WordPiece, WordRow
from portal.tools import answer_parse
from portal.tools.definition import NEW_ROW, Definition, Place, Section, rows


@dataclass(frozen=True)
class NewRow:
    """A row that the plan did not have when the file was taken out."""

    key: str
    """Names it among the new rows of this file."""
    section: Section
    words: Mapping[str, str]
    """Key of the question -> what stands there."""


@dataclass
class Written:
    """What a file says, by address; nothing of it is understood or checked yet."""

    answers: dict[str, str] = field(default_factory=dict)
    new_rows: list[NewRow] = field(default_factory=list)
    order: dict[str, list[str]] = field(default_factory=dict)
    """Section -> its rows that were there already, as they stand in the file."""
    outside: list[str] = field(default_factory=list)
    """What stands where no answer is asked for."""


_Group = tuple[str, str, int]
"""Section, row, and which time that row occurs."""


def read_word_form(form: WordForm, definition: Definition, base: Mapping[str, str]) -> Written:
    """`definition` and `base` are the questions and answers the file was made of."""
    reading = _WordReading(definition, base)
    for piece in form.pieces:
        reading.take(piece)
    return reading.sorted_out()


class _WordReading:
    def __init__(self, definition: Definition, base: Mapping[str, str]) -> None:
        self._definition, self._base = definition, base
        places = [*definition.places(base)]
        for section in definition.section:
            places += [Place(section, NEW_ROW, question) for question in section.question if section.row]
        self._places = {place.address: place for place in places}
        self._marked = {bookmark_of(place.address): place for place in places}
        self._seen: Counter[str] = Counter()
        self._groups: dict[_Group, dict[str, str]] = {}
        self._nameless: dict[str, list[_Group]] = {}
        self._written = Written()

    def take(self, piece: WordPiece) -> None:
        if piece.kind == "text":
            self._written.outside.append(piece.words)
        if piece.kind != "table":
            return
        if any(self._place(row) for row in piece.rows):
            self._take_known(piece)
        elif section := self._asks(piece):
            self._take_nameless(piece, section)
        elif not any(mark.startswith("answer_") for row in piece.rows for mark in row.bookmarks):
            told = [f"{row.label}: {row.words}" if row.label else row.words for row in piece.rows]
            self._written.outside.append("\n".join(told))

    def _place(self, row: WordRow) -> Place | None:
        found = [self._places[tag] for tag in row.tags if tag in self._places]
        found += [self._marked[mark] for mark in row.bookmarks if mark in self._marked]
        return found[0] if found else None

    def _take_known(self, piece: WordPiece) -> None:
        last: Place | None = None
        for row in piece.rows:
            place = self._place(row)
            if place is None and last is not None:
                key = answer_parse.labels(last.section).get(answer_parse.label_of(row.label), "")
                question = last.section.question_of(key)
                place = Place(last.section, last.row, question) if question else None
            if place is None:
                self._written.outside.append(f"{row.label}: {row.words}")
                continue
            last = place
            group = (place.section.key, place.row, self._seen[place.address])
            self._seen[place.address] += 1
            self._groups.setdefault(group, {})[place.question.key] = row.words

    def _asks(self, piece: WordPiece) -> Section | None:
        """The section that asks what a table asks, if there is just one."""
        asked = {answer_parse.label_of(row.label) for row in piece.rows}
        fits = []
        for section in self._definition.section:
            found = answer_parse.labels(section)
            if asked and asked <= set(found) and 2 * len(asked) >= len(section.question):
                fits.append(section)
        return fits[0] if len(fits) == 1 else None

    def _take_nameless(self, piece: WordPiece, section: Section) -> None:
        group = (section.key, f"?{len(self._groups)}" if section.row else "", 0)
        if section.row:
            self._nameless.setdefault(section.key, []).append(group)
        elif group in self._groups:
            self._written.outside += [f"{row.label}: {row.words}" for row in piece.rows]
            return
        keys = answer_parse.labels(section)
        self._groups[group] = {keys[answer_parse.label_of(row.label)]: row.words for row in piece.rows}

    def sorted_out(self) -> Written:
        paired = self._pair_nameless()
        for group, words in self._groups.items():
            section = self._definition.section_of(group[0])
            assert section is not None  # noqa: S101  it came from the definition
            row, nth = paired.get(group, (group[1], group[2]))
            is_there = row in rows(self._base, section.key) if section.row else True
            if is_there and nth == 0:
                dot = f"{section.key}.{row}." if row else f"{section.key}."
                self._written.answers |= {f"{dot}{key}": said for key, said in words.items()}
                self._written.order.setdefault(section.key, []).append(row)
            elif not section.row:
                self._written.outside += [said for said in words.values() if said.strip()]
            elif any(said.strip() for said in words.values()):
                copied = self._groups.get((section.key, row, 0)) if nth else None
                if words != copied:
                    key = f"{section.key}.{NEW_ROW}{len(self._written.new_rows)}"
                    self._written.new_rows.append(NewRow(key, section, words))
        return self._written

    def _pair_nameless(self) -> dict[_Group, tuple[str, int]]:
        """Where an editor dropped every mark of a section, its rows are taken in their order; where some are marked,
        the others are new."""
        paired: dict[_Group, tuple[str, int]] = {}
        for key, groups in self._nameless.items():
            if any(where == key and not row.startswith("?") for where, row, _nth in self._groups):
                continue
            for group, row in zip(groups, rows(self._base, key), strict=False):
                paired[group] = (row, 0)
        return paired
