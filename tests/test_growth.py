"""Ten times the text takes at most fifteen times the work, in every function that looks at what people wrote, and with
texts that were made to be hard on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal import text
from portal.access.signin import passwords
from portal.services import account_import, search
from portal.services.plan_difference import Effort, word_by_word
from tests.growth import assert_grows_with_its_text

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
        text.is_address,
        text.as_html,
        text.in_order,
        lambda words: list(text.words(words)),
        search.stems,
    ],
    ids=["plain", "line", "is_blank", "file_name", "is_address", "as_html", "in_order", "words", "stems"],
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
            account_import._rows(head + content)
        except account_import.InvalidInput:
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
