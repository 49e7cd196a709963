"""Files and messages."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from portal import clock
from portal.access.ticket import CaseTicket
from portal.services.files import checkouts, conflicts, folders, resumable_uploads
from portal.services.messages import absence, answers, threads
from portal.services.messages.threads import Besides
from portal.services.plans import external_forms
from portal.services.webdav import links
from tests.rules.decisions.scene import FINE, PLAN, Press, Scene, decision, logged, rows
from tests.support.story import HERE, PDF, compartment_id

# Files and messages


@decision("files", "POST files.add")
def a_file_is_put_in(scene: Scene) -> Press:
    compartment = scene.play("guide", lambda t: str(compartment_id(t, "shared")))
    fields = {"compartment": compartment, "note": "", "tool": "", "file": (PDF, "plan.pdf")}
    return Press(f"{scene.case}/files/new", rows("file"), fields, same=True)


@decision("files", "POST versions.add")
def a_version_is_put_in(scene: Scene) -> Press:
    fields = {"note": "", "seen": "1", "file": (PDF + b"2", "plan.pdf")}
    return Press(f"{scene.case}/files/{scene.file_id}/versions", rows("file_version"), fields, same=True)


@decision("files", "POST versions.restore")
def a_version_is_taken_back(scene: Scene) -> Press:
    return Press(f"{scene.case}/files/{scene.file_id}/versions/1/restore", rows("file_version"), same=True)


def _held(scene: Scene) -> str:
    file_id = scene.story.file(scene.room, scene.people["guide"])

    def met(ticket: CaseTicket) -> UUID | None:
        conflicts.bring(ticket, uuid4(), file_id, scene.story.upload("a.pdf", PDF + b"a"), 1)
        return conflicts.bring(ticket, uuid4(), file_id, scene.story.upload("b.pdf", PDF + b"b"), 1).held_id

    return f"{scene.case}/files/held/{scene.play('guide', met)}"


@decision("files", "POST versions.held")
def of_two_that_met_one_is_put_next(scene: Scene) -> Press:
    path = _held(scene)
    return Press(path, rows("file_version"), {"choice": "next"}, allowed={*FINE, 404})


@decision("files", "POST versions.held")
def of_two_that_met_one_is_thrown_away(scene: Scene) -> Press:
    path = _held(scene)
    return Press(path, logged("upload.dropped"), {"choice": "cancel"}, allowed={*FINE, 404})


@decision("files", "POST versions.check_out", "teacher")
def somebody_begins_to_edit(scene: Scene) -> Press:
    path = f"{scene.case}/files/{scene.file_id}/editing"
    return Press(path, rows("checkout"), then=lambda: scene.press("teacher", f"{path}/end"))


def _edited(scene: Scene) -> str:
    scene.play("teacher", lambda t: checkouts.begin_checkout(t, scene.file_id))
    return f"{scene.case}/files/{scene.file_id}/editing"


@decision("files", "POST versions.check_in", "teacher")
def somebody_is_done_editing(scene: Scene) -> Press:
    return Press(f"{_edited(scene)}/end", logged("editing.ended"))


@decision("files", "POST versions.break_off")
def an_editing_is_broken_off(scene: Scene) -> Press:
    return Press(f"{_edited(scene)}/break", logged("editing.broken"), {"note": "Vi skal bruge den nu"})


@decision("files", "POST ordering.place")
def a_file_is_put_into_a_folder(scene: Scene) -> Press:
    """Each says the same again; the file lies in one folder."""
    path = f"{scene.case}/files/{scene.file_id}/folder"
    lies = f"select count(distinct file_id) from file_place where file_id = '{scene.file_id}'"
    return Press(path, lies, {"folder": "Skole"})


@decision("files", "POST ordering.rename")
def a_file_is_named(scene: Scene) -> Press:
    path = f"{scene.case}/files/{scene.file_id}/name"
    return Press(path, rows("file_name", f"file_id = '{scene.file_id}'"), {"name": "Aftalen"})


@decision("files", "POST exports.folder")
def a_folder_is_asked_for(scene: Scene) -> Press:
    scene.play("guide", lambda t: folders.place_in_folder(t, scene.file_id, "Skole"))
    fields = scene.form("guide", f"{scene.case}/files?folder={_mark(scene)}", "copies/folder")
    return Press(f"{scene.case}/copies/folder", rows("export"), fields, same=True)


def _mark(scene: Scene) -> str:
    return str(scene.play("guide", lambda t: t.keys.blind("folder Skole")))


@decision("files", "POST exports.case", "young")
def a_copy_of_the_case_is_asked_for(scene: Scene) -> Press:
    return Press(f"{scene.case}/copies/case", rows("export", "kind = 'case'"), same=True)


@decision("files", "POST ordering.withdraw")
def a_file_is_withdrawn(scene: Scene) -> Press:
    file_id = scene.story.file(scene.room, scene.people["guide"])
    fields = {"reason": "Den forkerte fil"}
    return Press(f"{scene.case}/files/{file_id}/withdraw", rows("file_withdrawal"), fields)


@decision("files", "POST moving.file")
def a_file_is_moved(scene: Scene) -> Press:
    file_id = scene.story.file(scene.room, scene.people["guide"])
    compartment = scene.play("guide", lambda t: str(compartment_id(t, "professionals")))
    return Press(f"{scene.case}/files/{file_id}/move", logged("file.moved"), {"compartment": compartment})


@decision("files", "POST moving.thread")
def a_thread_is_moved(scene: Scene) -> Press:
    thread = scene.story.thread(scene.room, scene.people["guide"])
    compartment = scene.play("guide", lambda t: str(compartment_id(t, "professionals")))
    return Press(f"{scene.case}/messages/{thread}/move", logged("thread.moved"), {"compartment": compartment})


@decision("files", "POST messages.start", "teacher")
def a_thread_is_started(scene: Scene) -> Press:
    compartment = scene.play("teacher", lambda t: str(compartment_id(t, "shared")))
    fields = {"subject": "Emne", "body": "Hej alle sammen", "compartment": compartment}
    return Press(f"{scene.case}/messages/new", rows("message"), fields, same=True)


@decision("files", "POST messages.reply", "young")
def a_message_is_sent(scene: Scene) -> Press:
    thread = scene.story.thread(scene.room, scene.people["guide"])
    return Press(f"{scene.case}/messages/{thread}", rows("message"), {"body": "Hej igen"}, same=True)


@decision("files", "POST messages.take_message_back", "young")
def a_message_is_taken_back(scene: Scene) -> Press:
    thread = scene.story.thread(scene.room, scene.people["young"])
    message = scene.play("young", lambda t: threads.thread(t, thread).messages[0].id)
    return Press(f"{scene.case}/messages/{thread}/{message}/take-back", logged("message.taken_back"))


@decision("files", "POST messages.withdraw_request")
def an_answer_is_not_asked_for_any_more(scene: Scene) -> Press:
    asked = Besides(asked=frozenset({scene.member("young")}), due=clock.today(HERE) + timedelta(days=3))
    thread = scene.story.thread(scene.room, scene.people["guide"])
    scene.play("guide", lambda t: threads.reply(t, uuid4(), thread, "Hvad siger du?", asked))
    request = scene.play("young", lambda t: answers.asked_of_me(t)[0].id)
    return Press(f"{scene.case}/messages/requests/{request}/withdraw", logged("answer.unasked"))


@decision("files", "POST absence.tell")
def the_guide_is_away(scene: Scene) -> Press:
    fields = {"stand_in": str(scene.member("teacher")), **scene.days("first", 1), **scene.days("last", 4)}
    return Press(f"{scene.case}/messages/away", rows("guide_absence"), fields, same=True)


@decision("files", "POST absence.end")
def the_guide_is_back(scene: Scene) -> Press:
    day = clock.today(HERE) + timedelta(days=3)
    scene.play("guide", lambda t: absence.tell(t, uuid4(), day, day, scene.member("teacher")))
    return Press(f"{scene.case}/messages/away/end", logged("absence.ended"))


@decision("files", "POST old_forms.add")
def a_form_made_elsewhere_is_put_in(scene: Scene) -> Press:
    fields = {"file": (PDF, "gammel.pdf"), "others": "Bent", "note": "", **scene.days("made_on", -30)}
    return Press(f"{scene.case}/plan/{PLAN}/elsewhere", rows("old_form"), fields, same=True)


@decision("files", "POST old_forms.correct")
def what_is_known_of_a_form_is_corrected(scene: Scene) -> Press:
    """Each notes the same anew; the newest counts."""

    def put_in(ticket: CaseTicket) -> UUID:
        about = external_forms.FormFacts(clock.today(HERE) - timedelta(days=9), [], "Bent")
        return external_forms.add_external_form(ticket, uuid4(), PLAN, scene.story.upload("gammel.pdf", PDF), about)

    made = scene.play("guide", put_in)
    fields = {"others": "Berta", **scene.days("made_on", -20)}
    known = f"select count(distinct made_on) from old_form where file_id = '{made}'"
    return Press(f"{scene.case}/plan/{PLAN}/elsewhere/{made}", known, fields)


def _begun_upload(scene: Scene) -> str:
    def begun(ticket: CaseTicket) -> UUID:
        return resumable_uploads.begin_upload(ticket, "lang.pdf", len(PDF), compartment_id(ticket, "shared")).id

    return f"{scene.case}/uploads/{scene.play('guide', begun)}"


_PIECE = {
    "data": PDF,
    "headers": {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    },
}


@decision("files", "PATCH uploads.send")
def a_piece_arrives(scene: Scene) -> Press:
    parts = "select count(*) from upload_part"
    return Press(_begun_upload(scene), parts, method="PATCH", more=_PIECE, allowed={204, 409})


@decision("files", "DELETE uploads.send")
def an_upload_is_given_up(scene: Scene) -> Press:
    path, gone = _begun_upload(scene), logged("upload.cancelled")
    more = {"headers": {"Tus-Resumable": "1.0.0"}}
    return Press(path, gone, method="DELETE", more=more, allowed={204, 404, 409})


@decision("files", "POST uploads.finish")
def an_upload_becomes_a_file(scene: Scene) -> Press:
    path = _begun_upload(scene)
    browser, token = scene.browsers("guide")[0]
    more = {**_PIECE, "headers": {**_PIECE["headers"], "X-CSRFToken": token}}  # type: ignore[dict-item]
    assert browser.send("PATCH", path, **more).status == 204
    return Press(f"{path}/finish", rows("file"), {"note": "", "tool": "", "seen": ""}, allowed={200, 404, 409, 422})


@decision("files", "POST dav.end")
def a_link_is_ended(scene: Scene) -> Press:
    upload = scene.story.upload("brev.rtf", b"{\\rtf1 Hej}")

    def made(ticket: CaseTicket) -> tuple[UUID, UUID]:
        from portal.services.files import files

        file_id = files.add_file(ticket, uuid4(), compartment_id(ticket, "shared"), upload)
        return file_id, links.make_dav_link(ticket, file_id)[1].id

    file_id, link = scene.play("guide", made)
    path = f"{scene.case}/files/{file_id}/word-processor/{link}/end"
    return Press(path, logged("writing.unlinked"), allowed={*FINE, 404})
