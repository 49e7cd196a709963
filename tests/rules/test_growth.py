"""Ten times the text takes at most fifteen times the work, in every function that looks at what people wrote, and with
texts that were made to be hard on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from portal import addresses, text
from portal.access.signin import passwords
from portal.documents import ring_map, symbols, word_text
from portal.documents.ring_map import Figure, RingMap
from portal.documents.word_form import WordForm, WordPiece, WordRow
from portal.services.accounts import bulk_import
from portal.services.plans import diff, timeline, word_compare
from portal.services.plans.diff import Effort, word_by_word
from portal.services.plans.word_compare import Stands
from portal.services.shared import search_index
from portal.tools import answer_parse
from portal.tools.answer_parse import ParseError
from portal.tools.definition import rows
from portal.tools.library import definition
from tests.support.growth import assert_grows_with_its_text

Make = Callable[[int], str]

HARD: dict[str, Make] = {
    "ordinary": lambda n: "Alma møder op på skolen i morgen. " * (n // 34),
    "one word": lambda n: "a" * n,
    "spaces": lambda n: "a" + " " * n + "b",
    "lines": lambda n: "a\n" * (n // 2),
    "paragraphs": lambda n: "a\n\n" * (n // 3),
    "windows' lines": lambda n: "a\r\n" * (n // 3),
    "hyphens": lambda n: "a-\n" * (n // 3),
    "hyphens and spaces": lambda n: "-" + " " * n,
    "numbers": lambda n: "1 " * (n // 2),
    "one number": lambda n: "9" * n,
    "accents": lambda n: "a" + "\u0327\u0301" * (n // 2),
    "accents the wrong way": lambda n: "a" + "\u0301" * (n // 2) + "\u0327" * (n // 2),
    "accents and letters": lambda n: "a\u0301\u0327" * (n // 3),
    "long decompositions": lambda n: "\ufdfa" * n,
    "emoji": lambda n: "👩\u200d👧\u200d👦" * (n // 5),
    "unseen": lambda n: "\xad\u3164" * (n // 2),
    "private": lambda n: "\uf0b7" * n,
    "half characters": lambda n: "\ud800" * n,
    "reading directions": lambda n: "\u202ea" * (n // 2),
    "addresses": lambda n: "https://dr.dk " * (n // 14),
    "one address": lambda n: "https://dr.dk/" + "a" * n,
    "brackets": lambda n: "https://dr.dk/" + "(" * (n // 2) + ")" * (n // 2),
    "closing brackets": lambda n: "www.dr.dk/" + ")" * n,
    "full stops": lambda n: "https://dr.dk" + "." * n,
    "nearly addresses": lambda n: "http://" * (n // 7),
    "w": lambda n: "www." * (n // 4),
    "at signs": lambda n: "a@" * (n // 2),
    "a mail address": lambda n: "a@" + "b." * (n // 2) + "1",
    "long names of a mail address": lambda n: ("a" * 63 + "@") * (n // 64),
    "angle brackets": lambda n: "<" * n,
    "tags": lambda n: "<a href=" * (n // 8),
    "commas": lambda n: "Ja, " * (n // 4),
    "quotes": lambda n: '"' * n,
    "slashes": lambda n: "a/\\" * (n // 3),
}


@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize(
    "function",
    [
        text.plain,
        text.line,
        text.is_blank,
        text.file_name,
        addresses.normal,
        text.as_html,
        text.in_order,
        lambda words: list(text.words(words)),
        search_index.stems,
    ],
    ids=["plain", "line", "is_blank", "file_name", "normal", "as_html", "in_order", "words", "stems"],
)
def test_text_is_cleaned_sorted_searched_and_shown(function: Callable[[str], object], kind: str) -> None:
    assert_grows_with_its_text(function, HARD[kind], 5_000)


def no_line(_words: str) -> None:
    """What is no list is refused; the time until then counts."""


@pytest.mark.parametrize("kind", HARD)
def test_passwords_are_looked_at(kind: str) -> None:
    """A password may be as long as it likes; only its beginning is looked at."""

    def refused(password: str) -> None:
        with pytest.raises(Exception, match="password_"):
            passwords.refuse_weak(password)

    assert_grows_with_its_text(refused, HARD[kind], 5_000)


@pytest.mark.parametrize("kind", HARD)
def test_lists_of_accounts_are_read(kind: str) -> None:
    head = "navn;e-mail;stilling;enhed\n"

    def read(content: str) -> None:
        try:
            bulk_import._rows(head + content)
        except bulk_import.InvalidInput:
            return

    assert_grows_with_its_text(read, HARD[kind], 5_000)


# Comparing two texts

PAIRS: dict[str, tuple[Make, Make]] = {
    "nothing but the spaces is the same": (lambda n: "a  " * (n // 3), lambda n: "b  " * (n // 3)),
    "nothing but the line breaks": (lambda n: "a\n" * (n // 2), lambda n: "b\n" * (n // 2)),
    "every other word": (lambda n: "a b c " * (n // 6), lambda n: "b x c " * (n // 6)),
    "the same words the other way round": (
        lambda n: " ".join(str(i) for i in range(n // 6)),
        lambda n: " ".join(str(i) for i in reversed(range(n // 6))),
    ),
    "one text twice as long": (lambda n: "a b " * (n // 4), lambda n: "a b " * (n // 8)),
    "two letters": (lambda n: "a a b " * (n // 6), lambda n: "b a a b " * (n // 8)),
    "one word each": (lambda n: "a" * n, lambda n: "b" * n),
    "the same but for its ends": (lambda n: "x " + "a b " * (n // 4), lambda n: "a b " * (n // 4) + " y"),
    "lines moved": (
        lambda n: "".join(f"linje {i}\n" for i in range(n // 10)),
        lambda n: "".join(f"linje {i}\n" for i in reversed(range(n // 10))),
    ),
    "spaces alone": (lambda n: "a" + " " * n, lambda n: "b" + " " * n + "\n"),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_two_texts_are_compared(kind: str) -> None:
    was, now = PAIRS[kind]
    assert_grows_with_its_text(lambda pair: word_by_word(*pair), lambda n: (was(n), now(n)), 10_000)


@pytest.mark.parametrize("kind", PAIRS)
def test_the_work_of_a_comparison_is_counted_and_bounded(kind: str) -> None:
    """Counted in steps, which no busy machine changes: for any pair of the longest answers, and for a page of many."""
    was, now = (made(100_000) for made in PAIRS[kind])
    effort = Effort()
    for number in range(1, 4):
        word_by_word(was, now, effort)
        words = len(was.split()) + len(now.split())
        assert effort.spent <= 1_000_000 + number * (40 * words + 100_000)


# What comes back in a Word file

GOALS = definition("goals_and_agreements")
assert GOALS is not None


def stands(answers: dict[str, str]) -> Stands:
    return Stands(GOALS, answers, GOALS, answers, {}, frozenset(), {}, lambda _question: True, lambda _question: True)  # type: ignore[arg-type]


def new_rows(count: int) -> tuple[WordForm, Stands]:
    """A file with so many goals and agreements that the plan does not have, each agreement for one of the goals."""
    pieces = []
    for number in range(count):
        goal = [("Målet", f"Mål {number}"), ("Hvorfor det er vigtigt for mig", "ord"), ("Senest", "1.5.2027"),
                ("Hvordan går det?", "I gang"),
                ("Hvad handler det om?", "Bolig"), ("Skridt på vej mod målet", f"Mål {number // 2}")]  # fmt: skip
        deal = [("Hører til målet", f"Mål {number}"), ("Hvad er aftalt?", "ringer"), ("Hvornår?", "1.5.2027"),
                ("Hvordan følger vi op?", "i maj")]  # fmt: skip
        tables = (tuple(WordRow(label, words, (), ()) for label, words in asked) for asked in (goal, deal))
        pieces += [WordPiece("table", rows=table) for table in tables]
    return WordForm((), tuple(pieces), tracked=False, comments=0, pictures=0), stands({})


def one_table(count: int) -> tuple[WordForm, Stands]:
    """A file whose one table says a great deal that nobody asks."""
    table = [
        WordRow("Målet", "x", ("goals.new.words",), ()),
        *(WordRow(f"Nr. {n}", "x" * 20, (), ()) for n in range(count)),
    ]
    return WordForm((), (WordPiece("table", rows=tuple(table)),), tracked=False, comments=0, pictures=0), stands({})


@pytest.mark.parametrize("made", [new_rows, one_table])
def test_a_word_file_is_compared_with_the_plan(made: Callable[[int], tuple[WordForm, Stands]]) -> None:
    assert_grows_with_its_text(lambda of: word_compare.compare(*of), made, 60)


@pytest.mark.parametrize("kind", [*HARD, "known names", "one name with commas"])
def test_answers_are_understood(kind: str) -> None:
    known = answer_parse.called([("a", "Ja"), ("b", "Ja, tak"), ("c", "x, y, z")])
    make = {"known names": lambda n: "Ja, " * (n // 4), "one name with commas": lambda n: "x, y, z; " * (n // 9)}
    questions = [question for section in GOALS.section for question in section.question]
    kinds = {question.kind: question for question in questions}

    def read(words: str) -> None:
        for question in kinds.values():
            try:
                answer_parse.parse_answer(question, words, known)
            except ParseError:
                continue

    assert_grows_with_its_text(read, {**HARD, **make}[kind], 5_000)


W = word_text.W[1:-1]
OPEN = f'<w:p xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
PARTS = {
    "runs": "<w:r><w:t>ord </w:t></w:r>",
    "hidden runs": "<w:r><w:rPr><w:vanish/></w:rPr><w:t>ord </w:t></w:r>",
    "fields that never end": '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
    "fields that never begin": '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    "signs": '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>',
    "formulas": "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den/></m:f></m:oMath>",
    "boxes": "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>x</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>",
}


@pytest.mark.parametrize("kind", PARTS)
def test_the_words_of_a_document_are_gathered(kind: str) -> None:
    def read(root: object) -> None:
        word_text.WordText(symbols, None, {}).of(root)

    assert_grows_with_its_text(read, lambda n: etree.fromstring(f"{OPEN}{PARTS[kind] * n}</w:p>"), 300)


# What is drawn and told of rows

SUPPORT = definition("intervention_overview")
assert SUPPORT is not None


@pytest.mark.parametrize("until", ["", "2026-06-01", "2027-04-20"])
def test_supports_are_drawn_as_a_line_of_time(until: str) -> None:
    def made(count: int) -> dict[str, str]:
        answers = {"support": " ".join(f"{number:08x}" for number in range(count))}
        for row in rows(answers, "support"):
            told = {"title": "Mentor", "area": "work", "from": "2026-01-01", "until": until}
            answers |= {f"support.{row}.{key}": value for key, value in told.items()}
        return answers

    today, majority = timeline.date(2026, 6, 1), timeline.date(2027, 4, 26)
    assert_grows_with_its_text(lambda answers: timeline.draw(SUPPORT.section[0], answers, today, majority), made, 200)


@pytest.mark.parametrize("ring", ["near", ""])
def test_people_are_drawn_on_a_map(ring: str) -> None:
    def made(count: int) -> RingMap:
        figures = [Figure(str(number), "Mormor", "family", ring) for number in range(count)]
        return RingMap("t", "Alma", [("family", "Familie")], [("near", "Tæt")], figures, "")

    assert_grows_with_its_text(ring_map.write, made, 100)


def test_two_versions_are_compared() -> None:
    def made(count: int) -> tuple[dict[str, str], dict[str, str]]:
        found = []
        for word in ("a b ", "b c "):
            answers = {"goals": " ".join(f"{number:08x}" for number in range(count))}
            answers |= {f"goals.{row}.words": f"{row} {word * 20}" for row in rows(answers, "goals")}
            found.append(answers)
        return found[0], found[1]

    assert_grows_with_its_text(lambda pair: diff.between(GOALS, *pair), made, 20)
