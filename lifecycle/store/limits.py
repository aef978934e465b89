"""Limits of drift that were learned from a version's reference, and what they promise."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lifecycle.store.cells import Connection, records

LIMITS = """
CREATE TABLE learned_limit (
    version_id VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    statistic VARCHAR NOT NULL,
    limit_value DOUBLE NOT NULL,
    false_alarms DOUBLE NOT NULL,
    windows DOUBLE NOT NULL,
    independent DOUBLE NOT NULL,
    PRIMARY KEY (version_id, column_name, statistic)
);
"""
"""One per column and statistic, those of the newest revision."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A limit of one column and statistic.

    Parameters
    ----------
    false_alarms
        Share of windows in which an alarm would begin without a change.
    windows, independent
        Windows the reference holds, and what they count for, given how they hang together.
    """

    column: str
    statistic: str
    limit: float
    false_alarms: float
    windows: float
    independent: float


def by_column(learned: Sequence[Learned]) -> dict[str, dict[str, float]]:
    """Sort limits by column and statistic."""
    found: dict[str, dict[str, float]] = {}
    for one in learned:
        found.setdefault(one.column, {})[one.statistic] = one.limit
    return found


def replace(tx: Connection, version_id: str, learned: Sequence[Learned]) -> None:
    """Put learned limits in the place of a version's earlier ones."""
    tx.execute("DELETE FROM learned_limit WHERE version_id = $id", {"id": version_id})
    for one in learned:
        tx.execute(
            """
            INSERT INTO learned_limit VALUES (
                $id, $column, $statistic, $limit, $false_alarms, $windows, $independent)
            """,
            asdict(one) | {"id": version_id},
        )


def of_version(con: Connection, version_id: str) -> list[Learned]:
    """Return a version's learned limits, by column and statistic."""
    found = con.execute(
        """
        SELECT * FROM learned_limit WHERE version_id = $id ORDER BY column_name, statistic
        """,
        {"id": version_id},
    )
    return [
        Learned(
            column=row["column_name"],
            statistic=row["statistic"],
            limit=row["limit_value"],
            false_alarms=row["false_alarms"],
            windows=row["windows"],
            independent=row["independent"],
        )
        for row in records(found)
    ]
