"""Danish CPR numbers. Modulus 11 is not checked: since 2007 numbers are given out that do not satisfy it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Cpr:
    """A CPR number that can exist: ten digits whose first six are a real date."""

    number: str
    birth_date: date

    @staticmethod
    def parse(text: str, today: date) -> Cpr:
        """Reads `DDMMYY-SSSS`, with or without hyphen and spaces. Raises ValueError when it cannot be a CPR number or
        lies after `today`.

        The century follows from the seventh digit and the year (CPR-kontoret, "Personnummeret i CPR").
        """
        digits = "".join(character for character in text if character not in " -\u00a0\u2013")
        if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
            raise ValueError("a CPR number has ten digits")
        day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
        born = date(_century(seventh, year) + year, month, day)
        if born > today:
            raise ValueError("a CPR number cannot lie in the future")
        return Cpr(digits, born)

    @property
    def written(self) -> str:
        """As people write it: DDMMYY-SSSS."""
        return f"{self.number[:6]}-{self.number[6:]}"

    @property
    def masked(self) -> str:
        return f"{self.number[:6]}-····"


def _century(seventh: int, year: int) -> int:
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800
