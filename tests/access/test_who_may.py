"""Every rule of policy/who_may.py: whom it lets, whom it keeps from it, and that the docs tell it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from portal.access.policy import who_may
from portal.access.policy.facts import Party
from portal.access.policy.roles import Capacity, Standing, SystemRole
from portal.access.policy.who_may import LogScope, log_scope

OWNER, YOUNG, PARENT = Capacity.OWNER, Capacity.YOUNG_PERSON, Capacity.PARENT
PROFESSIONAL, NETWORK_PERSON = Capacity.PROFESSIONAL, Capacity.NETWORK_PERSON


def let(rule: Callable[[Capacity], bool]) -> set[Capacity]:
    """The capacities a rule lets."""
    return {capacity for capacity in Capacity if rule(capacity)}


def test_the_guide_and_the_young_person_answer_for_a_case_that_is_open_to_them() -> None:
    assert let(lambda c: who_may.leads(c, True)) == {OWNER, YOUNG}
    assert let(lambda c: who_may.leads(c, False)) == set()


def test_the_guide_of_today_alone_is_the_guide() -> None:
    assert let(who_may.is_guide) == let(who_may.may_read_heard) == {OWNER}
    assert let(who_may.is_told_who_left) == {OWNER, PROFESSIONAL, YOUNG}


def test_a_meeting_is_led_by_whoever_may_write_in_the_plan_where_it_lies() -> None:
    assert who_may.may_lead_meetings(True, True)
    assert not who_may.may_lead_meetings(True, False)
    assert not who_may.may_lead_meetings(False, True)


def test_a_case_is_taken_over_by_somebody_else_with_an_open_account_who_may_open_cases() -> None:
    assert who_may.may_take_case_over(True, True, False)
    for lacking in ((False, True, False), (True, False, False), (True, True, True)):
        assert not who_may.may_take_case_over(*lacking)


def test_consent_decides_about_another_guide_where_the_case_leaves_its_organisation_without_a_legal_basis() -> None:
    assert who_may.new_guide_takes_consent(leaves_organisation=True, by_law=False)
    assert not who_may.new_guide_takes_consent(leaves_organisation=True, by_law=True)
    assert not who_may.new_guide_takes_consent(leaves_organisation=False, by_law=False)


def test_a_citizen_is_whoever_has_no_place_of_work_in_the_case() -> None:
    assert who_may.is_citizen(None)
    assert not who_may.is_citizen(UUID(int=1))


def test_citizens_are_added_as_parents_and_network_persons_and_custody_is_noted_of_parents() -> None:
    assert let(who_may.may_be_added_as_citizen) == {PARENT, NETWORK_PERSON}
    assert let(who_may.may_hold_custody) == {PARENT}


def test_the_guide_sets_everybodys_access_but_their_own() -> None:
    assert let(who_may.may_have_level_changed) == set(Capacity) - {OWNER}


def test_the_birth_date_that_can_be_corrected_is_the_young_persons() -> None:
    assert let(who_may.case_knows_birth_date) == {YOUNG}


def test_a_citizen_who_is_not_shut_out_yet_can_be_shut_out_at_once() -> None:
    assert who_may.may_be_frozen(citizen=True, is_frozen=False)
    assert not who_may.may_be_frozen(citizen=True, is_frozen=True)
    assert not who_may.may_be_frozen(citizen=False, is_frozen=False)


def test_the_law_stands_in_for_missing_consent_and_for_nothing_else() -> None:
    assert who_may.may_be_let_in_by_law(is_let_in=True, is_frozen=False, lacks_consent=True)
    for lacking in ((False, False, True), (True, True, True), (True, False, False)):
        assert not who_may.may_be_let_in_by_law(*lacking)


def test_a_yes_is_said_to_whoever_needs_it_by_the_name_they_need_it_as() -> None:
    school, aunt = Party(unit_id=UUID(int=1)), Party(membership_id=UUID(int=2))
    assert who_may.may_say_yes(school, school)
    assert not who_may.may_say_yes(aunt, school)
    assert not who_may.may_say_yes(None, school), "a colleague of the guide needs no consent"


def test_a_declaration_is_read_by_its_giver_and_by_those_who_answer_for_the_case() -> None:
    assert who_may.may_read_declaration(leads=False, is_giver=True)
    assert who_may.may_read_declaration(leads=True, is_giver=False)
    assert not who_may.may_read_declaration(leads=False, is_giver=False)


def test_a_consent_is_taken_back_by_its_giver_and_by_the_guide_on_their_word() -> None:
    assert all(who_may.may_take_consent_back(standing, is_giver=True) for standing in Standing)
    others = {standing for standing in Standing if who_may.may_take_consent_back(standing, is_giver=False)}
    assert others == {Standing.OWNER}, "not by the young person: a custody holder's consent is theirs"


def test_only_a_citizen_who_may_view_consents_reads_their_own_answers() -> None:
    assert who_may.may_read_own_answers(is_self=True, citizen=True, may_view=True)
    for lacking in ((False, True, True), (True, False, True), (True, True, False)):
        assert not who_may.may_read_own_answers(*lacking)


def test_the_18th_birthday_is_counted_down_to_for_parents_and_those_who_answer_for_the_case() -> None:
    def sees(capacity: Capacity, has_come: bool, declared: bool = False) -> bool:
        return who_may.sees_countdown(capacity, who_may.leads(capacity, True), has_come, declared)

    assert let(lambda c: sees(c, has_come=False)) == {OWNER, YOUNG, PARENT}
    assert let(lambda c: sees(c, has_come=True)) == {OWNER, YOUNG}
    assert let(lambda c: sees(c, has_come=True, declared=True)) == set()


def test_words_are_taken_back_by_whoever_wrote_them_and_not_after_seven_days() -> None:
    told = {(own, soon): who_may.may_take_message_back(own, soon) for own in (True, False) for soon in (True, False)}
    assert [key for key, may in told.items() if may] == [(True, True)]


def test_how_far_a_citizen_has_read_is_known_to_that_citizen_alone() -> None:
    assert not who_may.may_know_who_has_read(reader_is_citizen=True, is_self=False)
    assert who_may.may_know_who_has_read(reader_is_citizen=True, is_self=True)
    assert who_may.may_know_who_has_read(reader_is_citizen=False, is_self=False)


def test_a_file_is_withdrawn_by_whoever_put_it_in_and_by_the_guide() -> None:
    assert let(lambda c: who_may.may_withdraw_file(c, is_own=True)) == set(Capacity)
    assert let(lambda c: who_may.may_withdraw_file(c, is_own=False)) == {OWNER}


def test_what_was_not_scanned_yet_is_handed_to_whoever_put_it_in_alone() -> None:
    assert who_may.may_read_unscanned(is_own=True)
    assert not who_may.may_read_unscanned(is_own=False)


def test_a_question_is_answered_by_anybody_or_by_whom_its_tool_names_and_never_where_it_is_carried() -> None:
    assert let(lambda c: who_may.may_fill(c, (), is_carried=False)) == set(Capacity)
    assert let(lambda c: who_may.may_fill(c, (YOUNG, OWNER), is_carried=False)) == {OWNER, YOUNG}
    assert let(lambda c: who_may.may_fill(c, (), is_carried=True)) == set()


def test_a_row_is_closed_in_the_agreed_version_by_whoever_may_write_and_answer_and_a_commitment_never() -> None:
    assert who_may.may_close_row(can_write=True, is_agreed=True, is_commitment=False, may_answer=True)
    for one in (
        (False, True, False, True),
        (True, False, False, True),
        (True, True, True, True),
        (True, True, False, False),
    ):
        assert not who_may.may_close_row(*one)


def test_those_are_asked_to_agree_whom_the_tool_names() -> None:
    assert let(lambda c: who_may.is_asked_to_agree(c, {YOUNG, OWNER})) == {OWNER, YOUNG}


def test_how_a_commitment_went_is_noted_by_its_giver_the_young_person_and_the_guide() -> None:
    assert let(lambda c: who_may.may_note_outcome(c, is_own=True)) == set(Capacity)
    assert let(lambda c: who_may.may_note_outcome(c, is_own=False)) == {OWNER, YOUNG}


def test_what_a_guide_of_before_noted_counts_still() -> None:
    assert who_may.counts_as_outcome({PROFESSIONAL, OWNER}, is_own=False)
    assert not who_may.counts_as_outcome({PROFESSIONAL}, is_own=False)
    assert who_may.counts_as_outcome({PROFESSIONAL}, is_own=True)


def test_an_objection_is_read_by_whoever_made_it_and_by_the_guide() -> None:
    assert let(lambda c: who_may.may_read_objection(c, is_own=True)) == set(Capacity)
    assert let(lambda c: who_may.may_read_objection(c, is_own=False)) == {OWNER}


@pytest.mark.parametrize(
    ("standing", "is_open", "scope"),
    [
        (Standing.YOUNG_PERSON, True, LogScope.EVERYTHING),
        (Standing.YOUNG_PERSON, False, LogScope.EVERYTHING),
        (Standing.OWNER, True, LogScope.OF_TODAYS_GUIDE),
        (Standing.OWNER, False, LogScope.ABOUT_THEMSELVES),
        (Standing.PROFESSIONAL, True, LogScope.OPEN_COMPARTMENTS),
        (Standing.CUSTODY_HOLDER, True, LogScope.OPEN_COMPARTMENTS),
        (Standing.CUSTODY_HOLDER, False, LogScope.ABOUT_THEMSELVES),
        (Standing.PARENT, True, LogScope.OPEN_COMPARTMENTS),
        (Standing.PARENT, False, LogScope.ABOUT_THEMSELVES),
        (Standing.NETWORK_PERSON, True, LogScope.OPEN_COMPARTMENTS),
        (Standing.NETWORK_PERSON, False, LogScope.ABOUT_THEMSELVES),
        (Standing.PROFESSIONAL, False, LogScope.ABOUT_THEMSELVES),
    ],
)
def test_the_log_is_read_as_far_as_the_reader_sees(standing: Standing, is_open: bool, scope: LogScope) -> None:
    assert log_scope(standing, is_open) is scope


def test_the_name_of_a_professional_stands_in_the_log_for_professionals_and_where_names_are_shown() -> None:
    assert not who_may.may_read_name_in_log(False, False, False, False)
    for reason in ((True, False, False, False), (False, True, False, False), (False, False, True, False)):
        assert who_may.may_read_name_in_log(*reason)
    assert who_may.may_read_name_in_log(False, False, False, names_are_shown=True)


def test_a_citizen_asks_about_the_visit_of_a_professional_they_may_know_of() -> None:
    assert who_may.may_ask_about_visit(reader_is_staff=False, by_known_professional=True, is_self=False)
    for lacking in ((True, True, False), (False, False, False), (False, True, True)):
        assert not who_may.may_ask_about_visit(*lacking)


def test_an_administrator_keeps_that_role_in_their_own_account() -> None:
    without, with_it = {SystemRole.LEADER}, {SystemRole.LEADER, SystemRole.ADMINISTRATOR}
    assert not who_may.may_hold_roles(without, is_own_account=True)
    assert who_may.may_hold_roles(with_it, is_own_account=True)
    assert who_may.may_hold_roles(without, is_own_account=False)
