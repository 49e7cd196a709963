"""Everything that can be asked for, named `noun:verb`. A route declares one; the matrix in roles.py grants them."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What somebody may do inside a case."""

    CASE_VIEW = "case:view"
    PLAN_VIEW = "plan:view"
    PLAN_WRITE = "plan:write"
    PLAN_ACCEPT = "plan:accept"
    PLAN_REGISTER = "plan:register"
    HEARD_ANSWER = "heard:answer"
    FILE_VIEW = "file:view"
    FILE_DOWNLOAD = "file:download"
    FILE_ADD = "file:add"
    FILE_ADD_VERSION = "file:add_version"
    FILE_MOVE = "file:move"
    FILE_WITHDRAW = "file:withdraw"
    FILE_UNLOCK = "file:unlock"
    MESSAGE_VIEW = "message:view"
    MESSAGE_WRITE = "message:write"
    MESSAGE_MOVE = "message:move"
    CASE_SEARCH = "case:search"
    CASE_EXPORT = "case:export"
    TEAM_VIEW = "team:view"
    TEAM_CHANGE = "team:change"
    NATIONAL_ID_SHOW = "national_id:show"
    MEMBER_CORRECT = "member:correct"
    OWN_DATA_VIEW = "own_data:view"
    LOG_VIEW = "log:view"
    CONSENT_VIEW = "consent:view"
    CONSENT_GIVE = "consent:give"
    CONSENT_WITHDRAW = "consent:withdraw"
    CONSENT_REGISTER = "consent:register"
    ACCESS_OVERRIDE = "access:override"
    ACCESS_FREEZE = "access:freeze"
    CASE_LEAVE = "case:leave"
    TEAM_WISH = "team:wish"
    CONFIDENCE_OPEN = "confidence:open"
    HAND_OVER_ANSWER = "hand_over:answer"
    HAND_OVER_SAY = "hand_over:say"


class OfficeAction(StrEnum):
    """What somebody may do for their organisation. None of these opens a case that is already there."""

    ACCOUNTS_MANAGE = "accounts:manage"
    CASE_OPEN = "case:open"
    FIGURES_VIEW = "figures:view"
    TRACE_VIEW = "trace:view"
