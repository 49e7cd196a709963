"""The nouns. Importing this package registers every table."""

from portal.models.audit import AuditEvent, AuditHead
from portal.models.cases import AccessNotice, AccessWindow, Case, CaseKey, Compartment, Membership, TeamLevel
from portal.models.consents import Consent, ConsentGrant, ConsentWithdrawal
from portal.models.content import File, FileVersion, Message, SearchEntry, Thread
from portal.models.people import Organisation, Person, Staff, Submission, Unit
from portal.models.plans import Plan, PlanAcceptance, PlanAsked, PlanChange, PlanProposal, PlanVersion
from portal.models.signin import EidAttempt, EidLink, Invitation, InvitationCode, KeptForm, Login, NationalId

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
    "Plan",
    "PlanAcceptance",
    "PlanAsked",
    "PlanChange",
    "PlanProposal",
    "PlanVersion",
    "SearchEntry",
    "Staff",
    "Submission",
    "TeamLevel",
    "Thread",
    "Unit",
]
