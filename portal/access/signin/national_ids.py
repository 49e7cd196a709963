"""National ids of the countries whose eIDs can be used here: brought into one form, so that they can be recognised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.cpr import Cpr
from portal.identity_providers import NationalIdKind


@dataclass(frozen=True)
class KnownNumber:
    """A national id in the one form it is compared in; the birth date where the number tells it."""

    value: str
    birth_date: date | None


def read(kind: NationalIdKind, text: str, today: date) -> KnownNumber:
    """Raises ValueError for a text that cannot be a number of that kind."""
    if kind is NationalIdKind.DK_CPR:
        cpr = Cpr.parse(text, today)
        return KnownNumber(cpr.number, cpr.birth_date)
    digits = "".join(character for character in text if character not in " -+")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("a national id consists of digits")
    if kind is NationalIdKind.SE_PERSONNUMMER:
        return KnownNumber(digits, _swedish(digits, today))
    if kind is NationalIdKind.NO_FODSELSNUMMER:
        return KnownNumber(digits, _norwegian(digits, today))
    raise ValueError("this eID has no national id")


def _swedish(digits: str, today: date) -> date:
    """YYYYMMDDNNNN; a coordination number has 60 added to the day (Skatteverket)."""
    if len(digits) != 12:
        raise ValueError("a Swedish personal number has twelve digits")
    day = int(digits[6:8])
    return _past(int(digits[:4]), int(digits[4:6]), day - 60 if day > 60 else day, today)


def _norwegian(digits: str, today: date) -> date:
    """DDMMYYNNNKK; a D-number has 40 added to the day. The century follows from NNN and the year (Skatteetaten)."""
    if len(digits) != 11:
        raise ValueError("a Norwegian national number has eleven digits")
    day, month, year, series = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6:9])
    if series <= 499 or (series >= 900 and year >= 40):
        century = 1900
    elif year <= 39:
        century = 2000
    elif series <= 749 and year >= 54:
        century = 1800
    else:
        raise ValueError("a national number of that year and series is not given out")
    return _past(century + year, month, day - 40 if day > 40 else day, today)


def _past(year: int, month: int, day: int, today: date) -> date:
    born = date(year, month, day)
    if born > today:
        raise ValueError("a national id cannot lie in the future")
    return born
