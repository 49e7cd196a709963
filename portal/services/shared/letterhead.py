"""The municipality's own look, as the papers of this installation carry it."""

from __future__ import annotations

from portal.documents.letterhead import Head, Logo, try_out
from portal.settings import Settings
from portal.tools.letterhead import letterhead


def head_of(settings: Settings, language: str) -> Head | None:
    """What stands at the head of a paper in that language; None where the installation has no letterhead."""
    found = letterhead(settings.letterhead_dir)
    if found is None:
        return None
    logo = Logo(found.logo, found.words.in_language(language)) if found.logo and found.words else None
    return Head(found.name, logo)


def colour_of(settings: Settings) -> str:
    """Of headings, as `#rrggbb`."""
    found = letterhead(settings.letterhead_dir)
    return found.colour if found and found.colour else settings.paper_colour


def refuse_broken(settings: Settings) -> None:
    """Raises UnsafeConfiguration, with file and reason, when the letterhead cannot be read or printed."""
    found, head = letterhead(settings.letterhead_dir), head_of(settings, "da")
    if found and head:
        try_out(head, str(found.path))
