"""Who may do what, where the table of roles.py does not say enough: one small function for each rule. Pure.

The table grants an action by standing and level. These rules decide besides by whose something is, as what somebody is
in the case, or what has become of a thing. Each takes plain values, tells its rule and where it comes from, and is a
line of docs/access.md, which is made from here. "Access rule" means the numbered rules of that page.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from portal.access.policy.facts import Party
from portal.access.policy.roles import Capacity, Standing, SystemRole

ANSWERS_FOR_THE_CASE = frozenset({Capacity.OWNER, Capacity.YOUNG_PERSON})
"""The guide owns the case, and it is about the young person."""
ADDED_AS_CITIZEN = frozenset({Capacity.PARENT, Capacity.NETWORK_PERSON})


# The case


def leads(capacity: Capacity, is_open: bool) -> bool:
    """The guide and the young person answer for the case while it is open to them: they see everybody in it, what is in
    each one's way, and on whose consent it rests.

    Source: the model's guide, section 3.3; access rule 1.
    """
    return is_open and capacity in ANSWERS_FOR_THE_CASE


def is_guide(capacity: Capacity) -> bool:
    """What is told or asked of the guide alone is told or asked of the owner of the case today, and of no guide before.

    Source: the model's guide, section 3.3; access rule 9.
    """
    return capacity is Capacity.OWNER


def is_told_who_left(capacity: Capacity) -> bool:
    """That somebody no longer sees anything is told to professionals and the young person. Among the rest of the family
    it could reach the one who was shut out to protect somebody.

    Source: access rule 7.
    """
    return capacity in (Capacity.OWNER, Capacity.PROFESSIONAL, Capacity.YOUNG_PERSON)


def may_lead_meetings(may_write_plan: bool, plan_is_writable: bool) -> bool:
    """Whoever may write in the plan, in the compartment it lies in, plans and leads meetings about it.

    Source: the model's meeting script: any professional of the team can chair.
    """
    return may_write_plan and plan_is_writable


def may_take_case_over(may_open_cases: bool, has_open_account: bool, is_guide_now: bool) -> bool:
    """Another guide is somebody else who may open cases and whose account is open.

    Source: access rule 10.
    """
    return may_open_cases and has_open_account and not is_guide_now


def new_guide_takes_consent(leaves_organisation: bool, by_law: bool) -> bool:
    """Everybody whose consent counts must say yes before a case leaves its organisation, unless it goes on a legal
    basis. Within the organisation, and by law, the young person alone is told and heard, and stops nothing.

    Source: access rule 10; databeskyttelsesforordningen art. 6.
    """
    return leaves_organisation and not by_law


# The team


def is_citizen(workplace_id: UUID | None) -> bool:
    """Whoever has a place of work in the case is a professional; everybody else is a citizen. What is done in a
    citizen's stead is done for nobody else: noting their yes, making them a code, putting their name right, shutting
    them out.

    Source: access rule 7; access rule 8.
    """
    return workplace_id is None


def may_be_added_as_citizen(capacity: Capacity) -> bool:
    """The guide adds citizens as parents or network persons. There is one young person in a case, and professionals
    come from the staff directory.

    Source: access rules 4 and 5.
    """
    return capacity in ADDED_AS_CITIZEN


def may_hold_custody(capacity: Capacity) -> bool:
    """Custody is noted of a parent, and of nobody else.

    Source: access rule 3. Whoever else holds custody is added as a parent (docs/access.md).
    """
    return capacity is Capacity.PARENT


def may_have_level_changed(capacity: Capacity) -> bool:
    """The guide sets what everybody else may read and write. Their own access ends only by handing the case over.

    Source: access rule 10.
    """
    return capacity is not Capacity.OWNER


def may_be_frozen(citizen: bool, is_frozen: bool) -> bool:
    """A citizen can be shut out at once, the young person too; a professional is taken out of the case instead. Whoever
    is shut out already is looked at again.

    Source: access rule 7.
    """
    return citizen and not is_frozen


def may_be_let_in_by_law(is_let_in: bool, is_frozen: bool, lacks_consent: bool) -> bool:
    """The law stands in for consent that is missing and for nothing else: the guide must have let the member in, and
    whoever is shut out at once stays out.

    Source: access rule 7.
    """
    return is_let_in and not is_frozen and lacks_consent


def case_knows_birth_date(capacity: Capacity) -> bool:
    """The case knows the young person's birth date, and nobody else's: it decides when they come of age.

    Source: databeskyttelsesforordningen art. 5(1)(c) and 16.
    """
    return capacity is Capacity.YOUNG_PERSON


def may_say_yes(needs_yes_as: Party | None, asked_as: Party) -> bool:
    """The young person's own yes or no decides about somebody whose access rests on their consent, by the name the
    consent knows them by now. About everybody else the guide is asked.

    Source: access rules 2 and 3.
    """
    return needs_yes_as is not None and needs_yes_as == asked_as


# Consent


def may_read_declaration(leads: bool, is_giver: bool) -> bool:
    """Whoever gave a declaration reads it, also when the case is shut to them. Of others' only those who answer for the
    case do.

    Source: access rule 8; databeskyttelsesforordningen art. 7(1).
    """
    return is_giver or leads


def may_take_consent_back(standing: Standing, is_giver: bool) -> bool:
    """Its giver takes a consent back, and the guide on the giver's word. Nobody else does, the young person neither: a
    custody holder's consent is the custody holder's.

    Source: access rule 6; databeskyttelsesforordningen art. 7(3).
    """
    return is_giver or standing is Standing.OWNER


def may_read_own_answers(is_self: bool, citizen: bool, may_view: bool) -> bool:
    """A citizen reads what they are asked and what they answered, also when they are not asked any more.

    Source: access rule 8.
    """
    return is_self and citizen and may_view


def sees_countdown(capacity: Capacity, leads: bool, has_come: bool, has_declared_as_adult: bool) -> bool:
    """The 18th birthday is counted down to for those who answer for the case and for parents. After the day it is told
    to those who answer for the case, until the young adult has given a consent of their own.

    Source: access rule 4.
    """
    if has_come:
        return leads and not has_declared_as_adult
    return leads or capacity is Capacity.PARENT


# Messages


def may_take_message_back(is_own: bool, within_seven_days: bool) -> bool:
    """Whoever wrote a message takes its words back within seven days. That they did stays.

    Source: access rule 6: what somebody wrote is theirs; docs/messages.md.
    """
    return is_own and within_seven_days


def may_know_who_has_read(reader_is_citizen: bool, is_self: bool) -> bool:
    """How far a professional has read is known to everybody who can read the thread. How far a citizen has is known to
    that citizen alone.

    Source: Datatilsynet on look-ups in logs; docs/adr/0067-reading-of-messages.md.
    """
    return is_self or not reader_is_citizen


# Files and the plan


def may_withdraw_file(capacity: Capacity, is_own: bool) -> bool:
    """Whoever put a file in takes it out of everybody's reach, and so does the guide.

    Source: access rule 6: what somebody wrote stays, and is theirs.
    """
    return is_own or capacity is Capacity.OWNER


def may_read_unscanned(is_own: bool) -> bool:
    """What the virus scanner has not looked at yet is handed out to whoever put it in, and to nobody else.

    Source: docs/files.md.
    """
    return is_own


def may_fill(capacity: Capacity, filled_by: Collection[Capacity], is_carried: bool) -> bool:
    """A question is anybody's to answer unless its tool names who answers it. What is carried over from elsewhere is
    answered there.

    Source: the definition of the tool (docs/tools.md).
    """
    return not is_carried and (not filled_by or capacity in filled_by)


def may_close_row(can_write: bool, is_agreed: bool, is_commitment: bool, may_answer: bool) -> bool:
    """In the agreed version whoever may write and may answer the question that closes a row closes it in one step.
    Whether a commitment was kept is noted beside it instead.

    Source: docs/tools.md.
    """
    return can_write and is_agreed and not is_commitment and may_answer


def is_asked_to_agree(capacity: Capacity, agreed_by: Collection[Capacity]) -> bool:
    """A version waits for the yes of those whom its tool names, besides whoever it names for something.

    Source: the definition of the tool (docs/tools.md).
    """
    return capacity in agreed_by


def may_note_outcome(capacity: Capacity, is_own: bool) -> bool:
    """How a commitment went is said by whoever gave it, by the young person and by the guide.

    Source: docs/tools.md.
    """
    return is_own or capacity in ANSWERS_FOR_THE_CASE


def counts_as_outcome(capacities: Collection[Capacity], is_own: bool) -> bool:
    """What a guide of before noted still counts: it is asked what somebody has ever been in the case.

    Source: docs/tools.md.
    """
    return is_own or not ANSWERS_FOR_THE_CASE.isdisjoint(capacities)


def may_read_objection(capacity: Capacity, is_own: bool) -> bool:
    """What somebody asks to have changed in a proposal is read by them and by the guide.

    Source: docs/tools.md.
    """
    return is_own or capacity is Capacity.OWNER


def may_read_heard(capacity: Capacity) -> bool:
    """Whether they were heard is the young person's own to tell: the guide of today reads what they show, nobody else.

    Source: docs/tools.md.
    """
    return capacity is Capacity.OWNER


# The log


class LogScope(StrEnum):
    """Which lines of the case log somebody reads, besides their own."""

    EVERYTHING = "everything"
    OF_TODAYS_GUIDE = "all but what the young person confided to another guide"
    OPEN_COMPARTMENTS = "what happened in compartments that are open to them"
    ABOUT_THEMSELVES = "what is about themselves"


def log_scope(standing: Standing, is_open: bool) -> LogScope:
    """The young person reads the whole log, also while the case is shut to them. The guide reads everything but what
    was confided to another guide, others what happened where they see; to whom the case is shut what is about
    themselves.

    Source: access rule 8; databeskyttelsesforordningen art. 15; Datatilsynet on look-ups in logs.
    """
    if standing is Standing.YOUNG_PERSON:
        return LogScope.EVERYTHING
    if not is_open:
        return LogScope.ABOUT_THEMSELVES
    return LogScope.OF_TODAYS_GUIDE if standing is Standing.OWNER else LogScope.OPEN_COMPARTMENTS


def may_read_name_in_log(is_about_citizen: bool, reader_is_staff: bool, is_self: bool, names_are_shown: bool) -> bool:
    """Citizens read the organisation and role of a professional who looked; the name only where the installation shows
    names. Professionals read everybody's.

    Source: Datatilsynet on look-ups in logs (`SHOW_STAFF_NAMES_IN_LOG`).
    """
    return is_about_citizen or reader_is_staff or is_self or names_are_shown


def may_ask_about_visit(reader_is_staff: bool, by_known_professional: bool, is_self: bool) -> bool:
    """A citizen may ask the guide why a professional, whom they may know of, has looked.

    Source: databeskyttelsesforordningen art. 15.
    """
    return by_known_professional and not is_self and not reader_is_staff


# Accounts


def may_hold_roles(roles: Collection[SystemRole], is_own_account: bool) -> bool:
    """An administrator does not take that role from themselves: somebody must be left who can give it back.

    Source: docs/staff-sign-in.md.
    """
    return not is_own_account or SystemRole.ADMINISTRATOR in roles
