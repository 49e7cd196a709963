"""The place of every sealed value: the words that are bound to it as authenticated data, so that a value that was moved
to another row, column or table does not open.

A place is table, column and row: "message.body 7f0c…". Everything that was ever stored was sealed with its place, so
the words of a place never change. Where a table or a column is called otherwise than its place says, or no table
holds the value, it stands here by name.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID


class _Words(NamedTuple):
    """The words of a place, with a gap for each of the row's columns that tell it from the others."""

    words: str
    key: tuple[str, ...]


_OTHERWISE = {
    # Columns that were named after the words of their place were settled.
    ("access_freeze", "reason"): _Words("freeze.reason {}", ("id",)),
    ("consent", "text_sha256"): _Words("consent.sha256 {}", ("id",)),
    ("plan_change", "change"): _Words("plan_change.words {}", ("id",)),
    # Rows that are told apart by something else than an id of their own.
    ("consent_draft", "answers"): _Words("consent_draft.answers {}", ("membership_id",)),
    ("file_withdrawal", "reason"): _Words("file_withdrawal.reason {}", ("file_id",)),
    ("plan_acceptance", "how"): _Words("plan_acceptance.how {} {}", ("plan_proposal_id", "membership_id")),
    ("upload_part", "digest"): _Words("upload_part.digest {}", ("blob",)),
    # What belongs to no case was put into words from the beginning.
    ("totp", "secret"): _Words("totp of {}", ("person_id",)),
    ("provider_session", "id_token"): _Words("id token {}", ("login_id",)),
    # The row is found by the hash of a token, and lasts an hour.
    ("eid_stranger", "id_token"): _Words("id token of a stranger", ()),
    ("eid_stranger", "told"): _Words("what an eID told of a stranger", ()),
}


def place(table: str, column: str, *key: object) -> str:
    """The place of a value by its table, its column (without `_sealed`) and what tells the row from the others."""
    otherwise = _OTHERWISE.get((table, column))
    return f"{table}.{column} {key[0]}" if otherwise is None else otherwise.words.format(*key)


def place_in(row: Any, column: str, model: Any = None) -> str:
    """The place of a value in `row`. For a row that is no object of its model (a few columns that were asked for), the
    model is named."""
    table = (model or row).__tablename__
    otherwise = _OTHERWISE.get((table, column))
    if otherwise is None:
        return f"{table}.{column} {row.id}"
    return otherwise.words.format(*(getattr(row, name) for name in otherwise.key))


# What lies in columns of other names, or in none


def of_case_key(case_id: UUID) -> str:
    return f"case key {case_id}"


def of_file_key(blob: str) -> str:
    """By the object and not by the row: whichever table names the object next takes the wrapped key over as it is."""
    return f"file key {blob}"


def of_saved_form(row: Any) -> str:
    """A form that waits, sealed with a key that only its sender's browser holds."""
    return f"kept form {row.id} of {row.person_id}"


def of_chosen_file(row: Any, address: str) -> str:
    """The same for a file, which waits for its form at one address and no other."""
    return f"kept file {row.id} of {row.person_id} at {address}"


def of_offered_totp(person_id: UUID) -> str:
    """The secret of a code app that is being set up: it lies in a form and not in a row."""
    return f"totp offered to {person_id}"
