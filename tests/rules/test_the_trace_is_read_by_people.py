"""The trace is there for people who read it and for proofs. What the portal itself has to know lies in tables of its
own: a line of the trace is never what decides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal

PORTAL = Path(portal.__file__).parent
READERS = {
    "portal/audit.py": "writes the trace and proves it",
    "portal/models/__init__.py": "names every table",
    "portal/models/audit.py": "is the table",
    "portal/services/oversight/": "shows the trace to people, answers their questions to it and checks it",
    "portal/services/plans/presence.py": "asks only whether this look is noted already, so as not to note it twice",
    "portal/services/webdav/links.py": "asks only whether this look is noted already, so as not to note it twice",
    "portal/services/exports/exports.py": "tells a person which of their copies they have fetched",
    "portal/services/cases/queries.py": "tells a person what happened since their last visit, as the trace tells them",
    "portal/services/consents/queries.py": "tells a person what was noted in their name since they last looked",
    "portal/services/messages/queries.py": "tells a person what came since their last visit, as the trace tells them",
}
"""Who reads it, and why."""


def test_nobody_reads_the_trace_but_for_people_and_for_proofs() -> None:
    found = {
        str(path.relative_to(PORTAL.parent)): line
        for path in sorted(PORTAL.rglob("*.py"))
        for line in readings(path.read_text())
    }
    strangers = [f"{path}:{line}" for path, line in found.items() if not path.startswith(tuple(READERS))]
    assert strangers == []
    idle = [reader for reader in READERS if not any(path.startswith(reader) for path in found)]
    assert idle == [], "an exception that is none any more"


@pytest.mark.parametrize(
    "code",
    [
        "from portal.models import AuditEvent",
        "from portal.models.audit import AuditEvent as Line",
        "from portal import models\nx = models.AuditEvent",
        'x = text("select fields from audit_event where chain_id = :case")',
        'x = f"select {columns} from audit_event"',
    ],
)
def test_what_the_rule_is_about_is_found(code: str) -> None:
    assert list(readings(code))


def test_writing_to_the_trace_is_not_reading_it() -> None:
    assert list(readings('from portal import audit\naudit.record(session, event)\nx = "an audit event"')) == []


def readings(code: str) -> Iterator[int]:
    """The lines that name the rows of the trace: the model, or the table in a statement."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom() if any(name.name == "AuditEvent" for name in node.names):
                yield node.lineno
            case ast.Attribute(attr="AuditEvent"):
                yield node.lineno
            case ast.Constant(value=str(words)) if "audit_event" in words:
                yield node.lineno
