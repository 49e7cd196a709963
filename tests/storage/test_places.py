"""The place of a sealed value is authenticated with it: what was stored opens by these words and no others."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import LargeBinary

import portal
from portal import models
from portal.db import Base
from portal.errors import CorruptData
from portal.storage import places
from portal.storage.keys import CaseKeys
from portal.storage.places import place, place_in

ONE, TWO = UUID(int=1), UUID(int=2)
BLOB = "ab/cdef"

PLACES = {
    ("access_freeze", "reason"): f"freeze.reason {ONE}",
    ("begun_upload", "name"): f"begun_upload.name {ONE}",
    ("checkout", "note"): f"checkout.note {ONE}",
    ("consent", "note"): f"consent.note {ONE}",
    ("consent", "text"): f"consent.text {ONE}",
    ("consent", "text_sha256"): f"consent.sha256 {ONE}",
    ("consent_draft", "answers"): f"consent_draft.answers {ONE}",
    ("contact_point", "address"): f"contact_point.address {ONE}",
    ("correction", "after"): f"correction.after {ONE}",
    ("correction", "before"): f"correction.before {ONE}",
    ("correction", "reason"): f"correction.reason {ONE}",
    ("dav_entry", "path"): f"dav_entry.path {ONE}",
    ("dav_entry", "properties"): f"dav_entry.properties {ONE}",
    ("dav_lock", "owner"): f"dav_lock.owner {ONE}",
    ("dav_lock", "path"): f"dav_lock.path {ONE}",
    ("dav_token", "name"): f"dav_token.name {ONE}",
    ("eid_stranger", "id_token"): "id token of a stranger",
    ("eid_stranger", "told"): "what an eID told of a stranger",
    ("export", "folder"): f"export.folder {ONE}",
    ("file_name", "name"): f"file_name.name {ONE}",
    ("file_place", "folder"): f"file_place.folder {ONE}",
    ("file_version", "digest"): f"file_version.digest {ONE}",
    ("file_version", "name"): f"file_version.name {ONE}",
    ("file_version", "note"): f"file_version.note {ONE}",
    ("file_withdrawal", "reason"): f"file_withdrawal.reason {ONE}",
    ("hand_over", "legal_basis"): f"hand_over.legal_basis {ONE}",
    ("hand_over", "reason"): f"hand_over.reason {ONE}",
    ("hand_over_reply", "words"): f"hand_over_reply.words {ONE}",
    ("hand_over_say", "words"): f"hand_over_say.words {ONE}",
    ("heard", "answers"): f"heard.answers {ONE}",
    ("held_upload", "digest"): f"held_upload.digest {ONE}",
    ("held_upload", "name"): f"held_upload.name {ONE}",
    ("held_upload", "note"): f"held_upload.note {ONE}",
    ("invitation_code", "used_name"): f"invitation_code.used_name {ONE}",
    ("legal_override", "legal_basis"): f"legal_override.legal_basis {ONE}",
    ("legal_override", "reason"): f"legal_override.reason {ONE}",
    ("meeting", "place"): f"meeting.place {ONE}",
    ("membership", "national_id"): f"membership.national_id {ONE}",
    ("membership", "purpose"): f"membership.purpose {ONE}",
    ("message", "body"): f"message.body {ONE}",
    ("message_draft", "words"): f"message_draft.words {ONE}",
    ("old_form", "parties"): f"old_form.parties {ONE}",
    ("plan_acceptance", "how"): f"plan_acceptance.how {ONE} {TWO}",
    ("plan_change", "change"): f"plan_change.words {ONE}",
    ("plan_confided", "words"): f"plan_confided.words {ONE}",
    ("plan_objection", "words"): f"plan_objection.words {ONE}",
    ("plan_outcome", "word"): f"plan_outcome.word {ONE}",
    ("plan_taking", "words"): f"plan_taking.words {ONE}",
    ("plan_version", "answers"): f"plan_version.answers {ONE}",
    ("provider_session", "id_token"): f"id token {ONE}",
    ("team_wish", "name"): f"team_wish.name {ONE}",
    ("team_wish", "words"): f"team_wish.words {ONE}",
    ("team_wish_answer", "words"): f"team_wish_answer.words {ONE}",
    ("thread", "subject"): f"thread.subject {ONE}",
    ("totp", "secret"): f"totp of {ONE}",
    ("upload_part", "digest"): f"upload_part.digest {BLOB}",
}
"""Every sealed column there is and the words it was sealed with from the first day. A line may be added; one that is
changed makes what people wrote unreadable."""

KEYS = {
    "consent_draft": {"membership_id": ONE},
    "eid_stranger": {},
    "file_withdrawal": {"file_id": ONE},
    "plan_acceptance": {"plan_proposal_id": ONE, "membership_id": TWO},
    "provider_session": {"login_id": ONE},
    "totp": {"person_id": ONE},
    "upload_part": {"blob": BLOB},
}
"""What tells the rows of a table from each other, where it is no `id`."""

MODELS = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]


def sealed_columns() -> set[tuple[str, str]]:
    return {
        (name, column.name.removesuffix("_sealed"))
        for name, model in MODELS.items()
        for column in model.__table__.columns
        if column.name.endswith("_sealed")
    }


def test_the_list_holds_every_sealed_column() -> None:
    assert models.Message in MODELS.values()
    assert set(PLACES) == sealed_columns()


@pytest.mark.parametrize(("table", "column"), PLACES)
def test_a_column_is_sealed_with_the_words_it_always_was(table: str, column: str) -> None:
    model, keys = MODELS[table], KEYS.get(table, {"id": ONE})
    assert place_in(model(**keys), column) == PLACES[table, column]
    assert place_in(SimpleNamespace(**keys), column, model) == PLACES[table, column], "of a row that is no object"
    assert place(table, column, *keys.values()) == PLACES[table, column], "of the key alone"


def test_no_two_columns_share_a_place() -> None:
    assert len(set(PLACES.values())) == len(PLACES)


def test_what_lies_in_other_columns_or_in_none_is_sealed_with_the_words_it_always_was() -> None:
    row = SimpleNamespace(id=ONE, person_id=TWO)
    assert places.of_case_key(ONE) == f"case key {ONE}"
    assert places.of_file_key(BLOB) == f"file key {BLOB}"
    assert places.of_saved_form(row) == f"kept form {ONE} of {TWO}"
    assert places.of_chosen_file(row, "/cases") == f"kept file {ONE} of {TWO} at /cases"
    assert places.of_offered_totp(ONE) == f"totp offered to {ONE}"


def test_an_exception_is_made_for_columns_that_are_there_and_need_one() -> None:
    assert set(places._OTHERWISE) <= sealed_columns()
    for (table, column), otherwise in places._OTHERWISE.items():
        assert otherwise != (f"{table}.{column} {{}}", ("id",))


def test_a_sealed_text_comes_back_from_its_own_row_and_column_alone() -> None:
    keys = CaseKeys(b"k" * 32)
    row, other = models.HandOver(id=uuid4()), models.HandOver(id=uuid4())
    keys.seal(row, "reason", "Blåbærgrød 🫐")
    assert row.reason_sealed is not None
    assert keys.unseal(row, "reason") == "Blåbærgrød 🫐"
    assert keys.unseal_text(row.reason_sealed, f"hand_over.reason {row.id}") == "Blåbærgrød 🫐"
    other.reason_sealed = row.legal_basis_sealed = row.reason_sealed
    for where, column in ((other, "reason"), (row, "legal_basis")):
        with pytest.raises(CorruptData):
            keys.unseal(where, column)


def test_no_text_is_no_value_where_there_may_be_none() -> None:
    keys = CaseKeys(b"k" * 32)
    row = models.FileVersion(id=uuid4())
    keys.seal(row, "note", "said")
    for column in ("name", "note"):
        keys.seal(row, column, "")
        assert keys.unseal(row, column) == ""
    assert row.note_sealed is None
    assert row.name_sealed, "a column that may not be empty holds the sealed empty text"


def test_places_are_put_together_in_one_module() -> None:
    """Whoever seals or opens by hand asks for the place; no words of one stand anywhere else."""
    sealing = {"seal", "unseal", "seal_text", "unseal_text", "seal_token", "open_token"}
    sealing |= {"seal_secret", "unseal_secret", "reseal_secret"}
    calls, by_hand = 0, []
    for path in Path(portal.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) in sealing:
                calls += 1
                by_hand += [f"{path}:{node.lineno}" for argument in node.args if isinstance(argument, ast.JoinedStr)]
        prefixes = {f"{words.rpartition(' ')[0]} " for words in PLACES.values() if str(ONE) in words}
        text = path.read_text()
        if path.name != "places.py":
            by_hand += [f"{path}: {prefix}" for prefix in prefixes if f'"{prefix}{{' in text]
    assert calls > 80
    assert by_hand == []


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_a_sealed_column_holds_bytes() -> None:
    for table, column in sealed_columns():
        assert isinstance(MODELS[table].__table__.columns[f"{column}_sealed"].type, LargeBinary)
