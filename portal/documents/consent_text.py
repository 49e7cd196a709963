"""The words of a consent declaration, as its giver reads them and as they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.access.roles import Capacity
from portal.tools.profile import Profile


@dataclass(frozen=True)
class Declaration:
    giver: str
    young_person: str
    giver_capacity: str
    parties: Sequence[tuple[str, Sequence[str]]]
    """Who may see information of which categories."""
    valid_until: date


_SENTENCES = {
    "da": {
        "title": "Samtykkeerklæring",
        "self": "Jeg, {giver}, siger ja til, at de mennesker, der er nævnt her, må se og dele oplysninger om mig.",
        "custody": "Jeg, {giver}, har forældremyndighed over {young_person} og siger ja til, at de mennesker, der er "
        "nævnt her, må se og dele oplysninger om {young_person}.",
        "may": "{party} må se: {categories}.",
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
    for party, categories in declaration.parties:
        lines.append(say["may"].format(party=party, categories=", ".join(titles[key] for key in categories)))
    lines += ["", say["until"].format(day=declaration.valid_until.isoformat()), "", say["told"]]
    lines += [f"- {sentence.in_language(language)}" for sentence in rules.consent.informed]
    lines += ["", say["wording"].format(version=rules.consent.version)]
    return "\n".join(lines)


def digest(words: str) -> str:
    """SHA-256 of the text, in hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()
