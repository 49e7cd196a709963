"""NemSMS and Digital Post as MeMo 1.2, the message model of the Danish Agency for Digital Government.

Nothing in the portal sends by it yet: a municipality's agreement (SF1601) is needed for the line it goes over. What is
here is the document, what the other side can answer, and a double that answers so.

A message is known by its `messageUUID`: one that comes twice is the same message. Version 1.2 has no `memoSchVersion`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID
from xml.etree import ElementTree as ET

from portal.errors import Undeliverable

_SPACE = "https://DigitalPost.dk/MeMo-1"
LONGEST_SMS = 150
"""Characters of a NemSMS."""
LARGEST = 99_500_000
"""Bytes of a whole message."""


class PostKind(StrEnum):
    DIGITAL_POST = "DIGITALPOST"
    NEM_SMS = "NEMSMS"


@dataclass(frozen=True)
class PostDocument:
    name: str
    encoding: str
    content: bytes = field(repr=False)
    language: str = "da"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message to one citizen. A NemSMS has words and no document, Digital Post a document."""

    key: UUID
    kind: PostKind
    sender_cvr: str
    sender_name: str
    label: str
    recipient_cpr: str = field(repr=False)
    words: str = ""
    document: PostDocument | None = None
    made_at: datetime | None = None


def written(post: Letter) -> bytes:
    """The XML document. Raises ValueError for a message that cannot be one, Undeliverable('too_large')."""
    if (post.kind is PostKind.NEM_SMS) == (post.document is not None):
        raise ValueError("a NemSMS has no document, Digital Post has one")
    if post.kind is PostKind.NEM_SMS and not 0 < len(post.words) <= LONGEST_SMS:
        raise ValueError(f"a NemSMS has between 1 and {LONGEST_SMS} characters")
    ET.register_namespace("memo", _SPACE)
    message = ET.Element(f"{{{_SPACE}}}Message", {"memoVersion": "1.2"})
    header = _inside(message, "MessageHeader")
    _say(header, "messageType", post.kind.value)
    _say(header, "messageUUID", str(post.key))
    _say(header, "label", post.label)
    if post.words:
        _say(header, "notification", post.words)
    _say(header, "mandatory", "false")
    _say(header, "legalNotification", "false")
    _party(header, "Sender", ("senderID", post.sender_cvr), "CVR", post.sender_name)
    _party(header, "Recipient", ("recipientID", post.recipient_cpr), "CPR")
    if post.document is not None:
        _body(message, post, post.document)
    found: bytes = ET.tostring(message, encoding="UTF-8", xml_declaration=True)
    if len(found) > LARGEST:
        raise Undeliverable("too_large")
    return found


def _body(message: ET.Element, post: Letter, document: PostDocument) -> None:
    if post.made_at is None:
        raise ValueError("Digital Post says when it was made")
    body = _inside(message, "MessageBody")
    _say(body, "createdDateTime", f"{post.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    file = _inside(_inside(body, "MainDocument"), "File")
    _say(file, "encodingFormat", document.encoding)
    _say(file, "filename", document.name)
    _say(file, "language", document.language)
    _say(file, "content", base64.b64encode(document.content).decode())


def _party(header: ET.Element, role: str, known_by: tuple[str, str], kind: str, label: str = "") -> None:
    party = _inside(header, role)
    _say(party, *known_by)
    _say(party, "idType", kind)
    if label:
        _say(party, "label", label)


def _inside(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{_SPACE}}}{name}")


def _say(parent: ET.Element, name: str, words: str) -> None:
    _inside(parent, name).text = words


class PostState(StrEnum):
    """What the other side has said of a message."""

    HANDED_OVER = "handed_over"
    """It was taken, and its receipt is still to come: nobody knows yet whether it arrived."""
    ARRIVED = "arrived"
    NOT_REGISTERED = "not_registered"
    """Its recipient does not get NemSMS, or is exempt from Digital Post."""
    TOO_LARGE = "too_large"


class PostOffice(Protocol):
    def hand_over(self, post: Letter) -> PostState:
        """Says what is known at once. The same message twice is one, and answered alike."""

    def state_of(self, key: UUID) -> PostState | None:
        """What the newest receipt says; None for a message that was never handed over."""


class PretendedPostOffice:
    """The double. `not_registered` and `late` hold CPR numbers; a late receipt comes with `let_receipts_come`."""

    def __init__(self) -> None:
        self.not_registered: set[str] = set()
        self.late: set[str] = set()
        self.documents: dict[UUID, bytes] = {}
        self._states: dict[UUID, PostState] = {}
        self._to_come: dict[UUID, PostState] = {}

    def hand_over(self, post: Letter) -> PostState:
        if post.key in self._states:
            return self._states[post.key]
        try:
            self.documents[post.key] = written(post)
        except Undeliverable:
            self._states[post.key] = PostState.TOO_LARGE
            return PostState.TOO_LARGE
        known = PostState.NOT_REGISTERED if post.recipient_cpr in self.not_registered else PostState.ARRIVED
        if post.recipient_cpr in self.late:
            self._to_come[post.key], known = known, PostState.HANDED_OVER
        self._states[post.key] = known
        return known

    def state_of(self, key: UUID) -> PostState | None:
        return self._states.get(key)

    def let_receipts_come(self) -> None:
        self._states |= self._to_come
        self._to_come.clear()
