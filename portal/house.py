"""The house put together from its settings: database, keys, blob store. What the web, the worker and the command line
all stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from portal import audit  # noqa: F401  its listeners write the trace at every commit
from portal.db import PortalSession, connect, refuse_powerful_role, session_factory
from portal.errors import Unsafe
from portal.settings import Environment, Settings
from portal.storage import BlobStore
from portal.storage.filesystem import FilesystemStore
from portal.storage.keys import Keyring, read_keys
from portal.tools.profile import profile


@dataclass(frozen=True)
class House:
    settings: Settings
    engine: Engine
    keyring: Keyring
    store: BlobStore
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
def opened(settings: Settings) -> Iterator[House]:
    """A house for the length of a block."""
    house = open_house(settings)
    try:
        yield house
    finally:
        house.close()


def open_house(settings: Settings) -> House:
    """Raises Unsafe rather than stand on something dangerous, NeighbourDown when the database does not answer."""
    refuse_unsafe(settings)
    engine = connect(settings.database_url)
    try:
        refuse_powerful_role(engine)
        keyring = read_keys(settings.keys_file)
        profile(settings.profile)
    except BaseException:
        engine.dispose()
        raise
    store = FilesystemStore(settings.data_dir / "blobs")
    return House(settings, engine, keyring, store, session_factory(engine))


def refuse_unsafe(settings: Settings) -> None:
    """The checks that need nothing but the settings. Raises Unsafe with all faults at once."""
    faults = []
    if not settings.database_url:
        faults.append("DATABASE_URL is not set")
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
    if faults:
        raise Unsafe("; ".join(faults))
