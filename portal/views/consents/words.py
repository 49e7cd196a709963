"""What is called how on the pages about consent."""

from __future__ import annotations

from portal.services.consents.requests import PartyLine


def party_title(line: PartyLine) -> str:
    """Whom a consent is about: a unit and its organisation, or a person."""
    if line.workplace:
        return f"{line.workplace.unit}, {line.workplace.organisation}"
    return line.members[0].display_name
