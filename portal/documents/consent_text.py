"""The words of a consent declaration, as its giver reads them and as they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from portal.access.roles import Capacity
from portal.tools.profile import Profile


@dataclass(frozen=True)
class PartyWords:
    """Who may see information of which categories, and of which not although it was asked for together."""

    name: str
    granted: Sequence[str]
    excepted: Sequence[str] = ()


@dataclass(frozen=True)
class Declaration:
    giver: str
    young_person: str
    giver_capacity: str
    parties: Sequence[PartyWords]
    valid_until: date


_SENTENCES = {
    "da": {
        "title": "Samtykkeerklæring",
        "self": "Jeg, {giver}, siger ja til, at de mennesker, der er nævnt her, må se og dele oplysninger om mig.",
        "custody": "Jeg, {giver}, har forældremyndighed over {young_person} og siger ja til, at de mennesker, der er "
        "nævnt her, må se og dele oplysninger om {young_person}.",
        "may": "{party} må se: {categories}.",
        "except": "Undtaget er: {categories}. Det må {party} ikke se.",
        "no": "Jeg siger ikke ja til: {parties}.",
        "until": "Mit samtykke gælder til og med {day}.",
        "told": "Jeg har fået at vide:",
        "wording": "Tekstens udgave: {version}",
    },
    "en": {
        "title": "Consent declaration",
        "self": "I, {giver}, agree that the people named here may see and share information about me.",
        "custody": "I, {giver}, hold custody of {young_person} and agree that the people named here may see and share "
        "information about {young_person}.",
        "may": "{party} may see: {categories}.",
        "except": "Kept back is: {categories}. That {party} may not see.",
        "no": "I do not say yes to: {parties}.",
        "until": "My consent is valid until and including {day}.",
        "told": "I have been told:",
        "wording": "Version of this text: {version}",
    },
}


def write(rules: Profile, declaration: Declaration, language: str) -> str:
    """The whole text in one of the portal's languages."""
    say = _SENTENCES["en" if language == "en" else "da"]
    who = "self" if declaration.giver_capacity == Capacity.YOUNG_PERSON else "custody"
    titles = {category.key: category.title.in_language(language).lower() for category in rules.category}
    lines = [
        say["title"],
        "",
        say[who].format(giver=declaration.giver, young_person=declaration.young_person),
        rules.consent.purpose.in_language(language),
        "",
    ]
    for party in declaration.parties:
        if party.granted:
            lines.append(say["may"].format(party=party.name, categories=_listed(titles, party.granted)))
        if party.granted and party.excepted:
            lines.append(say["except"].format(party=party.name, categories=_listed(titles, party.excepted)))
    if turned_down := [party.name for party in declaration.parties if not party.granted]:
        lines.append(say["no"].format(parties="; ".join(turned_down)))
    day = format_date(declaration.valid_until, "d. MMMM y" if language != "en" else "d MMMM y", locale=language)
    lines += ["", say["until"].format(day=day), "", say["told"]]
    lines += [f"- {sentence.in_language(language)}" for sentence in rules.consent.informed]
    lines += ["", say["wording"].format(version=rules.consent.version)]
    return "\n".join(lines)


def _listed(titles: dict[str, str], keys: Sequence[str]) -> str:
    return ", ".join(titles[key] for key in keys)


def language_of(words: str) -> str:
    """The language a kept declaration is written in."""
    return next((code for code, say in _SENTENCES.items() if words.startswith(say["title"])), "da")


def digest(words: str) -> str:
    """SHA-256 of the text, in hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()
