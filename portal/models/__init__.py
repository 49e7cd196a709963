"""The nouns. Importing this package registers every table."""

from portal.models.audit import AuditEvent, AuditHead
from portal.models.cases import AccessNotice, AccessWindow, Case, CaseKey, Compartment, Membership, TeamLevel
from portal.models.consents import Consent, ConsentGrant, ConsentWithdrawal
from portal.models.content import File, FileVersion, Message, SearchEntry, Thread
from portal.models.factors import (
    HalfLogin,
    KnownDevice,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    SignInTry,
    Totp,
)
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
    "HalfLogin",
    "Invitation",
    "InvitationCode",
    "KeptForm",
    "KnownDevice",
    "Login",
    "Membership",
    "Message",
    "NationalId",
    "Organisation",
    "Passkey",
    "PasskeyChallenge",
    "Person",
    "ProviderSession",
    "RecoveryCode",
    "SearchEntry",
    "SignInTry",
    "Staff",
    "StaffLink",
    "Submission",
    "TeamLevel",
    "Thread",
    "Totp",
    "Unit",
]
