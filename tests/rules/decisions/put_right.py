"""What is put right: accounts, addresses, ways in, and who somebody is in a case; and colleagues who are missed."""

from __future__ import annotations

from uuid import UUID, uuid4

from portal import audit, clock
from portal.access.signin import links, passwords, sessions
from portal.events import Event
from portal.models import EidLink, Staff
from portal.services.accounts import email_changes, forgotten_password, requests
from portal.services.accounts.requests import Missed
from portal.services.members import corrections
from portal.services.members.corrections import WantedCorrection
from tests.rules.decisions.scene import Press, Scene, decision
from tests.support.screen_fixtures import PASSWORD
from tests.support.story import Someone


def _noted(event: str, about: object) -> str:
    return f"select count(*) from audit_event where event = '{event}' and item_id = '{about}'"


@decision("put-right", "POST accounts.edit", "admin")
def an_account_is_put_right(scene: Scene) -> Press:
    _, who = scene.admin, scene.staff()
    fields = {"name": "Rigtig Retning", "job_title": "Lærer", "phone": "12345678"}
    return Press(f"/office/staff/{who.id}/edit", _noted("staff.changed", who.id), fields)


@decision("put-right", "POST accounts.unit", "admin")
def somebody_is_moved_to_another_unit(scene: Scene) -> Press:
    """Somebody who is in a case: whose guide is told so once."""
    _, who = scene.admin, scene.newcomer()
    there = scene.story.unit(f"Enhed {uuid4().hex[:6]}")
    counts = f"select count(*) from correction where membership_id = '{scene.room.member(who)}' and field = 'unit'"
    return Press(f"/office/staff/{who.id}/unit", counts, {"unit": str(there)})


def _in_use(scene: Scene, who: Someone) -> None:
    with scene.runtime.unit_of_work() as session:
        session.get_one(Staff, who.id).password_hash = passwords.hash_password(PASSWORD)
        audit.record(session, Event.PASSWORD_CHOSEN)


@decision("put-right", "POST accounts.email", "admin")
def another_address_is_asked_for(scene: Scene) -> Press:
    """Of those that were asked for at once, one waits."""
    _, who = scene.admin, scene.staff()
    _in_use(scene, who)
    waiting = f"person_id = '{who.id}' and done_at is null and expires_at > now()"
    fields = {"email": f"{uuid4().hex[:8]}@testby.example"}
    return Press(f"/office/staff/{who.id}/email", f"select count(*) from email_change where {waiting}", fields)


def _asked(scene: Scene, who: Someone) -> UUID:
    """A new address that waits."""
    _in_use(scene, who)
    with scene.story.acting(scene.admin) as actor:
        email_changes.ask_for_address(actor, who.id, f"{uuid4().hex[:8]}@testby.example")
    row = scene.owner.execute("select id from email_change where person_id = %s", [who.id]).fetchone()
    assert row is not None
    return UUID(str(row[0]))


@decision("put-right", "POST accounts.stop_email", "admin")
def another_address_is_taken_back(scene: Scene) -> Press:
    who = scene.staff()
    _asked(scene, who)
    return Press(f"/office/staff/{who.id}/email/stop", _noted("email.stopped", who.id))


@decision("put-right", "POST addresses.confirm", "moved")
def another_address_is_confirmed(scene: Scene) -> Press:
    """By its owner, whom it signs out everywhere."""
    scene.people["moved"] = who = scene.staff()
    scene.as_new("moved")
    change = _asked(scene, who)
    token = uuid4().hex
    told = "update email_change set token_sha256 = sha256(%s::bytea) where id = %s"
    scene.owner.execute(told, [token.encode(), change])  # as the worker does when it writes the mail
    return Press(f"/email/{token}", _noted("staff.changed", who.id), allowed={303, 404, 409})


def _missed(scene: Scene) -> UUID:
    _ = scene.admin
    with scene.story.acting(scene.people["teacher"]) as actor:
        return requests.ask_for_change(actor, uuid4(), Missed("Berit Borte", "Skolen"))


@decision("put-right", "POST colleagues.missing", "teacher")
def a_colleague_is_missed(scene: Scene) -> Press:
    _ = scene.admin
    fields = {"name": "Berit Borte", "workplace": "Skolen", "job_title": "", "email": ""}
    return Press("/colleagues/missing", "select count(*) from account_request", fields, same=True)


@decision("put-right", "POST colleagues.answer", "admin")
def a_missed_colleague_is_invited(scene: Scene) -> Press:
    made = _missed(scene)
    fields = {"name": "Berit Borte", "email": f"{uuid4().hex[:8]}@testby.example", "job_title": "Lærer"}
    fields["unit"] = str(scene.admin.unit_id)
    return Press(f"/office/requests/{made}", "select count(*) from staff", fields)


@decision("put-right", "POST colleagues.decline", "admin")
def a_missed_colleague_is_not_invited(scene: Scene) -> Press:
    made = _missed(scene)
    return Press(f"/office/requests/{made}/no", _noted("account.answered", made))


@decision("put-right", "POST corrections.correct")
def a_name_is_put_right(scene: Scene) -> Press:
    member, name = scene.member("mother"), f"Mona {uuid4().hex[:6]}"
    mark = scene.play("guide", lambda t: corrections.propose_correction(t, member, WantedCorrection(name)).mark)
    fields = {"name": name, "national_id": "", "reason": "Hun hedder sådan", "mark": mark}
    return Press(f"{scene.case}/team/{member}/correct", _noted("member.corrected", member), fields)


@decision("put-right", "POST forgotten.save", "anonymous")
def a_forgotten_password_is_chosen_anew(scene: Scene) -> Press:
    who = scene.staff()
    _in_use(scene, who)
    with scene.runtime.unit_of_work() as session:
        reset = forgotten_password.write_password(session, who.id)
    assert reset is not None
    fields = {"password": "en helt ny lang sætning", "again": "en helt ny lang sætning"}
    return Press(f"/forgotten/{reset.token}", _noted("password.chosen", who.id), fields, allowed={303, 404, 409, 410})


@decision("put-right", "POST own_eids.end", "linked")
def an_eid_is_ended(scene: Scene) -> Press:
    scene.people["linked"] = who = scene.people["young"]
    with scene.runtime.unit_of_work() as session:
        here, other = (
            EidLink(
                id=uuid4(),
                issuer="https://eid.example",
                subject=uuid4().hex,
                person_id=who.id,
                came_by=links.NUMBER,
                linked_at=clock.now(),
            )
            for _ in range(2)
        )
        session.add_all([here, other])
        session.flush()
        token = sessions.start(session, who.id, "test", eid_link_id=here.id)
    scene.open("linked", token)
    # A session of which nobody knows by which eID it came ends too.
    return Press(f"/me/eids/{other.id}/end", _noted("eid.unlinked", who.id), then=lambda: scene.as_new("young"))
