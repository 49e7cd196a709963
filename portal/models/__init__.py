"""The nouns. Importing this package registers every table."""

from portal.models.audit import AuditEvent, AuditHead
from portal.models.cases import AccessNotice, AccessWindow, Case, CaseKey, Compartment, Membership, TeamLevel
from portal.models.consents import Consent, ConsentGrant, ConsentWithdrawal
from portal.models.content import File, FileVersion, Message, SearchEntry, Thread
from portal.models.people import Organisation, Person, Staff, Submission, Unit
from portal.models.signin import (
    EidAttempt,
    EidLink,
    EidStranger,
    Invitation,
    InvitationCode,
    KeptForm,
    Login,
    NationalId,
    ProviderSession,
    StaffLink,
)

__all__ = [
    "AccessNotice",
    "AccessWindow",
    "AuditEvent",
    "AuditHead",
    "Case",
    "CaseKey",
    "Compartment",
    "Consent",
    "ConsentGrant",
    "ConsentWithdrawal",
    "EidAttempt",
    "EidLink",
    "EidStranger",
    "File",
    "FileVersion",
    "Invitation",
    "InvitationCode",
    "KeptForm",
    "Login",
    "Membership",
    "Message",
    "NationalId",
    "Organisation",
    "Person",
    "ProviderSession",
    "SearchEntry",
    "Staff",
    "StaffLink",
    "Submission",
    "TeamLevel",
    "Thread",
    "Unit",
]
