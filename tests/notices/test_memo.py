"""NemSMS and Digital Post: the document as the published examples have it, and the double's answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from portal.neighbours import memo
from portal.neighbours.memo import Letter, PostDocument, PostKind, PostState, PretendedPostOffice

SPACE = "{https://DigitalPost.dk/MeMo-1}"
SMS = Letter(
    key=UUID("fcdcf318-59b6-427c-9879-4f0af833d593"), kind=PostKind.NEM_SMS, sender_cvr="12345678",
    sender_name="Eksempelby <& Omegn>", recipient_cpr="0101014002", label="Følgeskab",
    words="Der er nyt til dig. Log på.",
)  # fmt: skip
LETTER = replace(
    SMS,
    kind=PostKind.DIGITAL_POST,
    words="",
    document=PostDocument("Brev.pdf", "application/pdf", b"This is a test"),
    made_at=datetime(2026, 5, 3, 12, tzinfo=UTC),
)


def told(document: bytes) -> list[tuple[str, str]]:
    """Every element with its words, in their order."""
    return [(one.tag.removeprefix(SPACE), (one.text or "").strip()) for one in ET.fromstring(document).iter()]


def test_a_nemsms_has_the_elements_of_the_published_example_in_their_order() -> None:
    document = memo.written(SMS)
    assert ET.fromstring(document).attrib == {"memoVersion": "1.2"}
    assert told(document) == [
        ("Message", ""), ("MessageHeader", ""), ("messageType", "NEMSMS"),
        ("messageUUID", "fcdcf318-59b6-427c-9879-4f0af833d593"), ("label", "Følgeskab"),
        ("notification", "Der er nyt til dig. Log på."), ("mandatory", "false"), ("legalNotification", "false"),
        ("Sender", ""), ("senderID", "12345678"), ("idType", "CVR"), ("label", "Eksempelby <& Omegn>"),
        ("Recipient", ""), ("recipientID", "0101014002"), ("idType", "CPR"),
    ]  # fmt: skip


def test_digital_post_carries_its_document() -> None:
    assert told(memo.written(LETTER))[-8:] == [
        ("MessageBody", ""), ("createdDateTime", "2026-05-03T12:00:00Z"), ("MainDocument", ""), ("File", ""),
        ("encodingFormat", "application/pdf"), ("filename", "Brev.pdf"), ("language", "da"),
        ("content", "VGhpcyBpcyBhIHRlc3Q="),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [replace(SMS, words=""), replace(SMS, words="x" * 151), replace(SMS, kind=PostKind.DIGITAL_POST),
     replace(LETTER, kind=PostKind.NEM_SMS), replace(LETTER, made_at=None)],
)  # fmt: skip
def test_what_can_be_no_message_is_never_written(wrong: Letter) -> None:
    with pytest.raises(ValueError):
        memo.written(wrong)


def test_the_number_of_a_citizen_is_in_no_line_of_a_log() -> None:
    assert "0101014002" not in repr(SMS)


def test_the_double_answers_like_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    office = PretendedPostOffice()
    assert office.state_of(SMS.key) is None
    assert office.hand_over(SMS) is PostState.ARRIVED
    assert office.hand_over(SMS) is PostState.ARRIVED
    assert len(office.documents) == 1, "the same message twice is one"
    office.not_registered.add("0101014003")
    other = replace(SMS, key=UUID(int=2), recipient_cpr="0101014003")
    assert office.hand_over(other) is PostState.NOT_REGISTERED
    office.late.add("0101014004")
    late = replace(SMS, key=UUID(int=3), recipient_cpr="0101014004")
    assert office.hand_over(late) is PostState.HANDED_OVER
    assert office.state_of(late.key) is PostState.HANDED_OVER, "nothing is pretended to have arrived"
    office.let_receipts_come()
    assert office.state_of(late.key) is PostState.ARRIVED
    monkeypatch.setattr(memo, "LARGEST", 500)
    large = replace(LETTER, key=UUID(int=4), document=PostDocument("Brev.pdf", "application/pdf", b"x" * 600))
    assert office.hand_over(large) is PostState.TOO_LARGE
    assert large.key not in office.documents
