"""The plan, the network and the meetings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal import clock
from portal.access.ticket import CaseTicket
from portal.services.meetings import schedule
from portal.services.plans import agreement, approvals, assignments, editing
from portal.services.plans.open_plan import open_plan
from tests.plans.test_tools import add, begin, newest
from tests.rules.decisions.scene import PLAN, Press, Scene, decision, logged, rows

# The plan


@decision("plan", "POST plan_form.begin")
def a_tool_is_begun(scene: Scene) -> Press:
    return Press(f"{scene.case}/plan/network_map/begin", rows("plan", "tool = 'network_map'"))


@decision("plan", "POST plan_form.save", "teacher")
def an_answer_is_saved(scene: Scene) -> Press:
    _ = scene.row
    fields = {"number": "1", "revision": "2", "now.situation": "Det går op og ned", "was.now.situation": ""}
    return Press(f"{scene.case}/plan/{PLAN}/write", rows("plan_change"), fields)


@decision("plan", "POST meetings.take", "teacher")
def something_is_taken_on(scene: Scene) -> Press:
    row = scene.row
    meeting = scene.story.meeting(scene.room, scene.people["guide"])
    words = scene.play("teacher", lambda t: approvals.named_parts(t, _version(t))[0].words)
    fields = {"number": "1", "words": words, "taken": "yes"}

    def taken_back() -> None:
        """Else it would stand as their yes when the version is proposed."""
        scene.play("teacher", lambda t: assignments.take(t, uuid4(), PLAN, 1, row, words, taken=False))
        _end_meeting(scene, meeting)

    return Press(f"{scene.case}/meetings/{meeting}/take/{row}", rows("plan_taking"), fields, then=taken_back)


def _version(ticket: CaseTicket) -> Any:
    from portal.services.plans import plans

    page = plans.show_plan(ticket, PLAN)
    assert page is not None
    return page.newest


@decision("plan", "POST plan_form.propose")
def a_version_is_proposed(scene: Scene) -> Press:
    _ = scene.row
    revision = newest(scene.story, scene.room, scene.people["guide"], PLAN).revision
    return Press(f"{scene.case}/plan/{PLAN}/versions/1/propose", rows("plan_proposal"), {"revision": str(revision)})


def _proposal(scene: Scene) -> str:
    page = newest(scene.story, scene.room, scene.people["guide"], PLAN)
    if page.proposal_id is None:
        scene.play("guide", lambda t: agreement.propose_plan(t, uuid4(), PLAN, page.number, page.revision))
        page = newest(scene.story, scene.room, scene.people["guide"], PLAN)
    return str(page.proposal_id)


@decision("plan", "POST plan_form.object_to", "teacher")
def a_change_is_asked_for(scene: Scene) -> Press:
    fields = {"proposal": _proposal(scene), "words": "Skriv en anden dag"}
    path = f"{scene.case}/plan/{PLAN}/versions/1/change"
    return Press(path, rows("plan_objection"), fields, same=True)


@decision("plan", "POST plan_form.accept", "teacher")
def a_yes_to_the_whole(scene: Scene) -> Press:
    """With which what they promised counts, and is to be reminded of, once."""
    fields = {"proposal": _proposal(scene)}
    return Press(f"{scene.case}/plan/{PLAN}/versions/1/accept", rows("plan_reminder"), fields)


@decision("plan", "POST plan_form.accept_for")
def a_yes_is_noted(scene: Scene) -> Press:
    fields = {"proposal": _proposal(scene), "how": "Sagt på mødet"}
    path = f"{scene.case}/plan/{PLAN}/versions/1/accept/{scene.member('young')}"
    return Press(path, rows("plan_acceptance"), fields)


@decision("plan", "POST meetings.accept")
def the_last_yes_in_a_meeting(scene: Scene) -> Press:
    """With which it is agreed."""
    proposal, meeting = _proposal(scene), scene.story.meeting(scene.room, scene.people["guide"])
    return Press(
        f"{scene.case}/meetings/{meeting}/yes",
        rows("plan_acceptance"),
        {"number": "1", "proposal": proposal},
        then=lambda: _end_meeting(scene, meeting),
    )


@decision("plan", "POST promises.note", "teacher")
def how_a_promise_went(scene: Scene) -> Press:
    fields = {"number": "1", "outcome": "partly", "word": "Det gik næsten"}
    return Press(f"{scene.case}/plan/promises/{scene.row}", rows("plan_outcome"), fields, same=True)


@decision("plan", "POST plan_form.renew")
def the_next_version_is_begun(scene: Scene) -> Press:
    return Press(f"{scene.case}/plan/{PLAN}/renew", rows("plan_version"))


@decision("plan", "POST plan_form.renew")
def a_row_is_closed_in_the_next_version(scene: Scene) -> Press:
    """Begun where nobody has; here somebody has, and it is closed there once."""
    return Press(f"{scene.case}/plan/{PLAN}/renew", rows("plan_change"), {"close": f"goals.{_goal(scene)}"})


def _goal(scene: Scene) -> str:
    def made(ticket: CaseTicket) -> str:
        return editing.add_row(open_plan(ticket, PLAN), 2, "goals", words="Jeg cykler", status="under_way")

    return str(scene.play("guide", made))


@decision("plan", "POST plan_form.add_row")
def a_row_is_begun_from_another_page(scene: Scene) -> Press:
    """Whoever comes second writes in the empty row that is there by then."""
    return Press(f"{scene.case}/plan/{PLAN}/rows/agreements", rows("plan_change"))


# People of the network


def _on_the_map(scene: Scene, name: str) -> str:
    begin(scene.story, scene.room, scene.people["young"], "network_overview")
    begin(scene.story, scene.room, scene.people["young"], "network_map")
    return add(scene.story, scene.room, scene.people["young"], "network_map", "people", name=name)


@decision("network", "POST network.invite")
def somebody_of_the_network_is_invited(scene: Scene) -> Press:
    row = _on_the_map(scene, "Moster Mia")
    fields = {"capacity": "network_person", "name": "Moster Mia", "level": "read"}
    path = f"{scene.case}/plan/network_overview/people/{row}/invite"
    return Press(path, rows("membership", "display_name = 'Moster Mia'"), fields)


@decision("network", "POST network.recognise")
def somebody_of_the_network_is_recognised(scene: Scene) -> Press:
    row = _on_the_map(scene, "Lærer Lars")
    path = f"{scene.case}/plan/network_overview/people/{row}"
    return Press(
        f"{path}/is",
        rows("plan_person", f"row_key = '{row}'"),
        {"member": str(scene.member("teacher"))},
        then=lambda: scene.press("guide", f"{path}/nobody"),
    )


@decision("network", "POST network.forget")
def somebody_is_nobody_of_the_network_after_all(scene: Scene) -> Press:
    row = _on_the_map(scene, "Mor Mona")
    path = f"{scene.case}/plan/network_overview/people/{row}"
    scene.press("guide", f"{path}/is", {"member": str(scene.member("mother"))})
    return Press(f"{path}/nobody", rows("plan_person", f"row_key = '{row}'"))


# Meetings


def _meeting(scene: Scene, days: int = 7) -> UUID:
    def made(ticket: CaseTicket) -> UUID:
        on = clock.today(ticket.profile.zone) + timedelta(days=days)
        when = schedule.at(ticket, on, "14.30", "Skolen")
        return schedule.arrange(ticket, uuid4(), when, {scene.member("young"), scene.member("teacher")})

    return UUID(str(scene.play("guide", made)))


def _end_meeting(scene: Scene, meeting: UUID) -> None:
    scene.press("guide", f"{scene.case}/meetings/{meeting}/end", {"people": str(scene.member("young"))})


@decision("meetings", "POST meetings.arrange")
def a_meeting_is_planned(scene: Scene) -> Press:
    _ = scene.row
    fields = {"o_clock": "14.30", "place": "Skolen", "people": str(scene.member("young")), **scene.days("on", 5)}
    return Press(f"{scene.case}/meetings/new", rows("meeting"), fields, same=True)


@decision("meetings", "POST meetings.change")
def a_meeting_is_changed(scene: Scene) -> Press:
    """Four changes, one after the other; they say the same, and all are told in the log."""
    meeting = _meeting(scene)
    fields = {"o_clock": "10.15", "place": "Biblioteket", "people": str(scene.member("young")), **scene.days("on", 6)}
    return Press(f"{scene.case}/meetings/{meeting}/change", rows("meeting_seat", "invited"), fields, makes=-1)


@decision("meetings", "POST meetings.call_off")
def a_meeting_is_called_off(scene: Scene) -> Press:
    return Press(f"{scene.case}/meetings/{_meeting(scene)}/call-off", logged("meeting.called_off"))


@decision("meetings", "POST meetings.begin")
def a_meeting_is_begun(scene: Scene) -> Press:
    meeting = _meeting(scene)
    return Press(
        f"{scene.case}/meetings/{meeting}/begin", logged("meeting.begun"), then=lambda: _end_meeting(scene, meeting)
    )


@decision("meetings", "POST meetings.begin_now")
def a_meeting_nobody_planned_is_begun(scene: Scene) -> Press:
    def ended() -> None:
        _end_meeting(scene, UUID(str(scene.play("guide", schedule.running_meeting))))

    return Press(f"{scene.case}/meetings/now", rows("meeting"), then=ended)


@decision("meetings", "POST meetings.people")
def who_is_in_the_room_is_noted(scene: Scene) -> Press:
    meeting = scene.story.meeting(scene.room, scene.people["guide"])
    fields = {"people": [str(scene.member(who)) for who in ("guide", "young", "teacher")]}
    return Press(
        f"{scene.case}/meetings/{meeting}/people",
        logged("meeting.joined"),
        fields,
        then=lambda: _end_meeting(scene, meeting),
    )


@decision("meetings", "POST meetings.end")
def a_meeting_is_ended(scene: Scene) -> Press:
    """Its summary is sent once."""
    meeting = scene.story.meeting(scene.room, scene.people["guide"])
    fields = {"people": str(scene.member("young")), "o_clock": "9.00", **scene.days("on", 14)}
    return Press(f"{scene.case}/meetings/{meeting}/end", rows("thread"), fields)


# What the young person says of a meeting, and what is written about it


_HEARD = {"heard.listened": "1", "heard.decided": "2", "show": "y"}


@decision("heard", "POST heard.version", "young")
def the_young_person_says_it_of_a_meeting_elsewhere(scene: Scene) -> Press:
    begin(scene.story, scene.room, scene.people["guide"], "meeting_checklist")
    path = f"{scene.case}/plan/meeting_checklist/versions/1/heard"
    return Press(path, rows("heard", "plan_version_id is not null"), _HEARD)


@decision("heard", "POST meetings.checklist")
def the_checklist_of_a_meeting_is_begun(scene: Scene) -> Press:
    meeting = _meeting(scene)
    about = f"meeting_id = '{meeting}'"
    return Press(f"{scene.case}/meetings/{meeting}/checklist", rows("plan_version", about))


@decision("heard", "POST heard.meeting", "young")
def the_young_person_says_how_they_were_heard(scene: Scene) -> Press:
    """Each says the same again; one answer is kept."""
    meeting = scene.story.meeting(scene.room, scene.people["guide"])
    return Press(
        f"{scene.case}/meetings/{meeting}/heard",
        rows("heard", f"meeting_id = '{meeting}'"),
        _HEARD,
        then=lambda: _end_meeting(scene, meeting),
    )
