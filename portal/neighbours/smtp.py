"""Sending mail: through an SMTP server, or into a folder where there is none (demo and tests)."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from portal import addresses, clock
from portal.errors import DependencyUnavailable, MailRefused
from portal.settings import Settings

_PATIENCE = 10
"""Seconds to wait for the mail server."""


def send(settings: Settings, to: str, subject: str, body: str) -> None:
    """Hands one mail over. Raises DependencyUnavailable('mail') when it cannot be just now; the job is then tried
    again. Raises MailRefused when it never will be: trying again would change nothing."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    try:
        message["To"] = addresses.for_mail(to)
    except addresses.NotMailable as problem:
        raise MailRefused(problem.code) from None
    message["Subject"] = subject
    message["Date"] = clock.now()
    message["Message-ID"] = f"<{uuid4()}@{settings.base_url.host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "folder":
        _keep(Path(parts.path), message)
        return
    try:
        with _server(parts.scheme, parts.hostname or "", parts.port) as server:
            if parts.scheme == "smtp":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    # What the server said may repeat the address, and ends in a log: only its number goes on from here.
    except smtplib.SMTPRecipientsRefused as problem:
        _give_up_for_good(min(code for code, _said in problem.recipients.values()))
    except smtplib.SMTPDataError as problem:
        _give_up_for_good(problem.smtp_code)
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("encoding") from None
    except (OSError, smtplib.SMTPException) as problem:
        raise DependencyUnavailable("mail", type(problem).__name__) from None


def _give_up_for_good(code: int) -> NoReturn:
    """RFC 5321, 4.2.1: 5yz will be answered again the same way, 4yz may pass."""
    if code >= _NEVER:
        raise MailRefused(str(code)) from None
    raise DependencyUnavailable("mail", str(code)) from None


_NEVER = 500


def _server(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_PATIENCE, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 587, timeout=_PATIENCE)


def _keep(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{clock.now():%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.eml"
    half = folder / f".{name}"
    half.write_bytes(message.as_bytes())
    half.rename(folder / name)
