"""CPR numbers, all made up."""

from __future__ import annotations

from datetime import date

import pytest

from portal.cpr import Cpr

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("number", "born"),
    [
        ("010190-1234", date(1990, 1, 1)),
        ("0101003999", date(1900, 1, 1)),
        ("010100-4000", date(2000, 1, 1)),
        ("010136-4000", date(2036, 1, 1)),
        ("010137-4000", date(1937, 1, 1)),
        ("010136 9000", date(2036, 1, 1)),
        ("010137-9000", date(1937, 1, 1)),
        ("010157-5000", date(2057, 1, 1)),
        ("010158-5000", date(1858, 1, 1)),
        ("010158-8000", date(1858, 1, 1)),
        ("290208-4001", date(2008, 2, 29)),
        (" 24 03 09 - 4001 ", date(2009, 3, 24)),
        ("240309\u20134001", date(2009, 3, 24)),
    ],
)
def test_the_century_follows_from_the_seventh_digit_and_the_year(number: str, born: date) -> None:
    assert Cpr.parse(number, date(2060, 1, 1)).birth_date == born


@pytest.mark.parametrize(
    "number", ["", "123", "01019012345", "310299-1234", "000190-1234", "010090-1234", "010190-12a4", "٠١٠١٩٠١٢٣٤"]
)
def test_what_cannot_be_a_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError):
        Cpr.parse(number, TODAY)


def test_a_number_of_somebody_not_born_yet_is_refused() -> None:
    with pytest.raises(ValueError):
        Cpr.parse("020626-4000", TODAY)
    assert Cpr.parse("010626-4000", TODAY).birth_date == TODAY


def test_a_number_that_fails_modulus_eleven_is_taken_since_2007_they_exist() -> None:
    assert Cpr.parse("010190-0001", TODAY).written == "010190-0001"


def test_masked_it_tells_the_birth_date_alone() -> None:
    assert Cpr.parse("0101901234", TODAY).masked == "010190-····"
