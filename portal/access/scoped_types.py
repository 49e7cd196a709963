"""What can lie in a compartment of a case: the rows a ticket selects, always within what is open to its person."""

from __future__ import annotations

from typing import TypeVar

from portal.models import (
    AnswerRequest,
    BegunUpload,
    Checkout,
    DavToken,
    ExternalForm,
    File,
    FileName,
    FilePlace,
    FileVersion,
    FileWithdrawal,
    Heard,
    HeldUpload,
    Meeting,
    MeetingSeat,
    Message,
    MessageAttachment,
    MessageDraft,
    Plan,
    PlanAsked,
    PlanChange,
    PlanConfided,
    PlanObjection,
    PlanOutcome,
    PlanPerson,
    PlanPresence,
    PlanProposal,
    PlanReminder,
    PlanTaking,
    PlanVersion,
    PlanWordFile,
    Rendition,
    SearchEntry,
    Thread,
    VersionTaken,
)

Scoped = (
    SearchEntry
    | MeetingSeat
    | PlanAsked
    | PlanObjection
    | PlanOutcome
    | PlanPresence
    | PlanReminder
    | PlanTaking
    | PlanWordFile
    | Rendition
    | FileName
    | FilePlace
    | FileWithdrawal
    | ExternalForm
    | VersionTaken
    | MessageAttachment
)
"""Rows without an id of their own to load them by."""

Loadable = TypeVar(
    "Loadable",
    AnswerRequest,
    File,
    FileVersion,
    HeldUpload,
    BegunUpload,
    Checkout,
    DavToken,
    Thread,
    Message,
    MessageDraft,
    Plan,
    PlanVersion,
    PlanChange,
    PlanConfided,
    PlanPerson,
    PlanProposal,
    Meeting,
    Heard,
)
