"""The running portal, put together from its settings: database, keys, blob store. The web, the worker and the command
line all stand on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from portal import audit  # noqa: F401  its listeners write the trace at every commit
from portal.db import PortalSession, Role, connect, refuse_other_time, refuse_wrong_role, session_factory
from portal.errors import DependencyUnavailable, UnsafeConfiguration
from portal.services.shared import letterhead
from portal.settings import Environment, Settings, read_secret
from portal.storage import BlobStore
from portal.storage.filesystem import FilesystemStore
from portal.storage.keys import Keyring, read_keys
from portal.storage.s3 import S3Store
from portal.storage.scanning import Clamd
from portal.tools.library import every_definition
from portal.tools.pages import every_page
from portal.tools.profile import every_profile, profile
from portal.tools.statutes import views

log = structlog.get_logger("runtime")


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    engine: Engine
    keyring: Keyring
    store: BlobStore
    role: Role
    _sessions: sessionmaker[PortalSession]

    def new_session(self, person_id: UUID | None = None) -> PortalSession:
        """A session that speaks for that person (nobody, if None). The caller closes it."""
        session = self._sessions()
        session.info.update(keyring=self.keyring, settings=self.settings)
        session.act_for(person_id)
        return session

    def close(self) -> None:
        """Gives the database connections back."""
        self.engine.dispose()

    @contextmanager
    def unit_of_work(self, person_id: UUID | None = None) -> Iterator[PortalSession]:
        """A session that is committed at the end of the block, and rolled back by an exception."""
        with self.new_session(person_id) as session:
            yield session
            session.commit()


@contextmanager
def runtime_for(settings: Settings, role: Role = Role.APP) -> Iterator[Runtime]:
    """A runtime for the length of a block."""
    runtime = open_runtime(settings, role)
    try:
        yield runtime
    finally:
        runtime.close()


def open_runtime(settings: Settings, role: Role = Role.APP) -> Runtime:
    """Raises UnsafeConfiguration rather than stand on something dangerous or as the wrong database role,
    DependencyUnavailable when the database does not answer."""
    refuse_unsafe(settings, role)
    engine = connect(url_of(settings, role))
    try:
        refuse_wrong_role(engine, role)
        refuse_other_time(engine)
        keyring = read_keys(settings.keys_file)
        every_profile()
        for key in settings.profiles:
            profile(key)
        every_definition(settings.wording_dir)
        letterhead.refuse_broken(settings)
        every_page(settings.pages_dir)
        views()
        store = _open_store(settings)
    except BaseException:
        engine.dispose()
        raise
    return Runtime(settings, engine, keyring, store, role, session_factory(engine))


def blob_store(settings: Settings) -> BlobStore:
    """The store that the settings name: S3 when there is an S3_URL, else a folder beside the other data."""
    if settings.s3_url:
        return S3Store(settings.s3_url, settings.s3_access_key, settings.s3_secret_key)
    return FilesystemStore(settings.data_dir / "blobs")


def _open_store(settings: Settings) -> BlobStore:
    """One that is away stops nothing: messages and plans do without it. Raises UnsafeConfiguration for one that others
    can use."""
    store = blob_store(settings)
    try:
        if not settings.s3_url:
            store.make()
        store.check()
    except DependencyUnavailable:
        log.error("neighbour down", neighbour="storage")  # noqa: TRY400  the trace may hold addresses
    return store


def url_of(settings: Settings, role: Role) -> str:
    """Where that part of the portal finds the database; '' when it was not told."""
    return getattr(settings, _SETTING_OF[role])  # type: ignore[no-any-return]


_SETTING_OF = {
    Role.APP: "database_url",
    Role.WORKER: "worker_database_url",
    Role.REPORTS: "reports_database_url",
}


def refuse_unsafe(settings: Settings, role: Role = Role.APP) -> None:
    """The checks that need nothing but the settings. Raises UnsafeConfiguration with all faults at once."""
    faults = []
    if not url_of(settings, role):
        faults.append(f"{_SETTING_OF[role].upper()} is not set")
    if settings.s3_url:
        faults += _faults_of_s3(settings)
    if settings.clamd_url:
        Clamd(settings.clamd_url)
    if settings.environment is Environment.PRODUCTION:
        if not settings.https:
            faults.append("BASE_URL must begin with https:// in production")
        if not settings.mail_url.startswith(("smtp://", "smtps://")):
            faults.append("MAIL_URL must be an smtp:// or smtps:// server in production")
        for provider in (*settings.eid_providers, *settings.staff_providers):
            if provider.demo:
                faults.append(f"the provider {provider.key!r} is a pretended one")
            if provider.issuer.scheme != "https":
                faults.append(f"the provider {provider.key!r} is not reached by https")
    faults += [
        f"the client secret of {provider.key!r} ({provider.client_secret_file}) cannot be read"
        for provider in (*settings.eid_providers, *settings.staff_providers)
        if not os.access(provider.client_secret_file, os.R_OK)
    ]
    if settings.eid_providers and not any(provider.can_prove_anew for provider in settings.eid_providers):
        faults.append(
            "no provider of EID_FILE tells when somebody identified themselves (auth_time_claim), "
            "so nobody could give consent with it"
        )
    if faults:
        raise UnsafeConfiguration("; ".join(faults))


def _faults_of_s3(settings: Settings) -> list[str]:
    """S3 without keys of one's own. Keys everybody knows are no keys."""
    faults = []
    for name, path in {
        "S3_ACCESS_KEY_FILE": settings.s3_access_key_file,
        "S3_SECRET_KEY_FILE": settings.s3_secret_key_file,
    }.items():
        if path is None:
            faults.append(f"{name} is not set")
            continue
        key = read_secret(path)
        if not key:
            faults.append(f"{path} is empty")
        if settings.environment is Environment.PRODUCTION and key in _KNOWN_KEYS:
            faults.append(f"{path} holds a key that everybody knows")
    if settings.environment is Environment.PRODUCTION and len(settings.s3_secret_key) < _SHORTEST_SECRET:
        faults.append(f"the key in S3_SECRET_KEY_FILE is shorter than {_SHORTEST_SECRET} characters")
    return faults


_KNOWN_KEYS = {"minioadmin", "minio123", "admin", "password", "secret", "changeme", "any", "some_access_key1"}
_SHORTEST_SECRET = 16
