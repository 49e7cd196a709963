"""The forms and programs' requests that decide nothing, as they should be: the ones that tests/rules/decisions/ leaves
out. Together with its own they are every route that is sent something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from portal.access.policy.roles import Capacity
from portal.access.signin import saved_form
from portal.access.ticket import CaseTicket
from portal.services.cases import register
from portal.services.files import files
from portal.services.members import team
from portal.services.members.citizens import NewCitizen
from portal.services.members.joining import Joining
from portal.services.notices import stop
from portal.services.notices.kinds import Kind
from tests.rules.decisions.accounts import _organisation, _with_factors
from tests.rules.decisions.scene import PLAN, Scene
from tests.support.browser import Browser
from tests.support.screen_fixtures import PASSWORD
from tests.support.story import compartment_id
from tests.support.word_trip import changed, typed


@dataclass
class Request:
    """What is sent, by whom. `answers` is how it is answered when nothing is wrong with it."""

    who: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    answers: set[int] = field(default_factory=lambda: {200, 204, 303})
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[Browser], object] | None = None
    """What the browser does first."""


Made = Callable[[Scene], Request]
BESIDES: dict[str, Made] = {}
"""By the route."""


def beside(route: str) -> Callable[[Made], Made]:
    def listed(made: Made) -> Made:
        BESIDES[route] = made
        return made

    return listed


# In a case


@beside("POST case.find")
def _find(scene: Scene) -> Request:
    return Request("guide", f"{scene.case}/search", {"words": "plan"})


@beside("POST files.index")
def _file_by_name(scene: Scene) -> Request:
    _ = scene.file_id
    return Request("guide", f"{scene.case}/files", {"name": "plan", "page": "1", "sort": "oldest"})


@beside("POST files.small")
def _small_pictures(scene: Scene) -> Request:
    return Request("guide", f"{scene.case}/files/small", {"file": [str(scene.file_id), str(uuid4())]})


@beside("POST consent_papers.to_sign")
def _to_sign(scene: Scene) -> Request:
    path = f"{scene.case}/consents/register/{scene.member('mother')}"
    fields = scene.form("guide", path, "valid_until") | scene.ticked("guide", path, "yes")
    return Request("guide", f"{path}/page", fields)


@beside("POST case.put_away")
def _put_away(scene: Scene) -> Request:
    return Request("guide", f"{scene.case}/welcome")


@beside("POST team.national_id")
def _national_id(scene: Scene) -> Request:
    def added(ticket: CaseTicket) -> UUID:
        citizen = NewCitizen(f"Berta {uuid4().hex[:6]}", "0101704000")
        return team.add_citizen(ticket, uuid4(), citizen, Joining(Capacity.PARENT, register.Level.READ))

    return Request("guide", f"{scene.case}/team/{scene.play('guide', added)}/national-id")


@beside("POST together.here")
def _here(scene: Scene) -> Request:
    _ = scene.row
    return Request("teacher", f"{scene.case}/plan/{PLAN}/here", {"number": "1", "address": "now.goal"})


@beside("POST uploads.begin")
def _upload(scene: Scene) -> Request:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "20", "Upload-Metadata": "filename cGxhbi5wZGY=,compartment "}
    compartment = scene.play("guide", lambda t: str(compartment_id(t, "shared")))
    headers["Upload-Metadata"] += _base64(compartment)
    return Request("guide", f"{scene.case}/uploads", answers={201}, headers=headers)


def _base64(words: str) -> str:
    from base64 import b64encode

    return b64encode(words.encode()).decode()


@beside("POST dav.link")
def _link(scene: Scene) -> Request:
    upload = scene.story.upload("brev.rtf", b"{\\rtf1 Hej}")
    file_id = scene.play("guide", lambda t: files.add_file(t, uuid4(), compartment_id(t, "shared"), upload))
    return Request("guide", f"{scene.case}/files/{file_id}/word-processor")


def _taken_out(scene: Scene) -> bytes:
    """The plan as a Word file in which something was written."""
    _ = scene.row
    page = scene.browsers("teacher")[0][0].get(f"{scene.case}/plan/{PLAN}/versions/1/paper/docx")
    return changed(page.response.data, typed("now.situation", "Det går fremad"))


@beside("POST word.bring")
def _brought(scene: Scene) -> Request:
    path = f"{scene.case}/plan/{PLAN}/word"
    return Request("teacher", path, {"file": (_taken_out(scene), "Plan.docx")})


def _compared(scene: Scene) -> str:
    browser, token = scene.browsers("teacher")[0]
    content = {"file": (_stream(_taken_out(scene)), "Plan.docx"), "submission": str(uuid4())}
    page = browser.post(f"{scene.case}/plan/{PLAN}/word", content, token)
    assert page.status == 303, page.text[:300]
    return page.headers["Location"]


def _stream(content: bytes) -> Any:
    from io import BytesIO

    return BytesIO(content)


@beside("POST word.compare")
def _chosen(scene: Scene) -> Request:
    path = _compared(scene)
    return Request("teacher", path, scene.form("teacher", path, "choose."))


@beside("POST word.leave")
def _left(scene: Scene) -> Request:
    return Request("teacher", f"{_compared(scene)}/leave")


# Outside of cases


@beside("POST case_list.find")
def _find_case(_scene: Scene) -> Request:
    return Request("guide", "/cases/find", {"words": "Ulla", "order": "name", "page": "1"})


# An office


@beside("POST office_import.check")
def _list(scene: Scene) -> Request:
    path = f"/office/organisations/{_organisation(scene)}/import"
    content = b"name,email,title,unit,roles\nLone,l@a.example,L,X,\n"
    return Request("admin", path, {"file": (content, "liste.csv")}, {422})  # there is no such unit


# On the way in and out


@beside("POST front.language")
def _language(_scene: Scene) -> Request:
    return Request("anonymous", "/language/en", {"back": "/sign-in"})


@beside("POST signin.with_password")
def _password(scene: Scene) -> Request:
    return Request("anonymous", "/sign-in", {"email": _email(scene), "password": PASSWORD})


def _email(scene: Scene) -> str:
    """Of somebody who has signed in before and has a second step."""
    who = _with_factors(scene)
    scene.owner.execute("update staff set first_signed_in_at = now() where person_id = %s", [who.id])
    row = scene.owner.execute("select email from staff where person_id = %s", [who.id]).fetchone()
    assert row is not None
    return str(row[0])


def _awaiting(scene: Scene) -> Callable[[Browser], object]:
    email = _email(scene)
    return lambda browser: browser.post("/sign-in", {"email": email, "password": PASSWORD})


@beside("POST signin.with_second")
def _second(scene: Scene) -> Request:
    return Request("anonymous", "/sign-in/second", {"code": "123456"}, {422}, before=_awaiting(scene))


@beside("POST signin.passkey_options")
def _options(_scene: Scene) -> Request:
    return Request("anonymous", "/sign-in/passkey/options")


_CREDENTIAL = (
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30", '
    '"authenticatorData": "AAAA", "signature": "AAAA", "attestationObject": "AAAA"}}'
)


@beside("POST signin.with_passkey")
def _passkey(_scene: Scene) -> Request:
    def asked(browser: Browser) -> None:
        browser.post("/sign-in/passkey/options")

    return Request("anonymous", "/sign-in/passkey", {"credential": _CREDENTIAL}, {422}, before=asked)


@beside("POST signin.out")
def _out(_scene: Scene) -> Request:
    return Request("teacher", "/sign-out")


@beside("POST signin.out_there")
def _out_there(_scene: Scene) -> Request:
    return Request("anonymous", "/sign-out/eid/none", {"id_token_hint": "x"}, {404})


@beside("POST signin.stay")
def _stay(_scene: Scene) -> Request:
    return Request("teacher", "/stay")


@beside("POST signin.begin_eid")
def _eid(_scene: Scene) -> Request:
    return Request("anonymous", "/eid/none", {"national_id": "1"}, {404})


@beside("POST signin.redeem_code")
def _code(_scene: Scene) -> Request:
    return Request("anonymous", "/eid/code", {"code": "AAAA-AAAA-AAAA-AAAA"}, {404})


@beside("POST forgotten.ask")
def _forgotten(_scene: Scene) -> Request:
    return Request("anonymous", "/forgotten", {"email": "nobody@testby.example"})


@beside("POST notices.give")
def _give_address(_scene: Scene) -> Request:
    return Request("young", "/me/notices/mail", {"address": "ulla@hjemme.example"})


@beside("POST notices.confirm")
def _confirm_address(_scene: Scene) -> Request:
    return Request("young", "/me/notices/mail/code", {"code": "123456"}, {422})  # nothing waits to be confirmed


@beside("POST notices.remove")
def _remove_address(_scene: Scene) -> Request:
    return Request("young", "/me/notices/mail/remove")


@beside("POST notices.choose")
def _choose_notices(_scene: Scene) -> Request:
    return Request("young", "/me/notices/choices", {"quiet_from": "21", "quiet_until": "7", "kinds": "message"})


@beside("POST notices.not_now")
def _notices_not_now(_scene: Scene) -> Request:
    return Request("young", "/me/notices/later")


@beside("POST stopping.press")
def _stop_notices(scene: Scene) -> Request:
    return Request("anonymous", f"/stop/{stop.write(scene.runtime.keyring, scene.people['young'].id, {Kind.FILE})}")


@beside("POST own_phone.bind")
def _bind_phone(_scene: Scene) -> Request:
    return Request("young", "/me/own-phone", {"credential": "{}", "name": "Min", "is_mine": "y"}, {404})


@beside("POST own_phone.options")
def _phone_options(_scene: Scene) -> Request:
    return Request("young", "/me/own-phone/options", {}, {404})


@beside("POST own_phone.remove")
def _remove_phone(_scene: Scene) -> Request:
    return Request("young", f"/me/own-phone/{uuid4()}/remove", {}, {404})


@beside("POST message_drafts.save")
def _save_draft(scene: Scene) -> Request:
    place = scene.play("guide", lambda t: compartment_id(t, "shared"))
    return Request(
        "guide", f"/cases/{scene.room.case_id}/messages/draft", {"compartment": str(place), "body": "Jeg tror"}
    )


@beside("POST message_drafts.drop")
def _drop_draft(scene: Scene) -> Request:
    return Request("guide", f"/cases/{scene.room.case_id}/messages/draft/drop", {})


@beside("POST own_eids.seen")
def _eids_seen(_scene: Scene) -> Request:
    return Request("young", "/me/eids/seen")


@beside("POST own_eids.begin_code")
def _one_more_code(_scene: Scene) -> Request:
    return Request("young", "/me/eids/code/none", answers={404})


@beside("POST staff_sso.begin")
def _sso(_scene: Scene) -> Request:
    return Request("anonymous", "/staff-sign-in/none", answers={404})


@beside("POST stepup.keep")
def _held(scene: Scene) -> Request:
    writer = saved_form.sign_writer(scene.app.secret_key or "", scene.people["teacher"].id)
    fields = {"writer": writer, "kept_for": f"{scene.case}/messages/new", "subject": "Emne", "body": "Hej"}
    return Request("teacher", "/keep", fields)


@beside("POST stepup.with_code")
def _step(scene: Scene) -> Request:
    _with_factors(scene)
    return Request("factored", "/step-up", {"code": "123456"}, {422})


@beside("POST stepup.with_passkey")
def _step_with_passkey(scene: Scene) -> Request:
    _with_factors(scene)
    return Request("factored", "/step-up/passkey", {"credential": _CREDENTIAL}, {422})


@beside("POST stepup.with_eid")
def _step_with_eid(_scene: Scene) -> Request:
    return Request("young", "/step-up/eid/none", answers={404})


@beside("POST stepup.with_staff_sign_in")
def _step_at_work(_scene: Scene) -> Request:
    return Request("teacher", "/step-up/staff/none", answers={404})


@beside("POST account.end_device")
def _device(scene: Scene) -> Request:
    scene.browsers("teacher")
    row = scene.owner.execute(
        "select id from login where person_id = %s order by started_at limit 1", [scene.people["teacher"].id]
    ).fetchone()
    assert row is not None
    return Request("teacher", f"/me/devices/{row[0]}/end")


@beside("POST account.end_others")
def _others(_scene: Scene) -> Request:
    return Request("teacher", "/me/devices/end")


@beside("POST factors.add_passkey")
def _new_passkey(scene: Scene) -> Request:
    _with_factors(scene)
    fields = {"name": "Nøgle", "credential": _CREDENTIAL, "password": PASSWORD}

    def asked(browser: Browser) -> None:
        browser.post("/me/passkeys/options")

    return Request("factored", "/me/passkeys/new", fields, {422}, before=asked)


@beside("POST factors.passkey_options")
def _new_options(scene: Scene) -> Request:
    _with_factors(scene)
    return Request("factored", "/me/passkeys/options")
