"""Explanations of single decisions, and the dictionaries of reasons they are worded with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from lifecycle.domain.reasons import ReasonDictionary, parse
from lifecycle.store.cells import Connection, Record, dump, first, load, records, utc
from lifecycle.store.naming import not_found

TABLES = """
CREATE TABLE reason_dictionary (
    model_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    content VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL,
    PRIMARY KEY (model_id, version)
);
CREATE TABLE explained_decision (
    id VARCHAR NOT NULL PRIMARY KEY,
    version_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    row_key VARCHAR NOT NULL,
    dictionary INTEGER NOT NULL,
    artifact VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """Where the explanation of one decision is kept.

    Parameters
    ----------
    source
        The snapshot its row is in, or ``log``.
    row_key
        The row's id, or its number.
    dictionary
        The version of the dictionary that worded its reasons; 0 for none.
    artifact
        SHA-256 of the explanation itself.
    """

    id: str
    version_id: str
    source: str
    row_key: str
    dictionary: int
    artifact: str
    created_at: datetime
    created_by: str


def add_dictionary(
    tx: Connection, model_id: str, content: Mapping[str, object], *, by: str, at: datetime
) -> ReasonDictionary:
    """Keep the next version of a model's dictionary; earlier ones stay."""
    made = parse(content, version=dictionary(tx, model_id).version + 1)
    tx.execute(
        """
        INSERT INTO reason_dictionary
        VALUES ($model_id, $version, $content, $created_at, $created_by)
        """,
        {
            "model_id": model_id,
            "version": made.version,
            "content": dump(dict(content)),
            "created_at": utc(at),
            "created_by": by,
        },
    )
    return made


def dictionary(con: Connection, model_id: str) -> ReasonDictionary:
    """Return a model's newest dictionary; version 0 where nobody wrote one."""
    row = first(
        con.execute(
            """
            SELECT version, content FROM reason_dictionary
            WHERE model_id = $model_id
            ORDER BY version DESC LIMIT 1
            """,
            {"model_id": model_id},
        )
    )
    if row is None:
        return ReasonDictionary()
    return parse(load(str(row["content"])), version=int(cast("int", row["version"])))


def content(con: Connection, model_id: str) -> Mapping[str, object]:
    """Return a model's newest dictionary as it was written."""
    row = first(
        con.execute(
            """
            SELECT content FROM reason_dictionary
            WHERE model_id = $model_id
            ORDER BY version DESC LIMIT 1
            """,
            {"model_id": model_id},
        )
    )
    return {} if row is None else load(str(row["content"]))


def add(tx: Connection, kept: ExplainedDecision) -> None:
    """Keep where an explanation is."""
    tx.execute(
        """
        INSERT INTO explained_decision
        VALUES ($id, $version_id, $source, $row_key, $dictionary, $artifact, $created_at,
            $created_by)
        """,
        {
            "id": kept.id,
            "version_id": kept.version_id,
            "source": kept.source,
            "row_key": kept.row_key,
            "dictionary": kept.dictionary,
            "artifact": kept.artifact,
            "created_at": utc(kept.created_at),
            "created_by": kept.created_by,
        },
    )


def next_id(con: Connection) -> str:
    """Return the id of the next explanation of a decision."""
    row = first(con.execute("SELECT count(*) AS n FROM explained_decision"))
    return f"xd-{int(cast('int', row['n'])) + 1 if row else 1}"


def get(con: Connection, identifier: str) -> ExplainedDecision:
    """Return where an explanation is.

    Raises
    ------
    NotFound
        There is no such explanation.
    """
    row = first(con.execute("SELECT * FROM explained_decision WHERE id = $id", {"id": identifier}))
    if row is None:
        raise not_found("explained decision", identifier)
    return _decision(row)


def of_version(con: Connection, version_id: str, *, limit: int = 50) -> list[ExplainedDecision]:
    """Return a version's explained decisions, newest first."""
    rows = records(
        con.execute(
            """
            SELECT * FROM explained_decision
            WHERE version_id = $version_id
            ORDER BY created_at DESC, id DESC
            LIMIT $limit
            """,
            {"version_id": version_id, "limit": limit},
        )
    )
    return [_decision(row) for row in rows]


def _decision(row: Record) -> ExplainedDecision:
    return ExplainedDecision(
        id=str(row["id"]),
        version_id=str(row["version_id"]),
        source=str(row["source"]),
        row_key=str(row["row_key"]),
        dictionary=int(cast("int", row["dictionary"])),
        artifact=str(row["artifact"]),
        created_at=cast("datetime", row["created_at"]),
        created_by=str(row["created_by"]),
    )
