"""The words of a consent declaration, as its giver reads them and as they are kept.

They name every compartment that is said yes or no to, and what lies in it: what opens is what stands here, and nothing
else (tests/rules/test_signed_words.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from portal.access.policy.roles import Capacity
from portal.tools.profile import Profile


@dataclass(frozen=True)
class ConsentCompartment:
    """A compartment by its key, and the categories in it that the giver is asked about."""

    compartment: str
    categories: Sequence[str]


@dataclass(frozen=True)
class PartyWords:
    """What somebody may see, and what not."""

    name: str
    is_unit: bool
    granted: Sequence[ConsentCompartment]
    refused: Sequence[ConsentCompartment] = ()


@dataclass(frozen=True)
class Declaration:
    giver: str
    young_person: str
    giver_capacity: str
    parties: Sequence[PartyWords]
    valid_until: date

    @property
    def says_yes(self) -> bool:
        return any(party.granted for party in self.parties)


_SENTENCES = {
    "da": {
        "title": "Samtykkeerklæring",
        "self": "Jeg, {giver}, svarer her på, hvem der må se og dele oplysninger om mig. Jeg siger ja til det, der "
        "står under “må se”, og nej til det, der står under “må ikke se”.",
        "custody": "Jeg, {giver}, har forældremyndighed over {young_person}. Jeg svarer her på, hvem der må se og dele "
        "oplysninger om {young_person}. Jeg siger ja til det, der står under “må se”, og nej til det, der står under "
        "“må ikke se”.",
        "may": "{party} må se:",
        "may_not": "{party} må ikke se:",
        "place": "{compartment} ({categories})",
        "unit": "Et ja til en enhed gælder de mennesker derfra, som er med i sagen.",
        "until": "Mit ja gælder til og med {day}.",
        "told": "Jeg har fået at vide:",
        "wording": "Tekstens udgave: {version}",
    },
    "en": {
        "title": "Consent declaration",
        "self": "I, {giver}, answer here who may see and share information about me. I say yes to what is listed under "
        "“may see” and no to what is listed under “may not see”.",
        "custody": "I, {giver}, hold custody of {young_person}. I answer here who may see and share information about "
        "{young_person}. I say yes to what is listed under “may see” and no to what is listed under “may not see”.",
        "may": "{party} may see:",
        "may_not": "{party} may not see:",
        "place": "{compartment} ({categories})",
        "unit": "A yes to a unit is for the people from there who have been added to the case.",
        "until": "My yes is valid until and including {day}.",
        "told": "I have been told:",
        "wording": "Version of this text: {version}",
    },
}


def write(rules: Profile, declaration: Declaration, language: str) -> str:
    """The whole text in one of the portal's languages."""
    say = _SENTENCES["en" if language == "en" else "da"]
    who = "self" if declaration.giver_capacity == Capacity.YOUNG_PERSON else "custody"
    lines = [
        say["title"],
        "",
        say[who].format(giver=declaration.giver, young_person=declaration.young_person),
        rules.consent.purpose.in_language(language),
        "",
    ]
    titles = {category.key: category.title.in_language(language).lower() for category in rules.category}
    for party in declaration.parties:
        for sentence, places in (("may", party.granted), ("may_not", party.refused)):
            if places:
                lines.append(say[sentence].format(party=party.name))
                lines += [f"- {_called(rules, place, titles, say['place'], language)}" for place in places]
    lines.append("")
    if any(party.is_unit and party.granted for party in declaration.parties):
        lines.append(say["unit"])
    if declaration.says_yes:
        day = format_date(declaration.valid_until, "d. MMMM y" if language != "en" else "d MMMM y", locale=language)
        lines.append(say["until"].format(day=day))
    lines += ["", say["told"]]
    lines += [f"- {sentence.in_language(language)}" for sentence in rules.consent.informed]
    lines += ["", say["wording"].format(version=rules.consent.version)]
    return "\n".join(lines)


def _called(rules: Profile, place: ConsentCompartment, titles: Mapping[str, str], pattern: str, language: str) -> str:
    compartment = rules.compartment_of(place.compartment).title.in_language(language)
    return pattern.format(compartment=compartment, categories=", ".join(titles[key] for key in place.categories))


def language_of(words: str) -> str:
    """The language a kept declaration is written in."""
    return next((code for code, say in _SENTENCES.items() if words.startswith(say["title"])), "da")


def digest(words: str) -> str:
    """SHA-256 of the text, in hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()
