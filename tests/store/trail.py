"""What tests of the trail share: events to append, and a way in for an attacker."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from lifecycle.domain.audit import AuditEvent
from lifecycle.store import audit

START = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def event(number, **changes):
    given: dict[str, Any] = {
        "action": "version.move",
        "subject": f"version:credit/{number}",
        "by": "ada" if number % 2 else "bob",
        "at": START + timedelta(minutes=number),
        "reason": f"reason {number}",
        "details": {"number": number, "nested": {"list": [1, 2.5, None, "é"]}},
    }
    return AuditEvent(**given | changes)


def fill(workspace, count=6):
    for number in range(1, count + 1):
        with workspace.transaction() as tx:
            audit.append(tx, event(number))


@contextmanager
def intruder(home):
    """Open the database behind the product's back, triggers and keys dropped."""
    with duckdb.connect(str(home / "lifecycle.duckdb")) as con:
        con.execute("DROP TRIGGER audit_refuses_update ON audit")
        con.execute("DROP TRIGGER audit_refuses_delete ON audit")
        con.execute("CREATE TABLE loose AS SELECT * FROM audit ORDER BY sequence")
        yield con
        con.execute("DROP TABLE audit")
        con.execute("ALTER TABLE loose RENAME TO audit")
