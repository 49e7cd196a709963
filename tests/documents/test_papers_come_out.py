"""A paper always comes out, whatever somebody wrote or is called: printed, or named where it would have stood."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO

import pytest
from docx import Document
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from portal import text
from portal.documents import glyphs, plan_docx, plan_pdf, printing, receipt, ring_map
from portal.documents.letterhead import Logo
from portal.documents.receipt import Look
from portal.documents.ring_map import Figure, RingMap
from portal.documents.sheet import Sheet, SheetBlock, SheetLine, SheetPart

PRINTED = [
    "👍 godt gået", "🇩🇰", "👩\u200d👧\u200d👦", "❤\ufe0f", "1\ufe0f\u20e3", "👍🏽", "☐ ☑ ☒ ✓ ✗", "Ming 漢字", "தமிழ்",
    "አማርኛ", "ภาษาไทย",
    "中文", "한국어", "日本語 かな", "محمد می\u200cخواهم", "שלום", "Ελληνικά", "Кирилиця", "हिन्दी", "বাংলা", "ਪੰਜਾਬੀ",
    "සිංහල", "ქართული",
    "Հայերեն", "ខ្មែរ", "ລາວ", "မြန်မာ", "ગુજરાતી", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "Tiếng Việt", "½ ² ≥ ≠ √ ∑ 𝔘",
    "→ ➢ ■ ● ❖", "\ufffd", "ﬁ ﬂ",
    "„citat“ – … €", "a\u0301\u0327", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a\u3000b", "x\u200d", "\u200b",
]  # fmt: skip
NAMED = {
    "𐎀": "[U+10380]", "𓀀 og Alma": "[U+13000] og Alma", "ᠮᠣᠩᠭᠣᠯ": "[U+182E]", "x\u20dd": "[U+20DD]",
    "漢\u0301": "漢[U+0301]",
    "龘": "[U+9F98]", "\u0378": "[U+0378]",
}  # fmt: skip
"""What no font of ours has, and how it stands on paper."""
REPLACED = {"\uf0b7 Ring": "• Ring", "a\uffffb\ufdd0": "ab", "\ue123": "\ufffd", "a\x00\x0bb": "a\nb", "\ud800": ""}


def sheet(words: str, language: str = "da") -> Sheet:
    """A paper with the words in every place where words can stand."""
    drawn = RingMap("Kort", words[:9] or "?", [("family", words)], [("near", "Tæt på")],
                    [Figure("1", words or "?", "family", "near")], "Uden plads")  # fmt: skip
    return Sheet(
        title=f"Skema {words}", language=language, sender=words, colour="#0b5d57", base=[("Navn", [words, words])],
        base_title="Base",
        parts=[SheetPart(f"Del {words}", [SheetBlock(words, [SheetLine("Spørgsmål", words, "now.goal", words)])], "",
                    Logo(ring_map.write(drawn), f"Kort {words}"))],
        about=[("Version", words)], about_title="Om", notice=f"Udkast {words}",
    )  # fmt: skip


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def fonts_of(pdf: bytes) -> set[str]:
    names = set()
    for page in PdfReader(BytesIO(pdf)).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            names.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    return names


def papers(words: str) -> list[bytes]:
    """Every kind of paper with the words in it."""
    look = Look(None, "#0b5d57")
    consent = f"Samtykke\n{words}\n- {words}"
    return [
        plan_pdf.write(sheet(words)),
        receipt.write(f"Samtykke {words}", consent, [receipt.ReceiptLine("Hvem", words)], "da", look),
        receipt.write("Samtykke", consent, [], "en", look, sign_here=True),
    ]


@pytest.fixture
def as_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of what can be printed is right: the renderer takes all of it, at the first try."""

    def never(_words: str) -> tuple[str, bool]:
        raise AssertionError("the renderer did not take what it was said to have")

    monkeypatch.setattr(glyphs, "plainest", never)


@pytest.mark.parametrize("words", PRINTED)
def test_what_people_write_is_printed(words: str, as_said: None) -> None:
    assert not glyphs.printable(words)[1]
    for made in papers(words):
        assert b"<pdfuaid:part>1</pdfuaid:part>" in made
        assert printing.NOTE["da"] not in text_of(made)
        assert all(name.startswith(("NotoSans", "NotoEmoji")) for name in fonts_of(made))


@pytest.mark.parametrize("words", NAMED)
def test_what_no_font_has_is_named_and_the_paper_says_so(words: str, as_said: None) -> None:
    plan, consent, to_sign = (text_of(made) for made in papers(words))
    assert all(NAMED[words] in said for said in (plan, consent, to_sign))
    assert printing.NOTE["da"] in plan
    assert printing.NOTE["da"] in consent
    assert printing.NOTE["en"] in to_sign


@pytest.mark.parametrize("words", REPLACED)
def test_what_was_kept_before_it_was_cleaned_comes_out_too(words: str, as_said: None) -> None:
    assert glyphs.printable(words) == (REPLACED[words], False)
    for made in papers(words):
        assert b"<pdfuaid:part>1</pdfuaid:part>" in made


@pytest.mark.parametrize("words", [*PRINTED, *NAMED, *REPLACED])
def test_a_word_file_holds_every_character(words: str) -> None:
    """Word and LibreOffice bring fonts of their own: nothing is named there."""
    made = Document(BytesIO(plan_docx.write(sheet(words))))
    said = "".join(made.element.itertext()) + "".join(made.sections[0].header.part.element.itertext())
    assert text.clean(words).replace("\n", "") in said.replace("\n", "")


@given(words=st.text(max_size=60))
@settings(max_examples=40)
def test_any_text_comes_out(words: str) -> None:
    for made in papers(words):
        assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    plan_docx.write(sheet(words))


CLUSTERS = st.lists(
    st.sampled_from([*"a1©漢한ம❤👍👩🏴🇩", "\u0301", "\u20e3", "\ufe0f", "\ufe0e", "\u200d", "\u200c", "🏽", "\u0bcd",
    "\u093c", "\u3099", "\u064b",
                     "\U000e0067", "\u25cc", " ", "\u2800", "\u3164", "\u0378"]),
    max_size=12,
)  # fmt: skip


@given(pieces=CLUSTERS)
@example(pieces=["a", "\u20e3", "\u0301"])
def test_any_signs_beside_each_other_come_out_at_the_first_try(pieces: list[str]) -> None:
    words = "".join(pieces)
    shown = glyphs.printable(words)[0]
    printing._pdf(
        '#set document(title: "t")\n#set text(lang: "da")\n#par(data.words)', {"words": words}, "da", glyphs.printable
    )
    assert glyphs.printable(shown)[0] == shown, "nothing more to do"


def test_the_fonts_have_all_that_is_written_down_of_them(as_said: None) -> None:
    """The renderer says so itself: it is given every character of the list."""
    for line in (glyphs.FOLDER / "coverage.txt").read_text("utf-8").splitlines():
        name, _colon, ranges = line.partition(": ")
        ends = [[int(end, 16) for end in part.split("-")] for part in ranges.split()]
        points = [
            point
            for each in ends
            for point in range(each[0], each[-1] + 1)
            if point >= 0x20 and not glyphs._joins(chr(point)) and unicodedata.is_normalized("NFC", chr(point))
        ]
        words = [glyphs.printable(chr(point))[0] for point in points]
        assert not any(glyphs.printable(chr(point))[1] for point in points), name
        made = printing.pdf(
            "#set document(title: data.title)\n#for it in data.words { par(it) }", {"title": name, "words": words}, "da"
        )
        assert name.replace(" ", "") in " ".join(fonts_of(made))


def test_a_renderer_that_knows_better_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list promises too much, the paper still comes out, and says what it lacks."""
    monkeypatch.setattr(glyphs, "printable", lambda words: (words, False))
    said = text_of(plan_pdf.write(sheet("Alma 𐎀 漢")))
    assert "Alma [U+10380] [U+6F22]" in said, "in its plainest"
    assert printing.NOTE["da"] in said


def test_no_font_of_the_machine_is_looked_at() -> None:
    found = printing._fonts().fonts()
    assert len(found) == len(list(glyphs.FOLDER.glob("*.ttf")))
    assert all(font.path and font.path.startswith(str(glyphs.FOLDER)) for font in found)


def test_words_in_a_drawing_are_drawn() -> None:
    """Without a font that is ours the words of the map would be left out without a word."""
    drawn, bare = (ring_map.write(RingMap("Kort", "Ming", [("a", name)], [("b", "Tæt på")], [Figure("1",
    name, "a", "b")], ""))
                   for name in ("Ming 漢字", "\u200b"))  # fmt: skip
    assert len(printing.png(drawn)) > len(printing.png(re.sub("<text.*?</text>", "", drawn))) * 1.2
    assert printing.png(drawn) != printing.png(drawn.replace("漢字", "字漢"))
    assert printing.png(bare)
