"""The one matrix: standing x level -> actions. Written to be read by a lawyer; docs/access-matrix.md is made from it.

A **standing** is what a person is in one case at this moment. A **level** is what the access windows leave open for
them: nothing, reading, or writing. What they may read is a question of compartments, not of this table.
"""

from __future__ import annotations

from enum import StrEnum

from portal.access.policy.actions import Action, OfficeAction


class Capacity(StrEnum):
    """As what somebody was added to a case."""

    OWNER = "owner"
    PROFESSIONAL = "professional"
    YOUNG_PERSON = "young_person"
    PARENT = "parent"
    NETWORK_PERSON = "network_person"


class Standing(StrEnum):
    """A capacity, seen today: a parent who holds custody of a minor is asked for consent, another parent is not."""

    OWNER = "owner"
    PROFESSIONAL = "professional"
    YOUNG_PERSON = "young_person"
    CUSTODY_HOLDER = "custody_holder"
    PARENT = "parent"
    NETWORK_PERSON = "network_person"


class Level(StrEnum):
    NONE = "none"
    READ = "read"
    WRITE = "write"


_READ = frozenset(
    {
        Action.CASE_VIEW,
        Action.PLAN_VIEW,
        Action.PLAN_ACCEPT,
        Action.FILE_VIEW,
        Action.FILE_DOWNLOAD,
        Action.MESSAGE_VIEW,
        Action.CASE_SEARCH,
        Action.CASE_EXPORT,
        Action.TEAM_VIEW,
        Action.LOG_VIEW,
        Action.OWN_DATA_VIEW,
    }
)
_WRITE = _READ | {
    Action.PLAN_WRITE,
    Action.FILE_ADD,
    Action.FILE_ADD_VERSION,
    Action.FILE_WITHDRAW,
    Action.MESSAGE_WRITE,
}
# What nobody loses with their access: to read and take back what they declared themselves, to read what is noted about
# them, and to read the log of it.
_OWN_PAST = frozenset({Action.CONSENT_VIEW, Action.CONSENT_WITHDRAW, Action.OWN_DATA_VIEW, Action.LOG_VIEW})
_OWN_CONSENT = _OWN_PAST | {Action.CONSENT_GIVE, Action.HAND_OVER_SAY}
_OWN_CHOICE = frozenset({Action.TEAM_WISH, Action.CONFIDENCE_OPEN, Action.HEARD_ANSWER})
_STEER = frozenset(
    {
        Action.TEAM_CHANGE,
        Action.FILE_MOVE,
        Action.MESSAGE_MOVE,
        Action.FILE_UNLOCK,
        Action.PLAN_REGISTER,
        Action.NATIONAL_ID_SHOW,
        Action.MEMBER_CORRECT,
        Action.CONSENT_VIEW,
        Action.CONSENT_REGISTER,
        Action.CONSENT_WITHDRAW,
        Action.ACCESS_OVERRIDE,
        Action.ACCESS_FREEZE,
    }
)
_LEAVE = frozenset({Action.CASE_LEAVE})
_COLLEAGUE = _LEAVE | {Action.HAND_OVER_ANSWER}
_NOTHING: frozenset[Action] = frozenset()

MATRIX: dict[Standing, dict[Level, frozenset[Action]]] = {
    Standing.OWNER: {Level.NONE: _NOTHING, Level.READ: _READ | _STEER, Level.WRITE: _WRITE | _STEER},
    # A professional can step out before they have seen anything: somebody with a conflict of interest should.
    Standing.PROFESSIONAL: {
        Level.NONE: _COLLEAGUE,
        Level.READ: _READ | _COLLEAGUE,
        Level.WRITE: _WRITE | _COLLEAGUE,
    },
    # A right does not end with access: the young person and a custody holder decide about consent, and see who has
    # looked, also while the case itself is shut to them.
    Standing.YOUNG_PERSON: {
        Level.NONE: _OWN_CONSENT,
        Level.READ: _READ | _OWN_CONSENT | _OWN_CHOICE,
        Level.WRITE: _WRITE | _OWN_CONSENT | _OWN_CHOICE,
    },
    Standing.CUSTODY_HOLDER: {
        Level.NONE: _OWN_CONSENT,
        Level.READ: _READ | _OWN_CONSENT | _LEAVE,
        Level.WRITE: _WRITE | _OWN_CONSENT | _LEAVE,
    },
    # Custody may have ended, or the young person come of age: what they declared before stays theirs.
    Standing.PARENT: {
        Level.NONE: _OWN_PAST,
        Level.READ: _READ | _OWN_PAST | _LEAVE,
        Level.WRITE: _WRITE | _OWN_PAST | _LEAVE,
    },
    Standing.NETWORK_PERSON: {Level.NONE: _NOTHING, Level.READ: _READ | _LEAVE, Level.WRITE: _WRITE | _LEAVE},
}


class SystemRole(StrEnum):
    """What an account may do for its organisation. None of these opens a case; only being added to it does."""

    ADMINISTRATOR = "administrator"
    CASE_OPENER = "case opener"
    PROFESSIONAL = "professional"
    LEADER = "leader"
    AUDITOR = "auditor"


OFFICE_MATRIX: dict[str, frozenset[OfficeAction]] = {
    SystemRole.ADMINISTRATOR: frozenset({OfficeAction.ACCOUNTS_MANAGE}),
    SystemRole.CASE_OPENER: frozenset({OfficeAction.CASE_OPEN}),
    SystemRole.PROFESSIONAL: frozenset(),
    SystemRole.LEADER: frozenset({OfficeAction.FIGURES_VIEW}),
    SystemRole.AUDITOR: frozenset({OfficeAction.TRACE_VIEW}),
}
