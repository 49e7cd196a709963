"""How a plan falls on pages: what belongs together stays together, and nothing is lost over an edge."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.documents import plan_pdf
from portal.documents.sheet import Sheet, SheetBlock, SheetLine, SheetPart


def pages_of(blocks: list[SheetBlock], before: int) -> list[str]:
    """The words of each page, with so many lines of text above the part."""
    parts = [
        SheetPart("Før", [SheetBlock("", [SheetLine("Nu", "\n".join(["En linje."] * before))])]),
        SheetPart("Hvem gør hvad", blocks),
    ]
    made = plan_pdf.write(Sheet("Skema", "da", "Testby", "#0b5d57", [("Navn", ["Ulla"])], "Base", parts))
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(made)).pages]


@pytest.mark.parametrize("before", range(2, 40, 3))
def test_an_agreement_stands_on_one_page_with_its_heading(before: int) -> None:
    blocks = [
        SheetBlock(
            f"Aftale {n}.",
            [SheetLine(f"Hvad {n}.{line}.", "Et svar på flere ord, som fylder noget. " * 4) for line in range(5)],
        )
        for n in range(6)
    ]
    pages = pages_of(blocks, before)
    for n in range(6):
        (page,) = [page for page in pages if f"Aftale {n}." in page]
        assert all(f"Hvad {n}.{line}." in page for line in range(5))
    (page,) = [page for page in pages if "Hvem gør hvad" in page]
    assert "Aftale 0." in page, "no heading stands alone at the foot of a page"


@pytest.mark.parametrize("before", [2, 20, 30])
def test_what_is_longer_than_a_page_goes_on_on_the_next(before: int) -> None:
    words = [f"ord{number}" for number in range(4000)]
    said = " ".join(pages_of([SheetBlock("Aftale", [SheetLine("Hvad", " ".join(words))])], before))
    assert all(f" {word} " in f" {said} " for word in words)
