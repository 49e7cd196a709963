"""The words of the mails, in Danish and English. Pure.

A notice says that there is something new and nothing else: no name, no title, no sender and no telling link. An
invitation says who invites, where from and to what, so that it can be told from a fraud; of cases it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime


@dataclass(frozen=True)
class Letter:
    subject: str
    body: str


@dataclass(frozen=True)
class Sender:
    """Who invites, as their colleagues know them."""

    name: str
    job_title: str
    unit: str
    organisation: str

    @property
    def whole(self) -> str:
        return f"{self.name}, {self.job_title}, {self.unit}, {self.organisation}"


@dataclass(frozen=True)
class Invited:
    """Whom an invitation is for, and from whom. `by` is None for the first administrator of an installation."""

    name: str
    email: str
    job_title: str
    unit: str
    organisation: str
    by: Sender | None
    expires_at: datetime
    passwords: bool
    """Whether passwords are used at that workplace; else they sign in through it."""


def invitation(product: str, origin: str, invited: Invited, link: str, zone: ZoneInfo) -> Letter:
    """How to come in for the first time."""
    by = invited.by
    way = _CHOOSING if invited.passwords else _AT_WORK
    gaps = {
        "product": product,
        "name": invited.name,
        "email": invited.email,
        "place": f"{invited.job_title}, {invited.unit}, {invited.organisation}",
        "link": link,
        "origin": origin,
        "until": _until(invited.expires_at, zone, "da"),
        "until_en": _until(invited.expires_at, zone, "en"),
        "who": f"{by.whole}, har inviteret dig til {product}." if by else f"Du skal være administrator af {product}.",
        "who_en": f"{by.whole}, has invited you to {product}." if by else f"You are to be administrator of {product}.",
        "ask": f"så spørg {by.name} på et nummer, du kender i forvejen" if by else "så spørg dem, der driver portalen",
        "ask_en": f"call {by.name} on a number you know already" if by else "ask those who run the portal",
    }
    organisation = by.organisation if by else invited.organisation
    return Letter(f"Invitation til {product} fra {organisation}", (_INVITATION_DA + way + _FOOT).format(**gaps))


_INVITATION_DA = """\
Hej {name}

{who}

{product} er et lukket, fælles rum på nettet. Fagpersoner fra flere steder, den unge og forældrene samarbejder her.
Du er inviteret som: {place}.

"""
_CHOOSING = """\
Sådan gør du:

1. Åbn denne side, og vælg en adgangskode:
{link}

2. Log på med {email} og din nye adgangskode på {origin}

3. Portalen hjælper dig med at sætte et ekstra trin op, så andre ikke kan logge på som dig.

Linket virker én gang, indtil {until}.
"""
_AT_WORK = """\
Sådan gør du:

1. Åbn {origin}
2. Log på gennem din arbejdsplads, som du plejer.

Du skal ikke vælge en adgangskode her.
"""
_FOOT = """\
Der står intet om nogen sag i denne mail. Er du i tvivl, om den er ægte, {ask}.
Har du ikke ventet en invitation, kan du se bort fra mailen.

--

Dear {name}

{who_en}

Open the address above, choose a password, and sign in at {origin} with {email}.
If passwords are not used at your workplace, sign in through your workplace instead.
The link works once, until {until_en}.

This mail says nothing about any case. If you are not sure that it is genuine, {ask_en}.
If you did not expect an invitation, you can ignore this mail.
"""


def renewal(product: str, invited: Invited, link: str, zone: ZoneInfo) -> Letter:
    """For somebody who has lost their second step."""
    gaps = {
        "product": product,
        "name": invited.name,
        "link": link,
        "by": f"{invited.by.whole}," if invited.by else "En administrator",
        "by_en": f"{invited.by.whole}," if invited.by else "An administrator",
        "until": _until(invited.expires_at, zone, "da"),
        "until_en": _until(invited.expires_at, zone, "en"),
    }
    return Letter(f"{product}: Ny adgangskode og nyt ekstra trin", _RENEWAL.format(**gaps))


_RENEWAL = """\
Hej {name}

{by} har startet en fornyelse af din måde at logge på {product}.

Vælg en ny adgangskode her:
{link}

Linket virker én gang, indtil {until}. Når du bruger det, virker dit gamle ekstra trin ikke mere.
Har du ikke selv bedt om det, så brug ikke linket, og ring til din administrator med det samme.

--

{by_en} has started a renewal of the way you sign in to {product}.
Choose a new password at the address above. It works once, until {until_en}.
If you did not ask for this, do not use the link, and call your administrator at once.
"""


def reset(product: str, link: str, minutes: int) -> Letter:
    """For somebody who has forgotten their password."""
    return Letter(f"{product}: Ny adgangskode", _RESET.format(product=product, link=link, minutes=minutes))


_RESET = """\
Nogen, forhåbentlig dig, har bedt om en ny adgangskode til {product}.

Vælg den her:
{link}

Linket virker én gang, i {minutes} minutter. Dit ekstra trin er det samme som før.
Var det ikke dig, skal du ikke gøre noget: din adgangskode er ikke ændret.

--

Somebody, hopefully you, has asked for a new password to {product}.
Choose it at the address above. It works once, for {minutes} minutes. Your second step stays as it is.
If it was not you, there is nothing to do: your password has not been changed.
"""


def new_address(product: str, by: Sender, link: str, until: datetime, zone: ZoneInfo) -> Letter:
    """To an address that is to be an account's: is it yours?"""
    gaps = {
        "product": product,
        "by": by.whole,
        "link": link,
        "until": _until(until, zone, "da"),
        "until_en": _until(until, zone, "en"),
    }
    return Letter(f"{product}: Bekræft din nye e-mailadresse", _NEW_ADDRESS.format(**gaps))


_NEW_ADDRESS = """\
{by}, har skrevet, at denne adresse er din nye e-mailadresse i {product}.

Passer det, så åbn denne side, og log på, som du plejer:
{link}

Linket virker én gang, indtil {until}. Indtil da er alt, som det var.
Kender du ikke noget til det, kan du se bort fra mailen.

--

{by}, has written that this is your new e-mail address in {product}.
If that is right, open the address above and sign in as you always do. It works once, until {until_en}.
If you know nothing of this, you can ignore this mail.
"""


def old_address(product: str, by: Sender, changed: bool) -> Letter:
    """To the address an account has had until now: somebody wants another, or it has another by now."""
    words = _ADDRESS_CHANGED if changed else _ADDRESS_ASKED
    return Letter(f"{product}: Din e-mailadresse", words.format(product=product, by=by.whole))


_ADDRESS_ASKED = """\
{by}, har bedt om, at din konto i {product} får en anden e-mailadresse.

Det sker først, når den nye adresse er bekræftet af dig selv, med dit ekstra trin.
Er det ikke aftalt med dig, så ring til din administrator med det samme.

--

{by}, has asked for another e-mail address for your account in {product}.
It takes effect only once you have confirmed the new address yourself, with your second step.
If this was not agreed with you, call your administrator at once.
"""
_ADDRESS_CHANGED = """\
Din konto i {product} har fået en anden e-mailadresse. Mail til dig går derhen fra nu af.
Du er logget af alle steder.

{by}, har bedt om det.
Er det ikke aftalt med dig, så ring til din administrator med det samme.

--

Your account in {product} has another e-mail address. Mail to you goes there from now on, and you are signed out
everywhere.

{by}, asked for it.
If this was not agreed with you, call your administrator at once.
"""


def news(product: str) -> Letter:
    """All that a notice about a case may say."""
    return Letter(product, "Der er nyt til dig. Log på.\n\n--\n\nThere is something new for you. Sign in.\n")


def about_account(product: str, happened: str) -> Letter:
    """To the owner of an account, whoever did it; `happened` is a Notice."""
    danish, english = (text.format(name=product) for text in _HAPPENED[happened])
    return Letter(product, _ABOUT_ACCOUNT.format(name=product, danish=danish, english=english))


_ABOUT_ACCOUNT = """\
{name}

{danish}
Er det ikke dig, eller ved du ikke af det, så ring straks til din leder eller en administrator.

--

{english}
If it was not you, or you do not know of it, call your manager or an administrator at once.
"""
_HAPPENED = {
    "sign_in": (
        "Der er ændret i, hvordan du logger på {name}. Er det dig, skal du ikke gøre noget.",
        "The way you sign in to {name} has been changed. If it was you, there is nothing to do.",
    ),
    "account": (
        "En administrator har rettet din konto i {name}. Log på, og se under Mit login, om det passer.",
        "An administrator has changed your account in {name}. Sign in, and look under My sign-in whether it is right.",
    ),
    "invited": (
        "En administrator har sendt dig et link, som du kan vælge en ny adgangskode til {name} med.\n"
        "Din adgangskode virker, som den plejer, indtil du bruger det.",
        "An administrator has sent you a link to choose a new password for {name} with.\n"
        "Your password works as ever until you use it.",
    ),
    "linked": (
        "Din arbejdsplads' login fører fra nu af til din konto i {name}. Er du logget på dér, skal du ikke gøre noget.",
        "From now on your workplace's sign-in leads to your account in {name}. If you signed in there, there is\n"
        "nothing to do.",
    ),
    "closed": (
        "En administrator har lukket din konto i {name}.",
        "An administrator has closed your account in {name}.",
    ),
    "reopened": (
        "En administrator har åbnet din konto i {name} igen. Den adgangskode, du havde, virker igen.",
        "An administrator has opened your account in {name} again. The password you had works again.",
    ),
}


def _until(instant: datetime, zone: ZoneInfo, language: str) -> str:
    local = instant.astimezone(zone)
    pattern = "d. MMMM y 'kl.' H.mm" if language == "da" else "d MMMM y 'at' H:mm"
    return format_datetime(local, pattern, locale=language)
