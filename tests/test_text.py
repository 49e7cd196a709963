"""Text people typed: kept as it is, freed of tricks, shown as words."""

from __future__ import annotations

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.text import as_html, file_name, line, plain


@pytest.mark.parametrize(
    ("sent", "kept"),
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
def test_a_file_keeps_its_name_but_no_path_and_no_tricks(sent: str, kept: str) -> None:
    assert file_name(sent) == kept


@given(name=st.text(max_size=400))
def test_no_name_can_be_a_path_or_hide_what_it_is(name: str) -> None:
    kept = file_name(name)
    assert len(kept) <= 200
    assert not set(kept) & set("/\\\x00\n\r\t\u202e\u2066\u200b")
    assert kept not in (".", "..")
    assert file_name(kept) == kept, "nothing more to take off"


def test_emoji_families_and_flags_survive() -> None:
    for emoji in ("👩\u200d👧\u200d👦", "🇩🇰", "🏴\U000e0067\U000e0062\U000e007f"):
        assert plain(emoji) == emoji


def test_different_ways_to_write_a_letter_become_one() -> None:
    assert line("A\u030arhus") == "Århus"


@given(words=st.text(max_size=500))
def test_whatever_is_typed_is_shown_and_nothing_of_it_runs(words: str) -> None:
    html = str(as_html(words))
    # A second, unrelated sanitiser finds nothing left to take away.
    allowed = nh3.clean(html, tags={"a", "p", "br"}, attributes={"a": {"href", "rel"}}, link_rel=None)
    assert allowed.replace("\xa0", " ") == html.replace("&nbsp;", " ").replace("\xa0", " ").replace(
        "&#34;", '"'
    ).replace("&#39;", "'") or _same_words(allowed, html)


def _same_words(one: str, other: str) -> bool:
    from bs4 import BeautifulSoup

    first, second = BeautifulSoup(one, "html.parser"), BeautifulSoup(other, "html.parser")
    tags = [[(t.name, sorted(t.attrs)) for t in soup.find_all(True)] for soup in (first, second)]
    return tags[0] == tags[1] and first.get_text() == second.get_text()


@pytest.mark.parametrize("address", ["http://dr.dk", "https://dr.dk/a?b=1", "www.dr.dk"])
def test_web_addresses_become_links_that_tell_the_other_side_nothing(address: str) -> None:
    html = str(as_html(f"Se {address} nu"))
    assert f">{address}</a>" in html
    assert 'rel="nofollow noopener noreferrer"' in html


@pytest.mark.parametrize("not_one", ["javascript:alert(1)", "navn.dk", "mette@kommune.dk", "1.2.3", "data:text/html,x"])
def test_what_is_no_web_address_stays_words(not_one: str) -> None:
    assert "<a" not in str(as_html(f"Se {not_one} nu"))
