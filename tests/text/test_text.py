"""Text people typed: kept as it is, freed of tricks, shown as words."""

from __future__ import annotations

import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator

import nh3
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from portal.text import as_html, file_name, in_order, is_blank, line, plain, with_numbers, words


@pytest.mark.parametrize(
    ("sent", "saved"),
    [
        ("plan.pdf", "plan.pdf"),
        ("C:\\Users\\mette\\plan.pdf", "plan.pdf"),
        ("../../../etc/passwd", "passwd"),
        ("a\x00b\nc.pdf", "ab c.pdf"),
        ('<script>alert("x")</script>.pdf', "script>.pdf"),
        ("...", ""),
        ("/", ""),
        ("\u202e\u2066", ""),
        (" . navn .pdf . ", "navn .pdf"),
        ("æ" * 250 + ".docx", "æ" * 195 + ".docx"),
        ("x" * 250, "x" * 200),
        ("x." + "y" * 250, ("x." + "y" * 250)[:200]),
    ],
)
def test_a_file_keeps_its_name_but_no_path_and_no_tricks(sent: str, saved: str) -> None:
    assert file_name(sent) == saved


@given(name=st.text(max_size=400))
def test_no_name_can_be_a_path_or_hide_what_it_is(name: str) -> None:
    saved = file_name(name)
    assert len(saved) <= 200
    assert not set(saved) & set("/\\\x00\n\r\t\u202e\u2066\u200b")
    assert saved not in (".", "..")
    assert file_name(saved) == saved, "nothing more to take off"


def test_emoji_families_and_flags_survive() -> None:
    for emoji in ("👩\u200d👧\u200d👦", "🇩🇰", "🏴\U000e0067\U000e0062\U000e007f"):
        assert plain(emoji) == emoji


def test_different_ways_to_write_a_letter_become_one() -> None:
    assert line("A\u030arhus") == "Århus"


@given(typed=st.text(max_size=300), again=st.text(max_size=300))
def test_what_is_kept_is_in_one_form_and_stays_as_it_is(typed: str, again: str) -> None:
    for saved in (plain(typed), line(typed), plain(f"{typed}\r\n{again}"), file_name(again)):
        assert unicodedata.is_normalized("NFC", saved)
        assert plain(saved) == saved
        assert not is_blank(saved) or not saved
    assert line(line(typed)) == line(typed)


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_is_one_character_whatever_wrote_it(ending: str) -> None:
    assert plain(f"Hej{ending}Alma") == "Hej\nAlma"


def test_a_word_processors_symbols_are_read_and_what_nobody_knows_is_seen() -> None:
    assert plain("\uf0b7 Ring \uf0e0 skole \uf0fc \uf04a") == "• Ring → skole ✓ ☺"
    assert plain("\ue123\U000f0001") == "\ufffd\ufffd"
    assert plain("a\uffffb\ufdd0c\U0010ffffd") == "abcd"


@pytest.mark.parametrize(
    "nothing",
    ["", " ", "\xad", "\u200b\u200b", "\u2060", "\u3164", "\u2800", "\u115f \u1160", "\ufe0f", "\u200d\u200c", "\u0301",
     "\u180e\u034f", "\U000e0041", "\ufffc", "\xa0\u3000\t\n", "\x00\x1f", "\ud800", "\uffff"],
)  # fmt: skip
def test_a_blank_that_is_not_blank_is_no_name(nothing: str) -> None:
    assert is_blank(nothing)
    assert (line(nothing), plain(nothing), file_name(nothing)) == ("", "", "")
    assert line(f"{nothing}Alma") == "Alma" or unicodedata.combining(nothing)


def test_a_name_looks_like_what_it_is() -> None:
    assert line("\u3164Alma\u2800") == "Alma"
    assert line("Al\u00adma") == "Alma"
    assert line("Alma\u200d") == "Alma"
    assert line("Alma\u3164\u3164Dahl") == "Alma Dahl"
    assert line("می\u200cخواهم") == "می\u200cخواهم", "a joiner that Persian needs"
    assert line("❤\ufe0f") == "❤\ufe0f"


def test_accents_without_end_are_cut_and_a_language_is_not() -> None:
    assert len(plain("a" + "\u0301\u0327" * 5000)) <= 32
    for words_of_a_language in ("Tiếng Việt", "ភាសាខ្មែរ", "ཨོཾ་མ་ཎི", "שָׁלוֹם"):
        assert line(words_of_a_language) == unicodedata.normalize("NFC", words_of_a_language)


@given(typed=st.text(max_size=500))
def test_whatever_is_typed_is_shown_and_nothing_of_it_runs(typed: str) -> None:
    shown_clean_and_whole(typed)


ADDRESSES = st.sampled_from(
    ["https://www.borger.dk/a", "Https://kommune.dk", "www.hjælp.app", "http://x.dk/?a=1&b=2#c", "mailto:m@k.dk",
     "m.k@k-n.dk", "https://", "http://[::1]/a", "javascript:alert(1)", "data:text/html,<b>", "www.", "@", "https://a.dk/\"onclick=x"]
)  # fmt: skip
AROUND = st.sampled_from(
    [" ", "<", ">", "(", ")", "[", "]", ".", ",", "!", "?", '"', "'", "\n", "\n\n", "&", "<b>", "”", "…", "ø"]
)


@given(pieces=st.lists(st.one_of(ADDRESSES, AROUND, st.text(max_size=5)), max_size=12))
def test_addresses_among_anything_are_links_and_nothing_else_is(pieces: list[str]) -> None:
    for link in shown_clean_and_whole("".join(pieces)).find_all("a"):
        said = link.get_text().replace(" ", "")
        assert str(link["href"]).startswith(("https://", "http://", "mailto:", "tel:"))
        assert str(link["href"]).endswith(said[8:]), "it leads where it says"
        assert not set(link.get_text()) & set('<>"\n')


def shown_clean_and_whole(typed: str) -> BeautifulSoup:
    """The page of it, after a second, unrelated sanitiser found nothing to take away and every word is there."""
    html = str(as_html(typed))
    allowed = nh3.clean(
        html,
        tags={"a", "p", "br"},
        attributes={"a": {"href", "rel"}},
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
    )
    shown, judged = BeautifulSoup(html, "html.parser"), BeautifulSoup(allowed, "html.parser")
    tags = [[(tag.name, sorted(tag.attrs.items())) for tag in soup.find_all(True)] for soup in (shown, judged)]
    assert tags[0] == tags[1]
    assert shown.get_text() == judged.get_text()
    assert "".join(shown.get_text().split()) == "".join(plain(typed).split())
    return shown


@pytest.mark.parametrize(
    ("typed", "shown", "leads"),
    [
        ("Se http://dr.dk nu", "http://dr.dk", "http://dr.dk"),
        ("Se https://dr.dk/a?b=1&c=2.", "https://dr.dk/a?b=1&c=2", "https://dr.dk/a?b=1&c=2"),
        ("www.dr.dk", "www.dr.dk", "https://www.dr.dk"),
        ("<https://www.borger.dk/a>", "https://www.borger.dk/a", "https://www.borger.dk/a"),
        ("Https://kommune.dk", "Https://kommune.dk", "https://kommune.dk"),
        ("HTTPS://KOMMUNE.DK/Plan", "HTTPS://KOMMUNE.DK/Plan", "https://KOMMUNE.DK/Plan"),
        ("https://snak.app og mere", "https://snak.app", "https://snak.app"),
        ("(se www.ung.museum/åben)", "www.ung.museum/åben", "https://www.ung.museum/åben"),
        ("https://da.wikipedia.org/wiki/Mål_(sport)!", "https://da.wikipedia.org/wiki/Mål_(sport)", "https://da.wikipedia.org/wiki/Mål_(sport)"),
        ("“https://dr.dk”", "https://dr.dk", "https://dr.dk"),
        ("https://dr.dk/a,b;c?d", "https://dr.dk/a,b;c?d", "https://dr.dk/a,b;c?d"),
        ("https://blåbær.dk/…", "https://blåbær.dk/", "https://blåbær.dk/"),
        ("Skriv til mette@kommune.dk.", "mette@kommune.dk", "mailto:mette@kommune.dk"),
        ("mailto:søren@kommune.dk", "mailto:søren@kommune.dk", "mailto:søren@kommune.dk"),
        ("Ring på 12 34 56 78.", "12 34 56 78", "tel:12345678"),
        ("Livslinien 70 201 201 eller", "70 201 201", "tel:70201201"),
        ("+45 12 34 56 78", "+45 12 34 56 78", "tel:+4512345678"),
        ("(+4512345678)", "+4512345678", "tel:+4512345678"),
        ("116 111", "116 111", "tel:116111"),
        ("MAILTO:Mette@Kommune.DK", "MAILTO:Mette@Kommune.DK", "mailto:Mette@Kommune.DK"),
    ],
)  # fmt: skip
def test_an_address_is_a_link_that_tells_the_other_side_nothing(typed: str, shown: str, leads: str) -> None:
    links = shown_clean_and_whole(typed).find_all("a")
    assert [(link.get_text(), link["href"]) for link in links] == [(shown, leads)]
    assert links[0]["rel"] == ["nofollow", "noopener", "noreferrer"]


@pytest.mark.parametrize(
    "not_one",
    ["javascript:alert(1)", "navn.dk", "1.2.3", "data:text/html,x", "https://", "http:///x", "www.", "www.dk", "a@b",
     "@navn.dk", "010203 1234", "01 02 03 12 34", "12345678", "112", "24 12 2026", "12 34 56 78 90",
     "1.12 34 56 78", "12 34 56 78-9", "xhttps://dr.dk", "https://" + "a" * 3000],
)  # fmt: skip
def test_what_is_no_address_stays_words(not_one: str) -> None:
    assert not shown_clean_and_whole(f"Se {not_one} nu").find_all("a")


def test_whom_to_call_can_be_tapped() -> None:
    said = with_numbers("Ring 112 eller 70 201 201 & 116 111, ikke 1120 eller <b>12</b>.")
    leads = [link["href"] for link in BeautifulSoup(said, "html.parser").find_all("a")]
    assert leads == ["tel:112", "tel:70201201", "tel:116111"]
    assert "&lt;b&gt;12&lt;/b&gt;" in said


# Found


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("A\u030arhus", "århus"),
        ("bl\u00adå\u00adbær", "blåbær"),
        ("blå\u200bbær", "blåbær"),
        ("eﬃcient ﬁn", "fin"),
        ("behand-\nling", "behandling"),
        ("behand-\r\n   ling", "behandling"),
        ("behand\xad\nling", "behandling"),
        ("behand\ufffe\nling", "behandling"),
        ("behand\x02\r\nling", "behandling"),
        ("e-\nmail", "mail"),
        ("STRASSE", "straße"),
        ("ＡＢＣ", "abc"),
        ("plads\u2060en", "pladsen"),
        ("bo-\nformen, arbejds-\nmarked", "arbejdsmarked"),
    ],
)  # fmt: skip
def test_a_word_is_the_same_word_however_it_was_written(written: str, asked: str) -> None:
    assert set(words(asked)) <= set(words(written))
    assert set(words(asked.upper())) <= set(words(written))


@given(
    word=st.text(st.characters(categories=["L"]), min_size=1, max_size=12),
    mark=st.sampled_from("\xad\u200b\u2060\ufeff"),
)
def test_unseen_characters_hide_no_word(word: str, mark: str) -> None:
    assert list(words(mark.join(word))) == list(words(word))


# Sorted


def test_names_are_sorted_as_danes_do() -> None:
    wanted = [
        "Anders",
        "bilag 2",
        "bilag 10",
        "Bilag 010a",
        "Émile",
        "Zebra",
        "Ærlig",
        "Østen",
        "Åben",
        "Aabenraa",
        "Ålborg",
    ]
    mixed = wanted[::2] + wanted[1::2]
    assert sorted(mixed, key=in_order) == wanted


@pytest.fixture(scope="module")
def collator() -> Iterator[subprocess.Popen[str]]:
    """The collation of another program (Unicode's own library in Node), for Danish with numbers by their worth."""
    script = """
      const order = new Intl.Collator("da", {numeric: true});
      require("readline").createInterface({input: process.stdin}).on("line", (asked) =>
        console.log(JSON.stringify(JSON.parse(asked).sort(order.compare))));
    """
    with subprocess.Popen(["node", "-e", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        yield node


LETTERS = "abdeaaåæøzvwyüöéèAÅÆØZ0123459 "


# That library reads the a in front of an å as the first of two, because it takes the ring off first, and aA as two.
NAMES = st.text(LETTERS, min_size=1, max_size=7).filter(lambda name: not re.search("a+[åÅ]|A+[åÅ]|aA|^ | $|  ", name))


@given(names=st.lists(NAMES, max_size=8, unique=True))
def test_another_program_sorts_the_same_way(collator: subprocess.Popen[str], names: list[str]) -> None:
    node = collator
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps(names) + "\n")
    node.stdin.flush()
    theirs, ours = json.loads(node.stdout.readline()), sorted(names, key=in_order)
    # What differs in accents, capitals or how a letter is written alone may stand in either order.
    assert [in_order(name)[0] for name in theirs] == [in_order(name)[0] for name in ours]


@given(name=st.text(max_size=60), other=st.text(max_size=60))
def test_any_two_names_have_an_order(name: str, other: str) -> None:
    assert (
        (in_order(name) < in_order(other))
        or (in_order(other) < in_order(name))
        or plain(name) == plain(other)
        or name == other
        or in_order(name) == in_order(other)
    )


def test_a_number_without_end_is_a_number() -> None:
    assert in_order("bilag 2") < in_order("bilag " + "9" * 6000) < in_order("bilag 1" + "0" * 6000)
    assert in_order("٢") == in_order("٢") < in_order("10"), "in any writing"
