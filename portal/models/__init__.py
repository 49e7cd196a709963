"""The nouns. Importing this package registers every table."""

from portal.models.audit import AuditEvent, AuditHead
from portal.models.cases import AccessNotice, AccessWindow, Case, CaseKey, Compartment, Membership, TeamLevel
from portal.models.consents import (
    Consent,
    ConsentDraft,
    ConsentException,
    ConsentGrant,
    ConsentReminder,
    ConsentWithdrawal,
)
from portal.models.content import File, FileVersion, Message, SearchEntry, Thread
from portal.models.people import Organisation, Person, Staff, Submission, Unit
from portal.models.safeguards import Departure, Freeze, FreezeEnd, LegalOverride, LegalOverrideEnd
from portal.models.signin import EidAttempt, EidLink, Invitation, InvitationCode, KeptForm, Login, NationalId
from portal.models.team import HandOver, HandOverAnswer, TeamWish, TeamWishAnswer

__all__ = [
    "AccessNotice",
    "AccessWindow",
    "AuditEvent",
    "AuditHead",
    "Case",
    "CaseKey",
    "Compartment",
    "Consent",
    "ConsentDraft",
    "ConsentException",
    "ConsentGrant",
    "ConsentReminder",
    "ConsentWithdrawal",
    "Departure",
    "EidAttempt",
    "EidLink",
    "File",
    "FileVersion",
    "Freeze",
    "FreezeEnd",
    "HandOver",
    "HandOverAnswer",
    "Invitation",
    "InvitationCode",
    "KeptForm",
    "LegalOverride",
    "LegalOverrideEnd",
    "Login",
    "Membership",
    "Message",
    "NationalId",
    "Organisation",
    "Person",
    "SearchEntry",
    "Staff",
    "Submission",
    "TeamLevel",
    "TeamWish",
    "TeamWishAnswer",
    "Thread",
    "Unit",
]
