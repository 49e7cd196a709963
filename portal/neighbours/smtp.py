"""Sending mail: through an SMTP server, or into a folder where there is none (demo and tests)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from portal import addresses, clock
from portal.errors import DependencyUnavailable, MailRefused
from portal.settings import Settings

_PATIENCE = 10
"""Seconds to wait for the mail server."""


def send(settings: Settings, to: str, subject: str, body: str) -> None:
    """Hands one mail over. Raises like `Post.send`."""
    with Post(settings) as post:
        post.send(to, subject, body)


class Post:
    """A way to the mail server, opened with the first mail and used for all of a block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Post:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._hang_up()

    def send(self, to: str, subject: str, body: str, key: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Hands one mail over. `key` is what it is known again by, should it be sent a second time. Raises
        DependencyUnavailable('mail') when it cannot be just now; the job is then tried again. Raises MailRefused when
        it never will be: trying again would change nothing."""
        message = self._message(to, subject, body, key, headers or {})
        parts = urlsplit(self._settings.mail_url)
        if parts.scheme == "folder":
            _keep(Path(parts.path), message, key)
            return
        try:
            server = self._server = self._server or _opened(parts)
            server.send_message(message)
            return
        # What the server said may repeat the address, and ends in a log: only its number goes on from here.
        except smtplib.SMTPRecipientsRefused as problem:
            code = min(code for code, _said in problem.recipients.values())
        except smtplib.SMTPDataError as problem:
            code = problem.smtp_code
        except smtplib.SMTPNotSupportedError:
            self._hang_up()
            raise MailRefused("encoding") from None
        except (OSError, smtplib.SMTPException) as problem:
            self._hang_up()
            raise DependencyUnavailable("mail", type(problem).__name__) from None
        self._hang_up()  # the next mail gets a line of its own, whatever this one left behind
        _give_up_for_good(code)

    def _message(self, to: str, subject: str, body: str, key: str, headers: Mapping[str, str]) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        try:
            message["To"] = addresses.for_mail(to)
        except addresses.NotMailable as problem:
            raise MailRefused(problem.code) from None
        message["Subject"] = subject
        message["Date"] = clock.now()
        message["Message-ID"] = f"<{key or uuid4()}@{self._settings.base_url.host}>"
        message["Auto-Submitted"] = "auto-generated"
        for name, value in headers.items():
            message[name] = value
        message.set_content(body)
        return message

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def _give_up_for_good(code: int) -> NoReturn:
    """RFC 5321, 4.2.1: 5yz will be answered again the same way, 4yz may pass."""
    if code >= _NEVER:
        raise MailRefused(str(code)) from None
    raise DependencyUnavailable("mail", str(code)) from None


_NEVER = 500


def _opened(parts: SplitResult) -> smtplib.SMTP:
    server = _server(parts.scheme, parts.hostname or "", parts.port)
    try:
        if parts.scheme == "smtp":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _server(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_PATIENCE, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 587, timeout=_PATIENCE)


def _keep(folder: Path, message: EmailMessage, key: str) -> None:
    """A mail with a key is kept once, however often it is sent."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if key and any(folder.glob(f"*-{key}.eml")):
        return
    name = f"{clock.now():%Y%m%dT%H%M%S%f}-{key or uuid4().hex[:8]}.eml"
    half = folder / f".{name}"
    half.write_bytes(message.as_bytes())
    half.rename(folder / name)
