"""What codes of the domain are called on screen: every sentence a person reads is here or in a template."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from portal.access.policy import Refusal
from portal.access.roles import Level
from portal.access.windows import Basis, Obstacle
from portal.audit import Event
from portal.errors import InvalidInput
from portal.services.accounts import OrganisationKind, UnitKind
from portal.services.plans import PlanState

INPUT = {
    "required": _l("Fill this in."),
    "choice": _l("Choose one of the possibilities."),
    "form_stale": _l("This page was out of date. Look it through once more and send it again."),
    "name_taken": _l("There is already one of that name."),
    "email_wrong": _l("This is not an e-mail address."),
    "email_taken": _l("Somebody already has an account with this e-mail address."),
    "own_account": _l("You cannot close your own account. Another administrator can."),
    "own_access": _l("The guide always has access. Hand the case over to another guide instead."),
    "password_short": _l("The password is too short. It takes at least %(least)s characters; a sentence is good."),
    "password_long": _l("The password is too long. It may have at most %(most)s characters."),
    "password_differs": _l("The two passwords are not the same."),
    "cpr_impossible": _l("This cannot be a CPR number. It has ten digits: the birth date (DDMMYY) and four more."),
    "cpr_other_birth_date": _l("The CPR number belongs to another birth date than the one above."),
    "birth_date_future": _l("The birth date lies in the future."),
    "birth_date_range": _l("The portal is for young people between %(youngest)s and %(oldest)s years. Check the year."),
    "date_wrong": _l("This is not a date. Write day, month and year, for instance 24 3 2010."),
    "date_past": _l("The date has passed. Choose today or a later day."),
    "date_ahead": _l("The date lies in the future. Choose today or an earlier day."),
    "already_member": _l("This person is already in the case."),
    "file_missing": _l("Choose a file."),
    "file_empty": _l("The file is empty (0 bytes). Check that it was saved, and choose it again."),
    "file_kind": _l("Files of this kind cannot be put here. Use Word, PDF, a picture, sound or video."),
    "file_not_what_it_says": _l(
        "The file is not what its name says. Save it again in the right format and try once more."
    ),
    "scan_missing": _l("Attach a picture or scan of the signed page."),
    "consent_nobody": _l("Say yes to at least one. If you want nobody to see anything, you do not have to send this."),
    "consent_too_long": _l("A consent can be valid for at most %(months)s months. You can give it again after that."),
    "consent_over": _l("This consent is no longer in force."),
    "answer_long": _l("This is too long. An answer may have at most %(most)s characters."),
    "dates_crossed": _l("This date comes before the date it begins. Check both."),
    "rows_full": _l("There are already %(most)s here. Take one out first."),
    "plan_frozen": _l("This version is agreed and is not changed any more. Begin a new version instead."),
    "plan_moved_on": _l("Somebody changed the plan while you were reading. Look it through once more."),
    "plan_empty": _l("There is nothing in the plan yet. Write something first."),
    "taker_shut_out": _l("%(name)s cannot see the plan just now. Choose somebody else, or have access opened first."),
    "yes_is_their_own": _l("Professionals say yes themselves."),
    "not_empty": _l("Somebody already has an account here."),
    "unknown": _l("The code does not fit, or it is too old. Ask your guide for a new one."),
}


def sentence(problem: InvalidInput) -> str:
    """What is wrong with an answer, in words."""
    return str(INPUT[problem.code]) % problem.values


REFUSAL = {
    Refusal.SHUT: _l("You do not have access to this just now"),
    Refusal.READ_ONLY: _l("You can read here, but not write"),
    Refusal.NOT_YOURS: _l("Only the guide can do this"),
    Refusal.OFFICE: _l("Your account does not give access to this"),
    Refusal.SIGN_IN: _l("Sign in first"),
}

OBSTACLE_FOR_ME = {
    Obstacle.NOT_OPENED: _l("The guide has not opened access for you yet."),
    Obstacle.CLOSED: _l("The guide has closed your access."),
    Obstacle.CUSTODY_UNKNOWN: _l("It has not been noted who holds custody."),
    Obstacle.GROWN_UP: _l("The young person is an adult now and decides alone. They can let you in again."),
    (Obstacle.CONSENT_MISSING, "young_person"): _l("Consent from the young person is missing."),
    (Obstacle.CONSENT_MISSING, "parent"): _l("Consent from a custody holder is missing."),
    (Obstacle.CONSENT_WITHDRAWN, "young_person"): _l("The young person has withdrawn the consent."),
    (Obstacle.CONSENT_WITHDRAWN, "parent"): _l("A custody holder has withdrawn the consent."),
    (Obstacle.CONSENT_EXPIRED, "young_person"): _l("The young person's consent has run out."),
    (Obstacle.CONSENT_EXPIRED, "parent"): _l("A custody holder's consent has run out."),
}

OBSTACLE_OF = {
    Obstacle.NOT_OPENED: _l("no access has been opened"),
    Obstacle.CLOSED: _l("the guide has closed the access"),
    Obstacle.CUSTODY_UNKNOWN: _l("it is not noted who holds custody"),
    Obstacle.GROWN_UP: _l("needs a new consent from %(giver)s, who is an adult now"),
    Obstacle.CONSENT_MISSING: _l("consent from %(giver)s is missing"),
    Obstacle.CONSENT_WITHDRAWN: _l("%(giver)s has withdrawn the consent"),
    Obstacle.CONSENT_EXPIRED: _l("the consent from %(giver)s has run out"),
}

BASIS = {
    Basis.OWNER: _l("guide of the case"),
    Basis.YOUNG_PERSON: _l("the case is about them"),
    Basis.OWN_UNIT: _l("works in the guide's own unit and was added by the guide"),
    Basis.CONSENT: _l("added by the guide, and everyone who is asked has said yes"),
    Basis.PARENT_OF_MINOR: _l("parent, added by the guide, and the young person has said yes"),
    Basis.ADULT_CONSENT: _l("parent, and the young person has said yes as an adult"),
}

LEVEL = {
    Level.NONE: _l("No access"),
    Level.READ: _l("May read"),
    Level.WRITE: _l("May read and write"),
}

METHOD = {
    "eid": _l("with eID in the portal"),
    "paper": _l("on paper"),
    "oral": _l("by word of mouth"),
}

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

PLAN_STATE = {
    PlanState.DRAFT: _l("Draft"),
    PlanState.PROPOSED: _l("Proposed"),
    PlanState.AGREED: _l("Agreed"),
    PlanState.REPLACED: _l("Replaced by a later version"),
}

DID = {
    Event.CASE_OPENED: _l("opened the case"),
    Event.CASE_VIEWED: _l("looked at the overview"),
    Event.PLAN_VIEWED: _l("looked at the plan"),
    Event.SCHEMA_BEGUN: _l("began version %(number)s of %(about)s"),
    Event.SCHEMA_VIEWED: _l("read %(about)s"),
    Event.SCHEMA_CHANGED: _l("wrote in version %(number)s of %(about)s"),
    Event.SCHEMA_PROPOSED: _l("proposed version %(number)s of %(about)s"),
    Event.SCHEMA_ACCEPTED: _l("said yes to version %(number)s of %(about)s"),
    Event.TEAM_VIEWED: _l("looked at the people in the case"),
    Event.AUDIENCE_VIEWED: _l("looked at who can see what"),
    Event.MEMBER_ADDED: _l("added %(about)s to the case"),
    Event.LEVEL_SET: _l("set the access of %(about)s to: %(level)s"),
    Event.CODE_MADE: _l("made an invitation code for %(about)s"),
    Event.NATIONAL_ID_SHOWN: _l("had the CPR number of %(about)s shown"),
    Event.CONSENT_GIVEN: _l("gave or registered a consent"),
    Event.CONSENT_WITHDRAWN: _l("withdrew a consent"),
    Event.CONSENT_VIEWED: _l("looked at a consent"),
    Event.FILES_LISTED: _l("looked at the list of files"),
    Event.FILE_VIEWED: _l("looked at the versions of %(about)s"),
    Event.FILE_ADDED: _l("put in %(about)s"),
    Event.VERSION_ADDED: _l("put in version %(number)s of %(about)s"),
    Event.VERSION_DOWNLOADED: _l("downloaded version %(number)s of %(about)s"),
    Event.BLANK_DOWNLOADED: _l("downloaded an empty form"),
    Event.THREADS_LISTED: _l("looked at the list of messages"),
    Event.THREAD_VIEWED: _l("read the messages in %(about)s"),
    Event.THREAD_STARTED: _l("started the messages in %(about)s"),
    Event.MESSAGE_SENT: _l("wrote in %(about)s"),
    Event.CASE_SEARCHED: _l("searched in the case"),
    Event.LOG_VIEWED: _l("looked at who has seen the case"),
    Event.ACCESS_REFUSED: _l("tried to open something, and was refused"),
}

EID_REFUSED = {
    "aborted": _l("You stopped before you were signed in. You can try again when you want to."),
    "level": _l(
        "Your eID was used at a level that is not safe enough here. Use the app or a code display, and try again."
    ),
    "age": _l("You are too young to sign in here yourself. Talk to your guide about what is in your case."),
    "state": _l("The sign-in took too long, or it was begun in another window. Try again from here."),
    "other_person": _l("The eID belongs to somebody else than the person who is signed in here."),
    "provider": _l("The eID could not sign you in just now. Try again in a little while."),
}
EID_REFUSED_OTHERWISE = _l("The answer from the eID could not be trusted, so you were not signed in. Try again.")
