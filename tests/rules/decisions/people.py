"""Who is in a case and what they may: added, shut out, let in by law, consented to, handed over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.policy.roles import Capacity
from portal.access.ticket import CaseTicket
from portal.services.consents import drafts, requests
from portal.services.consents import overrides as consent_overrides
from portal.services.consents.declaration import Answers
from portal.services.members import handover, handover_answers, team_wishes
from tests.rules.decisions.scene import FINE, Press, Scene, day, decision, logged, rows
from tests.support.browser import held
from tests.support.story import HERE, Someone, compartment_id

# Who is in the case


@decision("team", "POST team.add")
def somebody_is_added(scene: Scene) -> Press:
    who = scene.staff()
    return Press(
        f"{scene.case}/team/add/{who.id}",
        rows("membership", f"person_id = '{who.id}'"),
        {"level": "read", "purpose": "For at hjælpe"},
        then=lambda: scene.story.refresh(scene.room),
    )


@decision("team", "POST team.add_citizen")
def a_citizen_is_added(scene: Scene) -> Press:
    name = f"Bo {uuid4().hex[:6]}"
    fields = {"capacity": "parent", "name": name, "national_id": "0101704000", "level": "read"}
    return Press(f"{scene.case}/team/citizen", rows("membership", f"display_name = '{name}'"), fields)


@decision("team", "POST team.member")
def a_level_is_set(scene: Scene) -> Press:
    who = scene.newcomer()
    member = scene.room.member(who)
    return Press(f"{scene.case}/team/{member}", rows("team_level", f"membership_id = '{member}'"), {"level": "read"})


@decision("team", "POST team.close")
def somebody_is_shut_out(scene: Scene) -> Press:
    member = scene.room.member(scene.newcomer())
    return Press(
        f"{scene.case}/team/{member}/close",
        rows("team_level", f"membership_id = '{member}'"),
        then=lambda: scene.press("guide", f"{scene.case}/team/{member}", {"level": "read"}),
    )


@decision("team", "POST team.custody")
def custody_ends(scene: Scene) -> Press:
    path = f"{scene.case}/team/{scene.member('mother')}/custody"
    return Press(
        path, logged("custody.set"), {"holds": "no"}, then=lambda: scene.press("guide", path, {"holds": "yes"})
    )


@decision("team", "POST team.code")
def a_code_is_made(scene: Scene) -> Press:
    """Of those that were made at once, the last one opens."""
    who = scene.story.add_citizen(scene.room, "Kusine", Capacity.NETWORK_PERSON)
    member = scene.room.member(who)
    return Press(
        f"{scene.case}/team/{member}/code",
        rows("invitation_code", f"membership_id = '{member}' and used_at is null and expires_at > now()"),
        allowed={200, 409},
    )


@decision("team", "POST leaving.leave", "leaver")
def somebody_leaves(scene: Scene) -> Press:
    scene.people["leaver"] = leaver = scene.story.staff("Lea Leaver")
    scene.story.add(scene.room, leaver)
    return Press(
        f"{scene.case}/leave",
        rows("departure"),
        {"reason": "new_job"},
        allowed={303, 409, 403},  # who has left is shut out
        then=lambda: scene.press("guide", f"{scene.case}/team/{scene.room.member(leaver)}", {"level": "read"}),
    )


# What opens and shuts without consent


@decision("safeguards", "POST safeguards.override")
def the_law_opens(scene: Scene) -> Press:
    member = scene.room.member(scene.newcomer())

    def ended() -> None:
        made = scene.play(
            "guide", lambda t: next(o.id for o in consent_overrides.overrides(t) if o.membership.id == member)
        )
        scene.press("guide", f"{scene.case}/safeguards/overrides/{made}/end")
        closed = scene.owner.execute("select count(*) from access_window where membership_id = %s", [member]).fetchone()
        assert closed == (0,), "ending it shuts"

    return Press(
        f"{scene.case}/safeguards/override/{member}",
        rows("legal_override", f"membership_id = '{member}'"),
        {"compartments": "shared", "legal_basis": "Barnets lov § 32", "reason": "Haster", **scene.days("until", 20)},
        then=ended,
    )


@decision("safeguards", "POST safeguards.end_override")
def what_the_law_opened_is_ended(scene: Scene) -> Press:
    member, until = scene.room.member(scene.newcomer()), clock.today(HERE) + timedelta(days=9)
    made = scene.play(
        "guide",
        lambda t: consent_overrides.override(t, uuid4(), member, ["shared"], until, "Barnets lov § 32", "Haster"),
    )
    return Press(f"{scene.case}/safeguards/overrides/{made}/end", rows("legal_override_end"))


def _frozen(scene: Scene) -> tuple[Someone, UUID]:
    who = scene.story.add_citizen(scene.room, f"Onkel {uuid4().hex[:6]}", Capacity.NETWORK_PERSON)
    review, member = clock.today(HERE) + timedelta(days=7), scene.room.member(who)
    scene.play("guide", lambda t: consent_overrides.freeze(t, uuid4(), [member], review, "Underretning"))
    return who, scene.play(
        "guide", lambda t: next(f.id for f in consent_overrides.freezes(t) if f.membership.id == member)
    )


@decision("safeguards", "POST safeguards.freeze")
def somebody_is_frozen(scene: Scene) -> Press:
    who = scene.story.add_citizen(scene.room, "Onkel", Capacity.NETWORK_PERSON)
    member = scene.room.member(who)

    def lifted() -> None:
        found = scene.play("guide", lambda t: [f.id for f in consent_overrides.freezes(t) if f.membership.id == member])
        assert len(found) == 1
        scene.press("guide", f"{scene.case}/safeguards/freezes/{found[0]}", {"decision": "lift"})

    return Press(
        f"{scene.case}/safeguards/freeze",
        rows("access_freeze", f"membership_id = '{member}'"),
        {"people": str(member), "reason": "Det haster med at beskytte", **scene.days("review_on", 7)},
        then=lifted,
    )


@decision("safeguards", "POST safeguards.review")
def a_freeze_is_lifted(scene: Scene) -> Press:
    _who, freeze = _frozen(scene)
    return Press(f"{scene.case}/safeguards/freezes/{freeze}", rows("access_freeze_end"), {"decision": "lift"})


@decision("safeguards", "POST safeguards.review")
def a_freeze_is_kept(scene: Scene) -> Press:
    who, freeze = _frozen(scene)
    return Press(
        f"{scene.case}/safeguards/freezes/{freeze}",
        rows("access_freeze", f"membership_id = '{scene.room.member(who)}'"),
        {"decision": "keep", "reason": "Stadig farligt", **scene.days("review_on", 5)},
    )


# Consent and wishes


@decision("consent", "POST consents.give", "young")
def an_answer_is_kept_to_be_read(scene: Scene) -> Press:
    path = f"{scene.case}/consents/give"
    fields = scene.form("young", path, "valid_until") | scene.ticked("young", path, "yes")
    assert any(name.startswith("answer-") for name in fields), "nothing is asked"
    return Press(path, "select count(*) from consent_draft", fields)


@decision("consent", "POST consents.sign", "young")
def a_consent_is_given(scene: Scene) -> Press:
    def keep(ticket: CaseTicket) -> None:
        asked = requests.request(ticket, ticket.membership.id)
        said = {line.key: {one.key: True for one in line.asked} for line in asked.parties}
        drafts.save_answers(ticket, asked, Answers(said, asked.until), "da")

    scene.play("young", keep)
    fields = scene.form("young", f"{scene.case}/consents/sign", "read")
    return Press(f"{scene.case}/consents/sign", rows("consent", f"giver_id = '{scene.member('young')}'"), fields)


@decision("consent", "POST consents.register")
def a_spoken_consent_is_registered(scene: Scene) -> Press:
    path = f"{scene.case}/consents/register/{scene.member('mother')}"
    fields = scene.form("guide", path, "given_on") | day("given_on", clock.today(HERE))
    fields |= scene.ticked("guide", path, "yes")
    fields |= {"method": "oral", "note": "Sagt på mødet", "told": "y"}
    browser, token = scene.browsers("guide")[0]
    looked = browser.post(path, fields, token)
    assert looked.status == 200, "it is looked through first"
    fields |= held(looked.form("read"))
    return Press(path, rows("consent", f"giver_id = '{scene.member('mother')}'"), fields, same=True)


@decision("consent", "POST consents.withdraw", "mother")
def a_consent_is_taken_back(scene: Scene) -> Press:
    made = scene.play("mother", lambda t: requests.in_force(t, t.membership.id).id)
    return Press(f"{scene.case}/consents/{made}/withdraw/all", rows("consent_withdrawal"))


@decision("consent", "POST choosing.no", "young")
def a_no_to_somebody(scene: Scene) -> Press:
    path = f"{scene.case}/choose/no/{scene.member('teacher')}"
    return Press(path, rows("team_wish", "kind = 'no'"), {"reason": "Det ved du godt"}, same=True)


@decision("consent", "POST choosing.propose", "young")
def somebody_is_proposed(scene: Scene) -> Press:
    fields = {"name": "Bent Bold", "reason": "Han er flink"}
    return Press(f"{scene.case}/choose/propose", rows("team_wish", "kind = 'propose'"), fields, same=True)


@decision("consent", "POST choosing.pause", "young")
def a_pause_is_asked_for(scene: Scene) -> Press:
    fields = {"reason": "Eksamen", **scene.days("until", 9)}
    return Press(f"{scene.case}/choose/pause", rows("team_wish", "kind = 'pause'"), fields, same=True)


@decision("consent", "POST choosing.answer")
def a_wish_is_answered(scene: Scene) -> Press:
    made = scene.play("young", lambda t: team_wishes.propose_wishes(t, uuid4(), "Berta Bold", ""))
    fields = {"answer": "yes", "reason": "Jeg ringer til hende"}
    return Press(f"{scene.case}/choose/wishes/{made}", rows("team_wish_answer"), fields)


# Handed over


def _taker(scene: Scene) -> Someone:
    scene.people["taker"] = taker = scene.story.guide(f"Gerda {uuid4().hex[:6]}")
    scene.as_new("taker")
    return taker


def _offered(scene: Scene) -> Someone:
    taker = _taker(scene)
    scene.play("guide", lambda t: handover.offer(t, uuid4(), taker.id))
    scene.story.refresh(scene.room)
    return taker


@decision("hand-over", "POST hand_over.say", "young")
def the_young_person_says_no_to_another_guide(scene: Scene) -> Press:
    _offered(scene)
    path = f"{scene.case}/hand-over/say"
    fields = scene.form("young", path, "change") | {"answer": "no", "words": "Jeg kender hende ikke"}
    back = f"{scene.case}/hand-over/withdraw"
    return Press(path, rows("hand_over_say"), fields, then=lambda: scene.press("guide", back))


@decision("hand-over", "POST hand_over.register")
def the_guide_notes_what_the_young_person_said(scene: Scene) -> Press:
    _offered(scene)
    fields = {"answer": "yes", "method": "oral", "words": "Sagt på mødet"}
    back = f"{scene.case}/hand-over/withdraw"
    return Press(
        f"{scene.case}/hand-over/register/{scene.member('young')}",
        rows("hand_over_say"),
        fields,
        then=lambda: scene.press("guide", back),
    )


@decision("hand-over", "POST hand_over.reply")
def the_guide_answers_a_no_to_another_guide(scene: Scene) -> Press:
    _offered(scene)
    offered = scene.play("young", lambda t: handover_answers.asked_of_me(t).id)
    scene.play("young", lambda t: handover_answers.say(t, uuid4(), offered, "no", "Jeg kender hende ikke"))
    said = scene.play("guide", lambda t: handover_answers.current(t).said[0].id)
    back = f"{scene.case}/hand-over/withdraw"
    return Press(
        f"{scene.case}/hand-over/reply/{said}",
        rows("hand_over_reply"),
        {"words": "Lad os tale om det på torsdag"},
        then=lambda: scene.press("guide", back),
    )


@decision("hand-over", "POST hand_over.offer")
def the_case_is_offered(scene: Scene) -> Press:
    taker = _taker(scene)
    path = f"{scene.case}/hand-over/withdraw"
    return Press(f"{scene.case}/hand-over/to/{taker.id}", rows("hand_over"), then=lambda: scene.press("guide", path))


@decision("hand-over", "POST hand_over.withdraw")
def an_offer_is_taken_back(scene: Scene) -> Press:
    _offered(scene)
    return Press(f"{scene.case}/hand-over/withdraw", rows("hand_over_answer"))


@decision("hand-over", "POST hand_over.answer", "taker")
def an_offer_is_declined(scene: Scene) -> Press:
    _offered(scene)
    return Press(f"{scene.case}/hand-over/answer", rows("hand_over_answer"), {"answer": "decline"})


@decision("hand-over", "POST hand_over.answer", "taker")
def an_offer_is_accepted(scene: Scene) -> Press:
    taker = _offered(scene)

    def back() -> None:
        """The new guide can offer it too, and the one before takes it back."""
        scene.people["guide"], scene.people["taker"] = taker, scene.people["guide"]
        scene.as_new("guide")
        scene.as_new("taker")
        scene.room.guide = taker
        before = scene.people["taker"]
        scene.press("guide", f"{scene.case}/hand-over/to/{before.id}")
        scene.press("taker", f"{scene.case}/hand-over/answer", {"answer": "accept"})
        scene.people["guide"], scene.people["taker"] = before, taker
        scene.as_new("guide")
        scene.as_new("taker")
        scene.room.guide = before

    return Press(
        f"{scene.case}/hand-over/answer",
        rows("hand_over_answer"),
        {"answer": "accept"},
        allowed={*FINE, 403},  # who is the guide by then is offered nothing
        then=back,
    )


@decision("confidences", "POST confidences.answer", "young")
def what_was_confided_is_opened_to_the_next_guide(scene: Scene) -> Press:
    scene.story.thread(scene.room, scene.people["young"], "guide_only", "Mellem os", "Det her siger jeg kun til dig")
    closed = scene.play("young", lambda t: compartment_id(t, "guide_only"))
    taker = _offered(scene)
    scene.press("taker", f"{scene.case}/hand-over/answer", {"answer": "accept"})
    scene.people["guide"] = scene.room.guide = taker
    scene.as_new("guide")
    path = f"{scene.case}/confidences/{closed}"
    fields = scene.form("young", path, "guide") | {"answer": "yes"}
    opened = rows("access_window", f"compartment_id = '{closed}' and person_id = '{taker.id}'")
    return Press(path, rows("confidence_answer"), fields, then=lambda: _counted(scene, opened))


def _counted(scene: Scene, counts: str) -> None:
    assert scene.owner.execute(counts.format(case=scene.room.case_id)).fetchone() != (0,), "it opens"  # type: ignore[arg-type]
