"""The mails that went out, and the worker that sends them."""

from __future__ import annotations

import json
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import psycopg

from portal.db import Role
from portal.jobs.worker import build
from portal.runtime import Runtime, runtime_for
from portal.services.notices import contact
from portal.services.notices.kinds import Channel
from tests.support.story import Someone, Story


def run_jobs(runtime: Runtime) -> None:
    """What the worker does until nothing is left to do that is due, standing where the worker stands."""
    with runtime_for(runtime.settings, Role.WORKER) as office:
        build(runtime, office).run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


def hurry(owner: psycopg.Connection) -> None:
    """The minutes in which news are gathered, and those between two tries, have passed."""
    owner.execute("update procrastinate_jobs set scheduled_at = now() - interval '1 second' where status = 'todo'")


def mails(runtime: Runtime) -> list[EmailMessage]:
    """All that was sent, in that order."""
    folder = runtime.settings.data_dir / "mail"
    found = sorted(folder.glob("*.eml")) if folder.exists() else []
    return [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in found]  # type: ignore[misc]


def every_sms(runtime: Runtime) -> list[dict[str, str]]:
    """All that was sent to phones, in that order."""
    folder = runtime.settings.data_dir / "sms"
    found = sorted(folder.glob("*.json")) if folder.exists() else []
    return [json.loads(path.read_text("utf-8")) for path in found]


def give_contact(story: Story, someone: Someone, channel: Channel, address: str) -> None:
    """Somebody wants to be told there, gets the code and types it in."""
    runtime = story.runtime
    with story.acting(someone) as actor:
        contact.give(actor, channel, contact.checked(channel, address), "da")
    run_jobs(runtime)
    said = every_sms(runtime)[-1]["text"] if channel is Channel.SMS else mails(runtime)[-1].get_content()
    code = re.search(r"\b(\d{6})\b", said)
    assert code is not None, said
    with story.acting(someone) as actor:
        contact.confirm(actor, channel, contact.count_try(actor, channel), code.group(1))


def token_in(mail: EmailMessage, where: str) -> str:
    """The token of the link in a mail, after that part of its address."""
    found = re.search(rf"/{where}/(\S+)", mail.get_content())
    assert found is not None, mail.get_content()
    return found.group(1)
