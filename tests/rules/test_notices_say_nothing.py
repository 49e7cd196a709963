"""Every notice there can be, of every kind, language and channel: nothing of the case it is about stands in it."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import psycopg
import pytest

from portal.access.policy.roles import Level
from portal.models import NoticeChoice
from portal.runtime import Runtime
from portal.services.messages import threads
from portal.services.notices import mail as notices_mail
from portal.services.notices import stop
from portal.services.notices.kinds import CHOSEN, Channel, Kind
from portal.services.notices.mail import Notice
from tests.support.mails import every_sms, give_contact, hurry, mails, run_jobs
from tests.support.story import Story

ALLOWED = {
    "da": "Der er nyt til dig. Log på. {front} Stop mails som denne:",
    "en": "There is something new for you. Sign in. {front} Stop mails like this one:",
}
"""All the words there are, in their order; a notice may leave some out."""


def test_a_notice_of_any_kind_says_that_there_is_something_new_and_nothing_else(
    story: Story, runtime: Runtime, owner: psycopg.Connection
) -> None:
    room = story.case(parents=1, name="Ulla Ung")
    teacher = story.staff("Lars Lærer", unit="Skolen")
    story.add(room, teacher, Level.READ)
    story.everybody_agrees(room)
    file_id = story.file(room, room.guide, "shared", "plan.pdf")
    where: UUID = owner.execute(
        "select id from compartment where case_id = %s and key = 'shared'", [room.case_id]
    ).fetchone()[0]  # type: ignore[index]
    thread_id = story.play(room, room.guide, lambda t: threads.start(t, uuid4(), where, "Om skolen", "Kom i morgen"))
    give_contact(story, room.young, Channel.MAIL, "post@hjemme.example")
    give_contact(story, room.young, Channel.SMS, "20 00 00 17")
    hurry(owner)
    run_jobs(runtime)
    front = runtime.settings.origin
    forbidden = ("ulla", "ung", "mona", "grete", "lars", "skole", "familie", "plan", "morgen", "fælles", "samtykke",
                 "møde", "consent", "meeting", "message", "besked", str(room.case_id), str(file_id), str(thread_id),
                 str(room.young.id), str(where), "/cases/")  # fmt: skip
    read = 0
    for kind in Kind:
        for language in ("da", "en", None):
            if language:
                owner.execute("update notice_choice set language = %s", [language])
            before = len(mails(runtime)), len(every_sms(runtime))
            for someone in (room.young, room.guide, teacher):
                with runtime.unit_of_work() as session:
                    about = {"case_id": room.case_id, "compartment_id": where} if kind is not Kind.OFFICE else {}
                    notices_mail.queue_notice(session, [someone.id], Notice.NEWS, kind, **about)
            hurry(owner)
            run_jobs(runtime)
            said = [(mail.get_content(), mail) for mail in mails(runtime)[before[0] :]]
            said += [(sms["text"], None) for sms in every_sms(runtime)[before[1] :]]
            assert len(said) == 4, (kind, language)
            for words, mail in said:
                read += 1
                links = re.findall(r"http\S+", words)
                stops = [link for link in links if link.startswith(f"{front}/stop/")]
                assert [link for link in links if link not in stops] == [front]
                assert len(stops) == (1 if mail is not None and kind in CHOSEN else 0), kind
                plain = words
                for link in stops:
                    plain = plain.replace(link, "")
                    assert stop.read(runtime.keyring, link.rsplit("/", 1)[1]).kinds == (kind,)
                for part in plain.split("--"):
                    line = " ".join(part.split())
                    assert any(line in text.format(front=front) for text in ALLOWED.values()), line
                head = "" if mail is None else "\n".join(f"{n}: {v}" for n, v in mail.items() if n not in
                                                         ("To", "Message-ID", "List-Unsubscribe"))  # fmt: skip
                for word in forbidden:
                    assert word not in plain.lower(), (word, plain)
                    assert word not in head.lower().replace("list-unsubscribe", ""), (word, head)
    assert read == len(Kind) * 3 * 4
    with runtime.new_session(room.young.id) as session:
        assert session.query(NoticeChoice).one().language == "en"


@pytest.mark.parametrize("token", ["", "x", "AAAA", "ø", "A" * 400])
def test_a_token_that_is_none_stops_nothing(token: str, runtime: Runtime) -> None:
    from portal.errors import NotFound

    with pytest.raises(NotFound):
        stop.read(runtime.keyring, token)
