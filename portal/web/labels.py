"""What codes of the domain are called on screen: every sentence is here, in input_errors.py, in event_labels.py or in a
template."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from portal.access.policy.decide import Refusal
from portal.access.policy.roles import Capacity, Level, SystemRole
from portal.access.policy.windows import Basis, Obstacle
from portal.services.accounts.directory import AccountState, OrganisationKind, UnitKind
from portal.services.cases.finding import CaseOrder
from portal.services.consents.requests import ConsentState
from portal.services.meetings.schedule import MeetingState
from portal.services.members.leaving import LeavingReason
from portal.services.members.team_wishes import WishAnswer
from portal.services.notices.kinds import Channel, Kind, NoticeRhythm
from portal.services.plans.commitments import Outcome
from portal.services.plans.versions import PlanState
from portal.storage.scanning import ScanState
from portal.tools.definition import BaseField

REFUSAL = {
    Refusal.DENIED: _l("You do not have access to this just now"),
    Refusal.READ_ONLY: _l("You can read here, but not write"),
    Refusal.NOT_YOURS: _l("Only the guide can do this"),
    Refusal.OFFICE: _l("Your account does not give access to this"),
    Refusal.SIGN_IN: _l("Sign in first"),
    Refusal.UNSCANNED: _l("This file is still being checked for viruses. Try again in a few minutes."),
    Refusal.INFECTED: _l("A virus was found in this file, so nobody can open it"),
}

SCAN_STATE = {
    ScanState.WAITING: _l("Is being checked for viruses"),
    ScanState.CLEAN: _l("Checked for viruses"),
    ScanState.REFUSED: _l("Shut: a virus was found"),
    ScanState.NOT_SCANNED: _l("Not checked for viruses"),
}

OBSTACLE_FOR_ME = {
    Obstacle.NOT_OPENED: _l("The guide has not opened access for you yet."),
    Obstacle.CLOSED: _l("The guide has closed your access."),
    Obstacle.CUSTODY_UNKNOWN: _l("It has not been noted who holds custody."),
    Obstacle.GROWN_UP: _l("The young person has turned 18. From then on a case is not open to parents by itself."),
    Obstacle.LEFT: _l("You have left the case yourself."),
    Obstacle.UNCONFIRMED: _l("You have changed unit or account. The guide must say whether you should still be in it."),
    # Says nothing on purpose: whoever is shut out to protect somebody is not told that it is so, and nobody at home is
    # told that the young person has taken a yes back (access/policy/notices.py).
    Obstacle.NOT_NOW: _l("The case is not open to you just now."),
    Obstacle.FROZEN: _l("The case is not open to you just now."),
    (Obstacle.CONSENT_MISSING, "young_person"): _l("Consent from the young person is missing."),
    (Obstacle.CONSENT_MISSING, "parent"): _l("Consent from a custody holder is missing."),
    # Whoever is kept out is told that a yes is missing, and not that somebody said no to them.
    (Obstacle.CONSENT_REFUSED, "young_person"): _l("Consent from the young person is missing."),
    (Obstacle.CONSENT_REFUSED, "parent"): _l("Consent from a custody holder is missing."),
    (Obstacle.CONSENT_WITHDRAWN, "young_person"): _l("The young person has withdrawn the consent."),
    (Obstacle.CONSENT_WITHDRAWN, "parent"): _l("A custody holder has withdrawn the consent."),
    (Obstacle.CONSENT_EXPIRED, "young_person"): _l("The young person's consent has run out."),
    (Obstacle.CONSENT_EXPIRED, "parent"): _l("A custody holder's consent has run out."),
}

OBSTACLE_OF = {
    Obstacle.NOT_OPENED: _l("no access has been opened"),
    Obstacle.CLOSED: _l("the guide has closed the access"),
    Obstacle.CUSTODY_UNKNOWN: _l("it is not noted who holds custody"),
    Obstacle.LEFT: _l("has left the case"),
    Obstacle.UNCONFIRMED: _l(
        "has changed unit or account; the guide must say whether they should still be in the case"
    ),
    Obstacle.FROZEN: _l("shut out at once by the guide, to protect somebody"),
    Obstacle.NOT_NOW: _l("not open just now"),
    Obstacle.GROWN_UP: _l("needs a new consent from %(giver)s, who is an adult now"),
    Obstacle.CONSENT_MISSING: _l("%(giver)s has not answered yet"),
    Obstacle.CONSENT_REFUSED: _l("%(giver)s said no on %(day)s"),
    Obstacle.CONSENT_WITHDRAWN: _l("%(giver)s took their yes back on %(day)s"),
    Obstacle.CONSENT_EXPIRED: _l("the yes from %(giver)s ran out on %(day)s"),
}

OBSTACLE_OF_MINE = {
    Obstacle.GROWN_UP: _l("needs a new yes from you, now that you are an adult"),
    Obstacle.CONSENT_MISSING: _l("you have not answered yet"),
    Obstacle.CONSENT_REFUSED: _l("you said no on %(day)s"),
    Obstacle.CONSENT_WITHDRAWN: _l("you took your yes back on %(day)s"),
    Obstacle.CONSENT_EXPIRED: _l("your yes ran out on %(day)s"),
}
"""The same of the reader's own answers."""

BASIS = {
    Basis.OWNER: _l("guide of the case"),
    Basis.YOUNG_PERSON: _l("the case is about them"),
    Basis.OWN_UNIT: _l("works in the guide's own unit and was added by the guide"),
    Basis.CONSENT: _l("added by the guide, and everyone who is asked has said yes"),
    Basis.PARENT_OF_MINOR: _l("parent, added by the guide, and the young person has said yes"),
    Basis.ADULT_CONSENT: _l("parent, and the young person has said yes as an adult"),
    Basis.LEGAL_OVERRIDE: _l("let in by law, without consent; the People page says why"),
}

LEVEL = {
    Level.NONE: _l("No access"),
    Level.READ: _l("May read"),
    Level.WRITE: _l("May read and write"),
}

CORRECTED = {
    "name": _l("the name"),
    "birth_date": _l("the birth date"),
    "national_id": _l("the CPR number"),
    "job_title": _l("the job title"),
    "unit": _l("the place of work"),
    "address": _l("the e-mail address of the account"),
}
"""What can be put right about a member of a case."""

CASE_ORDER = {
    CaseOrder.NAME: _l("name"),
    CaseOrder.UNREAD: _l("unread messages"),
    CaseOrder.AGE: _l("age, the youngest first"),
}

NOTICE_KIND = {
    Kind.MESSAGE: _l("a new message"),
    Kind.FILE: _l("a new file"),
    Kind.PLAN: _l("something new in a plan"),
    Kind.REQUEST: _l("something that waits for your answer"),
    Kind.MEETING: _l("something new about a meeting"),
    Kind.CONSENT: _l("something new about a consent"),
    Kind.ACCESS: _l("something new about who may see what"),
    Kind.OFFICE: _l("something new about accounts"),
}
NOTICE_RHYTHM = {
    NoticeRhythm.AT_ONCE: _l("At once, at most once an hour"),
    NoticeRhythm.DAILY: _l("Once a day, in the morning"),
    NoticeRhythm.WEEKLY: _l("Once a week, in the morning"),
}
NOTICE_CHANNEL = {Channel.MAIL: _l("mail"), Channel.SMS: _l("SMS")}

WISH_ANSWER = {
    WishAnswer.YES: _l("Yes, I will see to it"),
    WishAnswer.TALK: _l("Let us talk about it"),
    WishAnswer.NO: _l("No, not now"),
    WishAnswer.SEEN: _l("I have seen it"),
}

LEAVING_REASON = {
    LeavingReason.CONFLICT_OF_INTEREST: _l("A conflict of interest"),
    LeavingReason.NEW_JOB: _l("A new job or other tasks"),
    LeavingReason.OTHER: _l("Something else"),
}

COMING = {
    (Capacity.PARENT, False): _l("A parent without custody"),
    (Capacity.PARENT, True): _l("A parent who holds custody"),
    (Capacity.NETWORK_PERSON, False): _l("Another adult the young person has chosen"),
}

METHOD = {
    "eid": _l("with eID in the portal"),
    "paper": _l("on paper"),
    "oral": _l("by word of mouth"),
}

CONSENT_STATE = {
    ConsentState.IN_FORCE: _l("in force"),
    ConsentState.WITHDRAWN: _l("withdrawn"),
    ConsentState.REPLACED: _l("replaced by a newer one"),
    ConsentState.EXPIRED: _l("has run out"),
}

SYSTEM_ROLE = {
    SystemRole.ADMINISTRATOR: _l("Administrator"),
    SystemRole.CASE_OPENER: _l("May open cases"),
    SystemRole.LEADER: _l("Leader"),
    SystemRole.AUDITOR: _l("Auditor"),
    SystemRole.PROFESSIONAL: _l("Professional"),
}

ACCOUNT_STATE = {
    AccountState.INVITED: _l("Invited"),
    AccountState.IN_USE: _l("In use"),
    AccountState.CLOSED: _l("Closed"),
}

UNDELIVERED = {
    "refused": _l("The receiving mail server does not take mail for this address. Check it, and change it."),
    "gave_up": _l("The mail server did not take the mail, though it was tried for over an hour."),
}
"""Why a mail could not be delivered."""

ORGANISATION_KIND = {
    OrganisationKind.MUNICIPALITY: _l("Municipality"),
    OrganisationKind.REGION: _l("Region"),
    OrganisationKind.SCHOOL: _lp("organisation", "School"),
    OrganisationKind.SUPPLIER: _l("Supplier"),
}

UNIT_KIND = {
    UnitKind.CHILDREN_AND_YOUTH: _l("Children and youth"),
    UnitKind.JOB_CENTRE: _l("Job centre"),
    UnitKind.YOUTH_GUIDANCE: _l("Youth guidance (KUI)"),
    UnitKind.SOCIAL_PSYCHIATRY: _l("Social psychiatry"),
    UnitKind.ADULTS: _l("Adults"),
    UnitKind.CHILD_PSYCHIATRY: _l("Child and adolescent psychiatry"),
    UnitKind.ADULT_PSYCHIATRY: _l("Adult psychiatry"),
    UnitKind.SUBSTANCES: _l("Substance treatment"),
    UnitKind.SCHOOL: _lp("unit", "School"),
    UnitKind.RESIDENTIAL: _l("Residential home"),
    UnitKind.OTHER: _l("Other"),
}

BASE = {
    BaseField.NAME: _l("Name"),
    BaseField.BIRTH_DATE: _l("Birth date"),
    BaseField.GUIDE: _l("Guide"),
    BaseField.TEAM: _l("My team"),
    BaseField.FAMILY: _l("Family and network"),
}
"""Base data, as each is called."""

WORD_FAULT = {
    "not_understood": _l("This cannot be read as an answer here. Nothing was changed."),
    "not_yours": _l("Somebody else answers this. Nothing was changed."),
    "elsewhere": _l("This is answered in another tool. Nothing was changed."),
    "not_asked": _l("This is not asked any more. It is kept in your document."),
}
"""Why what stands in a Word file cannot be put into the plan."""

OUTCOME = {Outcome.YES: _l("Yes"), Outcome.PARTLY: _l("Partly"), Outcome.NO: _l("No")}
OUTCOME_SAID = {Outcome.YES: _l("Kept"), Outcome.PARTLY: _l("Partly kept"), Outcome.NO: _l("Not kept")}

MEETING_STATE = {
    MeetingState.PLANNED: _l("Planned"),
    MeetingState.RUNNING: _l("Going on now"),
    MeetingState.ENDED: _l("Held"),
    MeetingState.CALLED_OFF: _l("Called off"),
}

TRACE_FAULT = {
    "missing": _l("lines are missing"),
    "changed": _l("the line was changed, or is not the one that was written"),
    "all lines missing": _l("all lines are missing"),
    "head missing": _l("what says where the lines end is missing"),
    "cut or head changed": _l("lines at the end were removed or put in"),
}

PLAN_STATE = {
    PlanState.DRAFT: _l("Draft"),
    PlanState.PROPOSED: _l("Proposed"),
    PlanState.AGREED: _l("Agreed"),
    PlanState.REPLACED: _l("Replaced by a later version"),
}

CAME_BY = {
    "number": _l("Found by your CPR number %(when)s."),
    "code": _l("Came with a code from a guide %(when)s."),
    "unknown": _l("Noted %(when)s; how it came is not written down."),
}
"""How an eID came to sign in as somebody."""

EID_REFUSED = {
    "aborted": _l("You stopped before you were signed in. You can try again when you want to."),
    "level": _l(
        "Your eID was used at a level that is not safe enough here. Use the app or a code display, and try again."
    ),
    "age": _l("You are too young to sign in here yourself. Talk to your guide about what is in your case."),
    "age_unknown": _l("The eID did not tell how old you are, so we could not let you in. Talk to your guide."),
    "away": _l("The eID does not answer just now. It is not your fault. Wait a moment and try again."),
    "state": _l("The sign-in took too long, or it was begun in another window. Try again from here."),
    "other_person": _l("The eID belongs to somebody else than the person who is signed in here."),
    "not_anew": _l("The eID did not show that it was used just now. Use it once more, all the way through."),
    "cannot_prove_anew": _l(
        "This eID cannot show that it was used just now, so it cannot confirm this. Use another one."
    ),
    "provider": _l("The eID could not sign you in just now. Try again in a little while."),
}
STAFF_REFUSED = {
    "aborted": _l("You stopped before you were signed in. You can try again when you want to."),
    "level": _l("Your workplace signed you in at a level that is not safe enough here. Sign in with two factors."),
    "organisation": _l("Your workplace is not known here, or your account belongs to another. Ask your administrator."),
    "role": _l("Your workplace has not given you a role here. Ask the person who gives out access at your workplace."),
    "account": _l(
        "You have no account here that fits. Ask your administrator to invite you or to look at your e-mail."
    ),
    "unit": _l("The unit you work in is not known here. Ask your administrator to add it."),
    "closed": _l("Your account here is closed. Your administrator can open it again."),
    "other_person": _l("That sign-in belongs to somebody else than the person who is signed in here."),
    "not_anew": _l(
        "Your workplace did not show that you signed in just now. Sign in there once more, all the way through."
    ),
    "cannot_prove_anew": _l("Your workplace's sign-in cannot confirm this. Use a passkey or a code app."),
    "state": _l("The sign-in took too long, or it was begun in another window. Try again from here."),
    "provider": _l("Your workplace could not sign you in just now. Try again in a little while."),
    "away": _l("The sign-in of your workplace does not answer just now. Wait a moment and try again."),
}
STAFF_REFUSED_OTHERWISE = _l(
    "The answer from your workplace could not be trusted, so you were not signed in. Try again."
)

EID_REFUSED_OTHERWISE = _l("The answer from the eID could not be trusted, so you were not signed in. Try again.")
