"""The checks that every page of every test goes through see what they are there for, also on a page like one before."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.browser import check_page, skeleton

PAGE = """<!doctype html><html lang="da"><head><title>Sagen</title></head><body><h1 id="top">Sagen</h1>
<form method="post"><input type="hidden" name="csrf_token" value="x"><label for="a">Navn</label><input id="a"></form>
<table> <tr> <td class="b">Mona Mor</td> </tr> </table></body></html>"""


def checked(html: str) -> None:
    response = SimpleNamespace(get_data=lambda **_how: html)
    check_page(SimpleNamespace(path="/", status=200, response=response))  # type: ignore[arg-type]


def test_a_page_that_differs_by_its_words_alone_is_looked_through_once() -> None:
    checked(PAGE)
    other = PAGE.replace("Mona Mor", "Ulla Ung, 17 år").replace('"b"', '"c d"')
    assert skeleton(other) == skeleton(PAGE)
    checked(other)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Mona Mor", "Mona & Mor &x"),
        ("Mona Mor", "Mona <b>Mor"),
        ("Mona Mor", "Mona \x01 Mor"),
        ("Mona Mor", "Mona \ufdd0 Mor"),
        ('class="b"', 'class="b" class="c"'),
        ('class="b"', 'class="b&copyx"'),
        ('class="b"', 'class="b"id="c"'),
        ("</td>", "</td></td>"),
        ("<h1 ", "<h1></h1><h1 "),
        ('id="a"', 'id="top"'),
        ('for="a"', 'for="b"'),
        ('name="csrf_token"', 'name="token"'),
        ('class="b"', 'style="color: red"'),
        ('class="b"', 'onclick="x()"'),
        ('class="b"', 'aria-describedby="nowhere"'),
        ("<form ", '<form action="https://elsewhere.example" '),
        ("</table>", "</table><script>x()</script>"),
        ("</table>", "</table><style>b {}</style>"),
        ("</head>", '<link rel="x" href="https://elsewhere.example"></head>'),
        (' lang="da"', ""),
    ],
)
def test_what_is_wrong_with_a_page_is_seen_after_a_right_one_was_met(right: str, wrong: str) -> None:
    checked(PAGE)
    assert right in PAGE
    with pytest.raises(AssertionError, match=r"\(200\)"):
        checked(PAGE.replace(right, wrong, 1))
