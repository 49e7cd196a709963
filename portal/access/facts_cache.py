"""Facts of cases that this process has read before, for as long as they are still the facts.

Whoever changes a fact rewrites the windows in the same transaction (window_store), and that gives the case a new random
stamp. So facts that were read under a stamp are right for everybody who reads that stamp; nobody sees the stamp of
a transaction that was undone. What is recalled tells and previews; what opens a door is a window's row.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from portal.access.policy.facts import Facts
from portal.access.window_store import load_facts
from portal.db import PortalSession

_AT_MOST = 500
"""Cases a process remembers; the ones not asked for longest are forgotten first."""


class FactsCache:
    def __init__(self) -> None:
        self._facts: OrderedDict[UUID, Facts] = OrderedDict()
        self._lock = Lock()

    def get(self, stamp: UUID) -> Facts | None:
        with self._lock:
            if stamp in self._facts:
                self._facts.move_to_end(stamp)
            return self._facts.get(stamp)

    def store(self, stamp: UUID, facts: Facts) -> None:
        with self._lock:
            self._facts[stamp] = facts
            if len(self._facts) > _AT_MOST:
                self._facts.popitem(last=False)


_cache = FactsCache()


def facts(session: PortalSession, case_id: UUID, stamp: UUID | None) -> Facts:
    """Every fact of the case, recalled where `stamp`, as just read from the case, is known. A transaction that has
    written something reads for itself: it sees what nobody else may see yet."""
    if stamp is None or session.has_written:
        return load_facts(session, case_id)
    found = _cache.get(stamp)
    if found is None:
        found = load_facts(session, case_id)
        _cache.store(stamp, found)
    return found
