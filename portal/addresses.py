"""E-mail addresses: what can get mail, in one form, so that one address is one account. Pure.

Only addresses that every mail server takes are let in (RFC 5321, 4.1.2, without quotes and address literals). A domain
may have letters like æ: it is shown as people write it, and mailed to in its other form (IDNA, RFC 3490). What stands
before the @ may not: few servers take it, and nobody would be told.
"""

from __future__ import annotations

import re
import unicodedata

from portal.text import line

LONGEST = 254
"""Characters of a whole address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class NotMailable(ValueError):
    """No mail can reach this. `code` names the sentence that says why (portal/web/labels.py)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def normal(typed: str) -> str:
    """The one form an address is kept and compared in: small letters, the domain as people write it. What is no address
    comes back as it was, in small letters."""
    said = unicodedata.normalize("NFC", line(typed, 1000)).lower()
    local, at, domain = said.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii').encode('ascii').decode('idna')}" if at else said
    except UnicodeError:
        return said


def checked(typed: str) -> str:
    """The address in its one form. Raises NotMailable: 'email_letters' where letters like æ stand before the @, else
    'email_wrong'."""
    address = normal(typed)
    for_mail(address)
    return address


def for_mail(address: str) -> str:
    """As a mail server takes it: ASCII alone. Raises NotMailable."""
    local, at, domain = address.rpartition("@")
    if not at or not local or len(local) > 64 or " " in address or "@" in local:
        raise NotMailable("email_wrong")
    if not local.isascii():
        raise NotMailable("email_letters")
    try:
        told = domain.lower().encode("idna").decode("ascii")
    except UnicodeError as problem:
        raise NotMailable("email_wrong") from problem
    labels = told.split(".")
    fits = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if not fits or not _LOCAL.fullmatch(local.lower()) or len(local) + 1 + len(told) > LONGEST:
        raise NotMailable("email_wrong")
    return f"{local}@{told}"


def for_sms(typed: str) -> str:
    """A number as a gateway takes it: digits with the country's in front (E.164, without the plus). Eight digits are a
    Danish number. Raises NotMailable('number_wrong')."""
    said = re.sub(r"[\s().-]", "", line(typed, 40))
    digits = said.removeprefix("+").removeprefix("00") if said[:1] == "+" or said[:2] == "00" else said
    if not digits.isascii() or not digits.isdigit():
        raise NotMailable("number_wrong")
    if digits == said and len(digits) == _DANISH:
        digits = f"45{digits}"
    elif digits == said or not _SHORTEST <= len(digits) <= _LONGEST:
        raise NotMailable("number_wrong")
    if digits[0] == "0" or (digits[:2] == "45" and (len(digits) != _DANISH + 2 or digits[2] in "01")):
        raise NotMailable("number_wrong")
    return digits


_DANISH, _SHORTEST, _LONGEST = 8, 8, 15
