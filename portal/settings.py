"""Everything that differs between one installation and the next, read from the environment once at start.

Secrets are files, never values with a default. `ENVIRONMENT` is `production` unless somebody says otherwise, so that
forgetting a setting makes the program stricter, never looser.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AnyHttpUrl, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.errors import UnsafeConfiguration
from portal.identity_providers import EidProvider, StaffProvider, read_eid_providers, read_staff_providers

PROJECT = Path(__file__).resolve().parent.parent
SECRETS = Path("/run/secrets")


class Environment(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class Settings(BaseSettings):
    """The settings of this process. Sizes are bytes, durations seconds unless the name says otherwise."""

    # A file in /run/secrets that is named like a setting is that setting, so that no password stands in an environment.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, secrets_dir=SECRETS if SECRETS.is_dir() else None)

    environment: Environment = Environment.PRODUCTION
    base_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8000")
    product_name: str = "Følgeskab"
    data_dir: Path = PROJECT / "data"
    database_url: str = ""
    worker_database_url: str = ""
    reports_database_url: str = ""
    owner_database_url: str = ""
    keys_file: Path | None = None
    s3_url: str = ""
    s3_access_key_file: Path | None = None
    s3_secret_key_file: Path | None = None
    clamd_url: str = ""
    eid_file: Path | None = None
    staff_sso_file: Path | None = None
    profile: str = "samarbejdsmodellen_dk"
    """The programme profile of pages outside any case, and of cases where no other can be chosen."""
    further_profiles: str = ""
    """Others that cases can be opened with, by their keys, separated by commas."""
    wording_dir: Path | None = None
    """A folder with a municipality's own words for the tools, a file for each (docs/tools.md)."""
    paper_colour: str = Field("#0b5d57", pattern=r"^#[0-9a-f]{6}$")
    """Of headings on what is printed: the municipality's own."""
    letterhead_dir: Path | None = None
    """A folder with a municipality's name and logo for what is printed (docs/tools.md)."""
    pages_dir: Path | None = None
    """A folder with a municipality's own pages on help, privacy and accessibility (docs/front-pages.md)."""
    mail_url: str = ""
    mail_from: str = "noreply@localhost"
    upload_limit: int = Field(200_000_000, gt=0)
    request_limit: int = Field(1024 * 1024, gt=0)
    idle_professional_minutes: int = Field(20, gt=0)
    idle_citizen_minutes: int = Field(30, gt=0)
    session_hours: int = Field(8, gt=0)
    invitation_days: int = Field(7, gt=0)
    notice_minutes: int = Field(5, ge=0)
    """What is new within so many minutes is told to somebody by one mail."""
    notice_pause_minutes: int = Field(60, ge=0)
    """Between two notices to one person."""
    notice_rhythm: Literal["at_once", "daily", "weekly"] = "daily"
    """How often professionals are told who have not chosen for themselves."""
    digest_hour: int = Field(7, ge=0, le=23)
    digest_weekday: int = Field(0, ge=0, le=6)
    """Of the week's digest; Monday is 0."""
    quiet_from: int = Field(21, ge=0, le=23)
    quiet_until: int = Field(7, ge=0, le=23)
    """Hours between which citizens are told nothing, unless they choose others. The same hour twice: none."""
    notice_spread_minutes: int = Field(10, ge=0)
    """Over so many minutes the notices of one full hour are spread."""
    notice_patience_hours: int = Field(72, gt=0)
    """For so long a notice that cannot be sent is tried again."""
    sms_url: str = ""
    """Where SMS are handed over (docs/notices.md); without it nobody is offered one."""
    sms_token_file: Path | None = None
    sms_from: str = Field("Folgeskab", max_length=15)
    sms_plug: Literal["generic", "gatewayapi"] = "generic"
    sms_authorization: str = "Bearer {token}"
    """The header by which the generic plug says who it is."""
    sms_fields: str = "to=to,text=text,from=from,key=id"
    """What the generic plug calls the number, the words, the sender and the key in its JSON."""
    sms_accepted: str = ""
    """A field and its value (`status=ok`) that an answer of 2xx must have besides to count as accepted."""
    minimum_age: int = Field(15, ge=0)
    show_staff_names_in_log: bool = False
    converter: str = ""
    """Path of soffice on the workers, to look at office files in the page; without it they are downloaded."""
    webdav: bool = False
    """Whether files can be opened and saved straight from a word processor (docs/files.md)."""
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

    @property
    def sms_token(self) -> str:
        return read_secret(self.sms_token_file) if self.sms_token_file else ""

    @property
    def secret_files(self) -> list[Path]:
        """The files with what nobody but the portal may read."""
        files = [self.keys_file, self.s3_access_key_file, self.s3_secret_key_file, self.sms_token_file]
        providers = (*self.eid_providers, *self.staff_providers)
        return [path for path in (*files, *(one.client_secret_file for one in providers)) if path is not None]

    @cached_property
    def profiles(self) -> tuple[str, ...]:
        """Those that cases can be opened with, the usual one first."""
        further = (key.strip() for key in self.further_profiles.split(","))
        return tuple(dict.fromkeys((self.profile, *filter(None, further))))

    @cached_property
    def eid_providers(self) -> tuple[EidProvider, ...]:
        """The eIDs citizens may use. Raises UnsafeConfiguration for a file that cannot be understood."""
        if self.eid_file is None:
            return ()
        return read_eid_providers(self.eid_file)

    @cached_property
    def staff_providers(self) -> tuple[StaffProvider, ...]:
        """The organisations' own sign-ins for their staff. Raises UnsafeConfiguration for a file that cannot be
        understood."""
        return read_staff_providers(self.staff_sso_file) if self.staff_sso_file else ()


def read_secret(path: Path) -> str:
    """The one line of a secret's file. Raises UnsafeConfiguration when it cannot be read."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as problem:
        raise UnsafeConfiguration(f"{path} cannot be read: {type(problem).__name__}") from problem
