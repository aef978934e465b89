"""Plans of assessments: fixed once, never changed, known by the hash of their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lifecycle.errors import DamagedStore
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found, unique

PLANS = """
CREATE TABLE assessment_plan (
    sha256 VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    fixed_at TIMESTAMPTZ NOT NULL,
    fixed_by VARCHAR NOT NULL,
    UNIQUE (name, version)
);
"""


@dataclass(frozen=True, slots=True)
class FixedPlan:
    """A plan as it was fixed, by whom and when."""

    sha256: str
    name: str
    version: str
    content: Mapping[str, object]
    fixed_at: datetime
    fixed_by: str

    @property
    def label(self) -> str:
        """Name and version, as results write it."""
        return f"{self.name} {self.version}"


def add(tx: Connection, plan: FixedPlan) -> None:
    """Keep a plan.

    Raises
    ------
    Conflict
        There is one of that name and version, or of that content.
    """
    with unique("plan", plan.label):
        tx.execute(
            "INSERT INTO assessment_plan VALUES ($sha256, $name, $version, $content, $at, $by)",
            {
                "sha256": plan.sha256,
                "name": plan.name,
                "version": plan.version,
                "content": dump(dict(plan.content)),
                "at": utc(plan.fixed_at),
                "by": plan.fixed_by,
            },
        )


def by_content(con: Connection, sha256: str) -> FixedPlan | None:
    """Return the plan with that content, if it was fixed."""
    row = first(
        con.execute("SELECT * FROM assessment_plan WHERE sha256 = $sha256", {"sha256": sha256})
    )
    return _plan(row) if row else None


def get(con: Connection, name: str, version: str) -> FixedPlan:
    """Return a plan by its name and version.

    Raises
    ------
    NotFound
        There is none.
    DamagedStore
        Its content was changed since it was fixed.
    """
    known = {plan.label: plan for plan in every(con)}
    label = f"{name} {version}"
    if label not in known:
        raise not_found("plan", label, known=known)
    return known[label]


def every(con: Connection, *, name: str | None = None) -> list[FixedPlan]:
    """Return all plans or those of one name, newest first."""
    found = con.execute(
        """
        SELECT * FROM assessment_plan WHERE $name IS NULL OR name = $name
        ORDER BY fixed_at DESC, name, version DESC
        """,
        {"name": name},
    )
    return [_plan(row) for row in records(found)]


def _plan(row: Record) -> FixedPlan:
    if hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]:
        raise DamagedStore(f"plan {row['name']} {row['version']} was changed since it was fixed")
    return FixedPlan(**row | {"content": load(row["content"])})
