"""Accounts and their ways in, and opening a case."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.signin import passwords, second_factor
from portal.access.signin.second_factor import FactorOffer
from portal.models import Invitation, Passkey, Staff
from portal.services.accounts import invitations
from tests.rules.decisions.scene import SECRET, Press, Scene, day, decision
from tests.signin.test_second_factor import oathtool
from tests.support.screen_fixtures import PASSWORD
from tests.support.story import HERE, Someone

# Accounts


@decision("accounts", "POST case_list.new")
def a_case_is_opened(scene: Scene) -> Press:
    born = clock.birthday(clock.today(HERE), -17) - timedelta(days=100)
    return Press("/cases/new", "select count(*) from cases", {"name": "Noah", **day("birth_date", born)}, same=True)


@decision("accounts", "POST office.add_organisation", "admin")
def an_organisation_is_added(scene: Scene) -> Press:
    _ = scene.admin
    fields = {"name": "Nabo Kommune", "kind": "municipality"}
    return Press("/office/organisations/new", "select count(*) from organisation", fields)


@decision("accounts", "POST office.add_unit", "admin")
def a_unit_is_added(scene: Scene) -> Press:
    path = f"/office/organisations/{_organisation(scene)}/units/new"
    return Press(path, "select count(*) from unit", {"name": "En ny enhed", "kind": "other"})


def _organisation(scene: Scene) -> UUID:
    _ = scene.admin
    return UUID(str(scene.story._organisation))


@decision("accounts", "POST office.add_staff", "admin")
def an_account_is_made(scene: Scene) -> Press:
    path = f"/office/units/{scene.admin.unit_id}/staff/new"
    fields = {"name": "Nye Ny", "email": "ny@testby.example", "job_title": "Lærer"}
    return Press(path, "select count(*) from staff", fields)


def _open_invitations(who: Someone) -> str:
    return f"select count(*) from invitation where person_id = '{who.id}' and used_at is null and expires_at > now()"


@decision("accounts", "POST accounts.invite_again", "admin")
def somebody_is_invited_again(scene: Scene) -> Press:
    """Of those invitations, the last one opens."""
    _, who = scene.admin, scene.staff()
    return Press(f"/office/staff/{who.id}/invite", _open_invitations(who))


@decision("accounts", "POST accounts.start_renewal", "admin")
def a_renewal_is_started(scene: Scene) -> Press:
    _, who = scene.admin, scene.staff()
    return Press(f"/office/staff/{who.id}/renewal", _open_invitations(who))


@decision("accounts", "POST accounts.close", "admin")
def an_account_is_closed(scene: Scene) -> Press:
    _, who = scene.admin, scene.staff()
    path, closed = f"/office/staff/{who.id}", f"event = 'account.closed' and item_id = '{who.id}'"
    counts = f"select count(*) from audit_event where {closed}"
    return Press(f"{path}/close", counts, then=lambda: scene.press("admin", f"{path}/reopen"))


@decision("accounts", "POST accounts.reopen", "admin")
def an_account_is_reopened(scene: Scene) -> Press:
    _, who = scene.admin, scene.staff()
    scene.press("admin", f"/office/staff/{who.id}/close")
    counts = f"select count(*) from audit_event where event = 'account.reopened' and item_id = '{who.id}'"
    return Press(f"/office/staff/{who.id}/reopen", counts)


@decision("accounts", "POST office.sign_in", "admin")
def passwords_are_switched_on(scene: Scene) -> Press:
    organisation = _organisation(scene)
    scene.owner.execute("update organisation set password_sign_in = false where id = %s", [organisation])
    counts = "select count(*) from audit_event where event = 'passwords.switched'"
    return Press(f"/office/organisations/{organisation}/sign-in", counts, {"allowed": "yes"})


@decision("accounts", "POST office_import.confirm", "admin")
def a_list_of_people_is_invited(scene: Scene) -> Press:
    organisation = _organisation(scene)
    unit = scene.owner.execute("select name from unit where id = %s", [scene.admin.unit_id]).fetchone()
    assert unit is not None
    content = f"name,email,title,unit,roles\nLone List,lone@testby.example,Lærer,{unit[0]},\n"
    return Press(f"/office/organisations/{organisation}/import/all", "select count(*) from staff", {"content": content})


def _with_factors(scene: Scene) -> Someone:
    """Somebody with a password, a code app and a passkey."""
    who = scene.staff()
    scene.people["factored"] = who
    scene.as_new("factored")
    with scene.runtime.unit_of_work() as session:
        session.get_one(Staff, who.id).password_hash = passwords.hash_password(PASSWORD)
        second_factor.set_up(session, scene.runtime.keyring, who.id, FactorOffer(SECRET, ""), oathtool(SECRET))
        key = uuid4()
        session.add(
            Passkey(id=key, person_id=who.id, credential_id=key.bytes, public_key=b"x", sign_count=0, name="Nøgle",
                    made_at=clock.now())
        )  # fmt: skip
    return who


@decision("accounts", "POST factors.remove_totp", "factored")
def a_code_app_is_removed(scene: Scene) -> Press:
    who = _with_factors(scene)
    counts = f"select count(*) from audit_event where event = 'factor.removed' and item_id = '{who.id}'"
    return Press("/me/totp/remove", counts)


@decision("accounts", "POST factors.remove_passkey", "factored")
def a_passkey_is_removed(scene: Scene) -> Press:
    who = _with_factors(scene)
    key = scene.owner.execute("select id from passkey where person_id = %s", [who.id]).fetchone()
    assert key is not None
    counts = f"select count(*) from audit_event where event = 'factor.removed' and item_id = '{who.id}'"
    return Press(f"/me/passkeys/{key[0]}/remove", counts)


@decision("accounts", "POST factors.new_codes", "factored")
def recovery_codes_are_made(scene: Scene) -> Press:
    """Of those lists, the last one opens."""
    who = _with_factors(scene)
    counts = f"select count(*) from recovery_code where person_id = '{who.id}' and used_at is null"
    return Press("/me/codes", counts, makes=10, allowed={200, 409})


@decision("accounts", "POST factors.totp", "factored")
def a_code_app_is_set_up(scene: Scene) -> Press:
    who = _with_factors(scene)
    scene.owner.execute("delete from totp where person_id = %s", [who.id])
    fields = scene.form("factored", "/me/totp", "sealed")
    page = scene.browsers("factored")[0][0].page
    assert page is not None
    secret = page.soup.find("code", id="key").get_text().replace(" ", "")  # type: ignore[union-attr]
    counts = f"select count(*) from totp where person_id = '{who.id}'"
    return Press("/me/totp", counts, {**fields, "code": oathtool(secret)}, allowed={200, 303, 409, 422})


@decision("accounts", "POST account.phone", "teacher")
def a_number_is_written_down(scene: Scene) -> Press:
    counts = f"select count(*) from audit_event where event = 'phone.set' and item_id = '{scene.people['teacher'].id}'"
    return Press("/me/phone", counts, {"phone": "12 34 56 78"})


@decision("accounts", "POST account.password", "factored")
def a_password_is_changed(scene: Scene) -> Press:
    who = _with_factors(scene)
    counts = f"select count(*) from audit_event where event = 'password.chosen' and item_id = '{who.id}'"
    new = "en helt ny lang sætning"
    # Each try with a password is counted and looked at one after the other; after the first it is another one.
    return Press(
        "/me/password", counts, {"password": PASSWORD, "new_password": new, "again": new}, allowed={303, 422, 429}
    )


@decision("accounts", "POST invitations.choose", "anonymous")
def an_invitation_is_used(scene: Scene) -> Press:
    who = scene.staff()
    with scene.runtime.unit_of_work() as session:
        invitations.send_invitation(session, who.id, None)
        session.flush()
        made = session.query(Invitation).filter_by(person_id=who.id, used_at=None).one()
        renewed = invitations.renew_token(session, made.id)
    assert renewed is not None
    counts = f"select count(*) from audit_event where event = 'password.chosen' and item_id = '{who.id}'"
    return Press(
        f"/invitation/{renewed.token}", counts, {"password": PASSWORD, "again": PASSWORD}, allowed={303, 404, 410}
    )
