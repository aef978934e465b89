"""What drives a version on the rows of a window, or of its reference: asked for, and what came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifecycle.store.cells import Connection, Record, dump, load, records, utc

TABLE = """
CREATE TABLE explained_rows (
    version_id VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    job_id VARCHAR NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    result VARCHAR,
    PRIMARY KEY (version_id, part)
);
"""


@dataclass(frozen=True, slots=True)
class ExplainedRows:
    """An explanation of some rows of a version.

    Parameters
    ----------
    part
        Which rows: a window by its first day, or a snapshot by its id.
    rows
        How many there were when it was asked for.
    job_id
        The job that computes it.
    result
        ``method`` and ``payload`` as explanations kept as evidence have them; ``None`` until the
        job is done.
    """

    version_id: str
    part: str
    rows: int
    job_id: str
    asked_at: datetime
    result: Mapping[str, Any] | None = None

    @property
    def method(self) -> Mapping[str, object]:
        """How it was computed."""
        return {} if self.result is None else self.result["method"]

    @property
    def payload(self) -> Mapping[str, object]:
        """The columns with their mean absolute SHAP values."""
        return {} if self.result is None else self.result["payload"]


def put(tx: Connection, explained: ExplainedRows) -> None:
    """Keep an explanation in the place of an earlier one of the same rows."""
    tx.execute(
        """
        INSERT INTO explained_rows
        VALUES ($version_id, $part, $row_count, $job_id, $asked_at, $result)
        ON CONFLICT (version_id, part) DO UPDATE SET
            row_count = excluded.row_count, job_id = excluded.job_id,
            asked_at = excluded.asked_at, result = excluded.result
        """,
        {
            "version_id": explained.version_id,
            "part": explained.part,
            "row_count": explained.rows,
            "job_id": explained.job_id,
            "asked_at": utc(explained.asked_at),
            "result": None if explained.result is None else dump(dict(explained.result)),
        },
    )


def of_version(con: Connection, version_id: str) -> dict[str, ExplainedRows]:
    """Return the explanations of a version's windows and of its reference, by part."""
    found = con.execute(
        "SELECT * FROM explained_rows WHERE version_id = $id ORDER BY part", {"id": version_id}
    )
    return {row["part"]: _explained(row) for row in records(found)}


def _explained(row: Record) -> ExplainedRows:
    result = row["result"]
    return ExplainedRows(
        version_id=row["version_id"],
        part=row["part"],
        rows=row["row_count"],
        job_id=row["job_id"],
        asked_at=row["asked_at"],
        result=None if result is None else load(result),
    )
