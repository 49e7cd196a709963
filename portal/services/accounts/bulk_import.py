"""Many accounts at once, from a list as spreadsheets save it. All of it is taken, or nothing."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy import func, select

from portal import addresses
from portal.access.actor import Actor
from portal.access.policy.actions import OfficeAction
from portal.access.policy.roles import SystemRole
from portal.addresses import NotMailable
from portal.errors import InvalidInput, NotFound
from portal.models import Organisation, Staff, Unit
from portal.services.accounts import directory, invitations
from portal.services.accounts.directory import NewStaff
from portal.services.shared import idempotency
from portal.text import is_blank, line

MOST = 500
"""Rows of one list."""
_LONGEST = {"name": 120, "email": 254, "job_title": 120, "unit": 120, "roles": 200}
_CALLED = {
    "name": {"navn", "name"},
    "email": {"e-mail", "email", "mail", "e-mailadresse"},
    "job_title": {"stilling", "titel", "job title", "title"},
    "unit": {"enhed", "afdeling", "unit", "department"},
    "roles": {"roller", "rolle", "roles", "role"},
}
_NEEDED = ("name", "email", "job_title", "unit")
_ROLES = {
    "administrator": SystemRole.ADMINISTRATOR,
    "sagsopretter": SystemRole.CASE_OPENER,
    "case opener": SystemRole.CASE_OPENER,
    "fagperson": SystemRole.PROFESSIONAL,
    "professional": SystemRole.PROFESSIONAL,
    "leder": SystemRole.LEADER,
    "leader": SystemRole.LEADER,
    "revisor": SystemRole.AUDITOR,
    "auditor": SystemRole.AUDITOR,
}
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class ImportRow:
    """One line of the list; `faults` are a column and the code of a sentence each."""

    number: int
    name: str
    email: str
    job_title: str
    unit: str
    roles: str
    faults: tuple[tuple[str, str], ...] = ()


def decode(content: bytes) -> str:
    """The text of a file, whichever of the usual encodings it was saved in. Raises InvalidInput('file') for none."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    # What Excel on Windows calls CSV without UTF-8 is the code page of western Europe.
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidInput("file", "list_unreadable")


def read_list(actor: Actor, organisation_id: UUID, text: str) -> list[ImportRow]:
    """Every row with its faults, held against the units and accounts there are.

    Raises NotFound for an unknown organisation; InvalidInput('file') when it is no list at all.
    """
    actor.require(OfficeAction.ACCOUNTS_MANAGE)
    session = actor.session
    if session.get(Organisation, organisation_id) is None:
        raise NotFound
    rows = _rows(text)
    units = set(session.scalars(select(Unit.name).where(Unit.organisation_id == organisation_id)))
    asked = {row.email for row in rows}
    taken = set(session.scalars(select(func.lower(Staff.email)).where(func.lower(Staff.email).in_(asked))))
    seen: set[str] = set()
    checked = []
    for row in rows:
        checked.append(replace(row, faults=tuple(_faults(row, units, taken, seen))))
        seen.add(row.email)
    return checked


def invite_all(actor: Actor, submission: UUID, organisation_id: UUID, text: str) -> int:
    """Makes an account for every row and invites its owner; how many. Raises InvalidInput('file') when any row has a
    fault: then nobody is invited."""
    rows = read_list(actor, organisation_id, text)
    if any(row.faults for row in rows):
        raise InvalidInput("file", "list_faults")
    session = actor.session
    if idempotency.claim(session, submission, organisation_id) is not None:
        return len(rows)
    places = {
        unit.name: unit.id for unit in session.scalars(select(Unit).where(Unit.organisation_id == organisation_id))
    }
    for row in rows:
        made, roles = uuid4(), _roles(row.roles)
        new = NewStaff(
            unit_id=places[row.unit],
            name=row.name,
            email=row.email,
            job_title=row.job_title,
            is_admin=SystemRole.ADMINISTRATOR in roles,
            may_open_cases=SystemRole.CASE_OPENER in roles,
            is_leader=SystemRole.LEADER in roles,
            is_auditor=SystemRole.AUDITOR in roles,
        )
        directory.create_staff(session, made, new)
        invitations.send_invitation(session, made, actor.person_id)
    return len(rows)


def _rows(text: str) -> list[ImportRow]:
    ends = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [f"{each}\n" for each in ends.split("\n")]
    if lines and lines[0].lower().startswith("sep="):
        lines = lines[1:]
    if all(is_blank(each) for each in lines):
        raise InvalidInput("file", "list_empty")
    # Whichever separator finds most columns in the first line is the one.
    separator = max(";,\t", key=lambda one: len(_columns(lines[0], one)))
    columns = _columns(lines[0], separator)
    if missing := [column for column in _NEEDED if column not in columns]:
        raise InvalidInput("file", "list_columns", missing=", ".join(_name(column) for column in missing))
    found = []
    try:
        for number, cells in enumerate(csv.reader(lines[1:], delimiter=separator), 2):
            if all(is_blank(cell) for cell in cells):
                continue
            value = {column: _cell(cells[at]) if at < len(cells) else "" for column, at in columns.items()}
            found.append(
                ImportRow(
                    number=number,
                    name=value["name"],
                    email=addresses.normal(value["email"]),
                    job_title=value["job_title"],
                    unit=value["unit"],
                    roles=value.get("roles", ""),
                )
            )
    except csv.Error as problem:
        raise InvalidInput("file", "list_unreadable") from problem
    if not found:
        raise InvalidInput("file", "list_empty")
    if len(found) > MOST:
        raise InvalidInput("file", "list_long", most=MOST)
    return found


def _cell(typed: str) -> str:
    """As a name is kept; controls stay, to be told of."""
    typed = typed.strip()
    return typed if any(ord(character) < 32 for character in typed) else line(typed, len(typed))


def _columns(head: str, separator: str) -> dict[str, int]:
    cells = [cell.strip().strip('"').strip().lower() for cell in head.strip().split(separator)]
    return {column: at for column, names in _CALLED.items() for at, cell in enumerate(cells) if cell in names}


def _faults(row: ImportRow, units: set[str], taken: set[str], seen: set[str]) -> list[tuple[str, str]]:
    found = []
    for column, longest in _LONGEST.items():
        value = getattr(row, column)
        if column in _NEEDED and not value:
            found.append((column, "required"))
        elif value.startswith(_FORMULA):
            found.append((column, "list_formula"))
        elif len(value) > longest:
            found.append((column, "list_too_long"))
        elif any(ord(character) < 32 for character in value):
            found.append((column, "list_formula"))
    wrong = {column for column, _code in found}
    if "email" not in wrong:
        if code := _not_mailable(row.email):
            found.append(("email", code))
        elif row.email in seen:
            found.append(("email", "list_twice"))
        elif row.email in taken:
            found.append(("email", "email_taken"))
    if "unit" not in wrong and row.unit not in units:
        found.append(("unit", "list_unit"))
    if "roles" not in wrong and None in (_ROLES.get(word) for word in _words(row.roles)):
        found.append(("roles", "list_role"))
    return found


def _not_mailable(email: str) -> str:
    """The code of why no mail can reach it; '' where mail can."""
    try:
        addresses.checked(email)
    except NotMailable as problem:
        return problem.code
    return ""


def _words(roles: str) -> list[str]:
    for separator in "/+":
        roles = roles.replace(separator, ",")
    return [word.strip().lower() for word in roles.split(",") if word.strip()]


def _roles(roles: str) -> set[SystemRole]:
    return {_ROLES[word] for word in _words(roles)}


def _name(column: str) -> str:
    return {"name": "Navn", "email": "E-mail", "job_title": "Stilling", "unit": "Enhed"}[column]
