"""What an employee may do, as Danish public sign-in says it: OIO Basic Privilege Profile, the form in which KOMBIT's
Context Handler tells the roles a municipality has given its staff.

Source: Digitaliseringsstyrelsen, OIOSAML Basic Privilege Profile 1.1 and 1.2 (the "intermediate" model): an XML list in
base64, whose groups each name the organisation they hold for.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from xml.etree import ElementTree as ET

_MOST = 100_000
"""Characters of a claim that are looked at; a list of every role there is would be shorter."""

_SCOPE = "urn:dk:gov:saml:cvrnumberidentifier:"


def held_for(told: str, cvr: str) -> frozenset[str]:
    """The privileges that hold for the organisation with that CVR number, anywhere in it.

    Those of other organisations do not count here, nor those that are narrowed down by a constraint: what they are
    narrowed to means nothing to the portal, and a narrow role must not become a wide one. Whatever cannot be read
    gives nothing.
    """
    try:
        text = b64decode(told[:_MOST], validate=False).decode("utf-8")
        # A list has no use for a document type, and entities are where trouble comes from.
        root = ET.fromstring(text) if "<!" not in text else ET.Element("nothing")  # noqa: S314
    except (binascii.Error, UnicodeDecodeError, ValueError, LookupError, ET.ParseError):
        return frozenset()
    found = set()
    for group in (part for part in root if _local(part) == "PrivilegeGroup"):
        parts = [(_local(part), (part.text or "").strip()) for part in group]
        if group.get("Scope", "").lower() == f"{_SCOPE}{cvr}" and not any(name == "Constraint" for name, _ in parts):
            found |= {value for name, value in parts if name == "Privilege" and value}
    return frozenset(found)


def _local(element: ET.Element) -> str:
    """The element's name without its namespace: two are in use, and the parts of the list often have none."""
    return element.tag.rsplit("}", 1)[-1]
