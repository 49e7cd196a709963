"""Where people sign in from outside: national eIDs for citizens, an organisation's own sign-in for its staff.

A provider is data: one `[[provider]]` table of EID_FILE or STAFF_SSO_FILE. Nothing about any of them is in code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal.errors import UnsafeConfiguration

_PRESETS = Path(__file__).parent / "eid_presets.toml"


class NationalIdKind(StrEnum):
    """Whose numbering a national id belongs to; numbers of different kinds are never compared."""

    DK_CPR = "dk-cpr"
    SE_PERSONNUMMER = "se-personnummer"
    NO_FODSELSNUMMER = "no-fodselsnummer"
    NONE = "none"


class OidcProvider(BaseModel):
    """What any OpenID Connect provider needs to be known by. Claim names may hold dots and are taken literally."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    label: str = Field(min_length=1, max_length=60)
    issuer: AnyHttpUrl
    client_id: str = Field(min_length=1)
    client_secret_file: Path
    client_authentication: Literal["basic", "post"] = "basic"
    scopes: tuple[str, ...] = ("openid",)
    parameters: dict[str, str] = Field(default={"prompt": "login"})
    """Sent along when somebody is sent there. `prompt=login`: on a shared computer nobody gets in as the one before."""
    origins: tuple[AnyHttpUrl, ...] = ()
    """Other hosts the provider sends the browser through, which the page's form-action must allow."""
    level_claim: str = ""
    levels_accepted: tuple[str, ...] = ()
    algorithms: tuple[Literal["ES256", "RS256"], ...] = Field(("ES256", "RS256"), min_length=1)
    auth_time_claim: str = "auth_time"
    """What the ID token tells the instant by at which the person identified themselves, in seconds or as ISO 8601.
    Empty for a provider that tells none: signing in there is then no fresh proof of anything."""
    demo: bool = False

    @model_validator(mode="after")
    def _whole(self) -> OidcProvider:
        if "openid" not in self.scopes:
            raise ValueError("scopes must name openid")
        reserved = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge"}
        if taken := (reserved | {"code_challenge_method", "response_mode"}) & set(self.parameters):
            raise ValueError(f"parameters may not set {', '.join(sorted(taken))}")
        if bool(self.level_claim) != bool(self.levels_accepted):
            raise ValueError("level_claim and levels_accepted belong together")
        return self

    @property
    def issuer_url(self) -> str:
        return str(self.issuer).rstrip("/")

    @property
    def can_prove_anew(self) -> bool:
        """Whether what it answers can show that the person identified themselves just now."""
        return bool(self.auth_time_claim)

    @property
    def asks_everybody_anew(self) -> bool:
        """Whether it is to let nobody in as the one before, and tells whether it did."""
        return self.can_prove_anew and "login" in self.parameters.get("prompt", "").split()

    @property
    def browser_origins(self) -> list[str]:
        """Scheme and host of everywhere the browser may be sent from our forms."""
        return sorted({origin_of(self.issuer_url), *(origin_of(str(url)) for url in self.origins)})


class EidProvider(OidcProvider):
    """A national eID for citizens."""

    level_claim: str = Field(min_length=1)
    levels_accepted: tuple[str, ...] = Field(min_length=1)
    national_id_scopes: tuple[str, ...] = ()
    national_id_parameters: dict[str, str] = Field(default={})
    national_id_kind: NationalIdKind = NationalIdKind.DK_CPR
    national_id_claim: str = ""
    birth_date_claim: str
    """Empty when the eID tells none: the birth date is then read from the national id."""
    name_claim: str

    @model_validator(mode="after")
    def _national_id_is_described(self) -> EidProvider:
        if (self.national_id_kind is NationalIdKind.NONE) == bool(self.national_id_claim):
            raise ValueError("national_id_claim is needed unless national_id_kind is none")
        return self

    @property
    def asks_separately(self) -> bool:
        """Whether the national id is asked for only from somebody who is not known yet."""
        return bool(self.national_id_scopes or self.national_id_parameters)


RoleName = Literal["administrator", "case opener", "professional", "leader", "auditor"]


class StaffProvider(OidcProvider):
    """An organisation's own sign-in for its staff, and what its claims mean here. Values are compared as they are."""

    name_claim: str = "name"
    email_claim: str = "email"
    job_title_claim: str = ""
    job_title: str = ""
    """For those whose claims name no job title."""
    organisation: str = ""
    """The organisation everybody from there belongs to; empty when a claim tells which."""
    organisation_claim: str = ""
    organisations: dict[str, str] = Field(default={})
    """Value of the claim -> name of the organisation here."""
    unit_claim: str = ""
    units: dict[str, str] = Field(default={})
    """Value of the claim -> name of the unit here."""
    unit: str = ""
    """The unit of those whose claim names none of them."""
    role_claim: str = ""
    roles: dict[str, RoleName] = Field(default={})
    """Value of the claim -> what it lets somebody do here. Somebody with none of them is not let in."""
    role_format: Literal["plain", "oio-bpp"] = "plain"
    """How the claim tells its values: as text or a list of it, or as a list of privileges (see services/privileges)."""
    everybody: RoleName | None = None
    """A role for all, whatever the claim says."""
    makes_accounts: bool = True
    """Whether somebody without an account gets one at their first sign-in."""

    @model_validator(mode="after")
    def _says_who_is_who(self) -> StaffProvider:
        if bool(self.organisation) == bool(self.organisation_claim and self.organisations):
            raise ValueError("give either organisation, or organisation_claim with organisations")
        if self.everybody is None and not (self.role_claim and self.roles):
            raise ValueError("give role_claim with roles, or everybody")
        if self.role_format == "oio-bpp" and not self.organisation_claim:
            raise ValueError("oio-bpp says for which CVR number a role holds: give organisation_claim")
        if self.makes_accounts and not (self.unit or (self.unit_claim and self.units)):
            raise ValueError("give unit, or unit_claim with units, or makes_accounts = false")
        return self

    @property
    def organisation_names(self) -> frozenset[str]:
        """The organisations here whose staff may come in this way."""
        return frozenset({self.organisation} if self.organisation else self.organisations.values())


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def presets() -> dict[str, dict[str, Any]]:
    """The brokers whose claim names are known."""
    return tomllib.loads(_PRESETS.read_text("utf-8"))


P = TypeVar("P", bound=OidcProvider)


def read_eid_providers(path: Path) -> tuple[EidProvider, ...]:
    """Reads a TOML file with one `[[provider]]` table per eID. Raises UnsafeConfiguration with the place and the
    reason."""
    return read_providers(path, lambda table: EidProvider.model_validate(_with_preset(table)))


def read_staff_providers(path: Path) -> tuple[StaffProvider, ...]:
    """Reads a TOML file with one `[[provider]]` table per organisation's own sign-in. Raises UnsafeConfiguration."""
    return read_providers(path, StaffProvider.model_validate)


def read_providers(path: Path, made_of: Callable[[dict[str, Any]], P]) -> tuple[P, ...]:
    """One provider for each `[[provider]]` table of a TOML file. Raises UnsafeConfiguration with the place and the
    reason."""
    try:
        tables: Any = tomllib.loads(path.read_text("utf-8")).get("provider", [])
        found = tuple(made_of(dict(table)) for table in tables)
    except (OSError, tomllib.TOMLDecodeError, ValidationError, ValueError, TypeError) as problem:
        raise UnsafeConfiguration(f"{path}: {problem}") from problem
    keys = [provider.key for provider in found]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise UnsafeConfiguration(f"{path}: more than one provider has the key {', '.join(twice)}")
    return found


def _with_preset(table: dict[str, Any]) -> dict[str, Any]:
    name = table.pop("preset", None)
    if name is None:
        return table
    if name not in presets():
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(sorted(presets()))}")
    return {**presets()[name], **table}
