"""What files offers to services/registry.py."""

from __future__ import annotations

from dataclasses import dataclass

from portal.access.ticket import CaseTicket
from portal.db import PortalSession
from portal.services.files import files as files_of_case
from portal.services.files import held_uploads, resumable_uploads
from portal.services.files.files import VersionLine
from portal.services.shared.front import Front


def sweep(session: PortalSession) -> None:
    resumable_uploads.sweep_uploads(session)
    held_uploads.sweep_held_uploads(session)


@dataclass(frozen=True)
class FileNews:
    files: tuple[VersionLine, ...]
    new_files: tuple[VersionLine, ...]
    """What others have added since the last visit."""
    known_files: tuple[VersionLine, ...]


def news(ticket: CaseTicket, front: Front) -> FileNews:
    """What the front of a case tells of its files."""
    newest = tuple(files_of_case.file_lines(ticket, front.newest))
    since, me = front.there.last_visit, ticket.membership.id
    if since is None:
        return FileNews(newest, (), newest)
    added = tuple(f for f in newest if f.created_at > since and f.author.id != me)
    return FileNews(newest, added, tuple(f for f in newest if f not in added))
