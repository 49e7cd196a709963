"""How two texts are told apart, so that somebody can read it."""

from __future__ import annotations

import pytest

from portal.services.plans import diff


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("Det går op og ned", "Det er svært lige nu", "Det [går op og ned]{er svært lige nu}"),
        ("Jeg vil bo selv", "Jeg vil bo for mig selv", "Jeg vil bo {for mig }selv"),
        ("en kat, der sover", "en kat og en hund, der sover", "en [kat,]{kat og en hund,} der sover"),
        ("To ord her", "To her", "To [ord ]her"),
        ("Første linje\n\nAnden", "Første linje\n\nTredje", "Første linje\n\n[Anden]{Tredje}"),
    ],
)
def test_words_that_changed_beside_each_other_are_told_as_one_change(was: str, now: str, told: str) -> None:
    pieces = diff.word_by_word(was, now)
    assert "".join(piece.words for piece in pieces if piece.kind != "new") == was
    assert "".join(piece.words for piece in pieces if piece.kind != "gone") == now
    marks = {"same": "{}", "gone": "[{}]", "new": "{{{}}}"}
    assert "".join(marks[piece.kind].format(piece.words) for piece in pieces) == told
