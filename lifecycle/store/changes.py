"""Changes of the level of a version's errors, as its newest run saw them."""

from collections.abc import Sequence
from dataclasses import asdict

from lifecycle.domain.change_point import ChangePoint
from lifecycle.store.cells import Connection, records, utc

CHANGES = """
CREATE TABLE change_point (
    version_id VARCHAR NOT NULL,
    detector VARCHAR NOT NULL,
    called_at TIMESTAMPTZ NOT NULL,
    row_number BIGINT NOT NULL,
    error_before DOUBLE NOT NULL,
    error_after DOUBLE NOT NULL,
    PRIMARY KEY (version_id, detector, row_number)
);
"""


def replace(tx: Connection, version_id: str, found: Sequence[ChangePoint]) -> None:
    """Put what a run saw in the place of what the runs before saw."""
    tx.execute("DELETE FROM change_point WHERE version_id = $id", {"id": version_id})
    for one in found:
        tx.execute(
            "INSERT INTO change_point VALUES ($id, $detector, $at, $row, $before, $after)",
            asdict(one) | {"id": version_id, "at": utc(one.at)},
        )


def of_version(con: Connection, version_id: str) -> list[ChangePoint]:
    """Return the changes of a version's errors, oldest first."""
    found = con.execute(
        """
        SELECT * FROM change_point WHERE version_id = $id ORDER BY row_number, detector
        """,
        {"id": version_id},
    )
    return [
        ChangePoint(
            detector=row["detector"],
            at=row["called_at"],
            row=row["row_number"],
            before=row["error_before"],
            after=row["error_after"],
        )
        for row in records(found)
    ]
