"""What people wrote into reports: every revision is kept."""

from dataclasses import asdict, dataclass
from datetime import datetime

from lifecycle.store.cells import Connection, records, utc

TEXTS = """
CREATE TABLE report_text (
    model_id VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    revision BIGINT NOT NULL,
    version_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    written_by VARCHAR NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (model_id, part, revision)
);
"""


@dataclass(frozen=True, slots=True)
class ReportText:
    """One revision of a part; ``version_id`` is what it was written about."""

    model_id: str
    part: str
    revision: int
    version_id: str
    text: str
    written_by: str
    written_at: datetime


def add(tx: Connection, text: ReportText) -> None:
    """Keep a revision."""
    tx.execute(
        """
        INSERT INTO report_text VALUES (
            $model_id, $part, $revision, $version_id, $text, $written_by, $written_at)
        """,
        asdict(text) | {"written_at": utc(text.written_at)},
    )


def newest(con: Connection, model_id: str) -> dict[str, ReportText]:
    """Return the newest revision of each part."""
    return {text.part: text for text in reversed(every(con, model_id))}


def every(con: Connection, model_id: str, part: str | None = None) -> list[ReportText]:
    """Return all revisions of a model's parts or of one, newest first."""
    found = con.execute(
        """
        SELECT * FROM report_text
        WHERE model_id = $model_id AND ($part IS NULL OR part = $part)
        ORDER BY revision DESC, part
        """,
        {"model_id": model_id, "part": part},
    )
    return [ReportText(**row) for row in records(found)]
