"""Everything that differs between one installation and the next, read from the environment once at start.

Secrets are files, never values with a default. `ENVIRONMENT` is `production` unless somebody says otherwise, so that
forgetting a setting makes the program stricter, never looser.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.errors import Unsafe

PROJECT = Path(__file__).resolve().parent.parent
SECRETS = Path("/run/secrets")


class Environment(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class EidProvider(BaseModel):
    """One national eID, reached through OpenID Connect. Claim names may hold dots and are taken literally."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    label: str
    issuer: AnyHttpUrl
    client_id: str
    client_secret_file: Path
    scopes: tuple[str, ...] = ("openid",)
    national_id_scopes: tuple[str, ...] = ()
    national_id_claim: str
    birth_date_claim: str
    name_claim: str
    level_claim: str
    levels_accepted: tuple[str, ...] = Field(min_length=1)
    algorithms: tuple[Literal["ES256", "RS256"], ...] = ("ES256", "RS256")
    demo: bool = False

    @property
    def issuer_url(self) -> str:
        return str(self.issuer).rstrip("/")


class Settings(BaseSettings):
    """The settings of this process. Sizes are bytes, durations seconds unless the name says otherwise."""

    # A file in /run/secrets that is named like a setting is that setting, so that no password stands in an environment.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, secrets_dir=SECRETS if SECRETS.is_dir() else None)

    environment: Environment = Environment.PRODUCTION
    base_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    product_name: str = "Følgeskab"
    data_dir: Path = PROJECT / "data"
    database_url: str = ""
    owner_database_url: str = ""
    keys_file: Path | None = None
    s3_url: str = ""
    s3_access_key_file: Path | None = None
    s3_secret_key_file: Path | None = None
    clamd_url: str = ""
    eid_file: Path | None = None
    profile: str = "samarbejdsmodellen_dk"
    mail_url: str = ""
    mail_from: str = "noreply@localhost"
    upload_limit: int = Field(200_000_000, gt=0)
    request_limit: int = Field(1024 * 1024, gt=0)
    idle_professional_minutes: int = Field(20, gt=0)
    idle_citizen_minutes: int = Field(30, gt=0)
    session_hours: int = Field(8, gt=0)
    invitation_days: int = Field(7, gt=0)
    minimum_age: int = Field(15, ge=0)
    show_staff_names_in_log: bool = False
    converter: str = ""
    """Path of soffice on the workers, to look at office files in the page; without it they are downloaded."""
    behind_proxies: int = Field(0, ge=0)

    @property
    def origin(self) -> str:
        """Scheme, host and port of this portal, without a slash at the end."""
        return str(self.base_url).rstrip("/")

    @property
    def https(self) -> bool:
        return self.base_url.scheme == "https"

    @property
    def s3_access_key(self) -> str:
        return read_secret(self.s3_access_key_file) if self.s3_access_key_file else ""

    @property
    def s3_secret_key(self) -> str:
        return read_secret(self.s3_secret_key_file) if self.s3_secret_key_file else ""

    @cached_property
    def eid_providers(self) -> tuple[EidProvider, ...]:
        """The eIDs citizens may use. Raises Unsafe for a file that cannot be understood."""
        if self.eid_file is None:
            return ()
        return read_eid_providers(self.eid_file)


def read_secret(path: Path) -> str:
    """The one line of a secret's file. Raises Unsafe when it cannot be read."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as problem:
        raise Unsafe(f"{path} cannot be read: {type(problem).__name__}") from problem


def read_eid_providers(path: Path) -> tuple[EidProvider, ...]:
    """Reads a TOML file with one `[[provider]]` table per eID. Raises Unsafe with the place and the reason."""
    try:
        tables: Any = tomllib.loads(path.read_text("utf-8")).get("provider", [])
        return tuple(EidProvider.model_validate(table) for table in tables)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise Unsafe(f"{path}: {problem}") from problem
