"""Tallies of outcomes: each day's rows by label and decision, as a whole and per slice."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import (
    BinaryTally,
    ClassTally,
    ErrorTally,
    ExactSums,
    FloatArray,
    Tally,
)
from lifecycle.store import arrays
from lifecycle.store.cells import Connection, slice_key
from lifecycle.store.sensitive import last_count

LABELS = 3
TERMS = 8
"""Sums an `ErrorTally` holds."""

BY_DECISION = """
ALTER TABLE tally ADD COLUMN decided BIGINT[];
DELETE FROM tally;
INSERT INTO log_dirty
SELECT DISTINCT version_id, day FROM log_file
EXCEPT SELECT version_id, day FROM log_dirty;
"""
"""Tallies also hold decisions by score bin and relative errors; every day is counted again."""

EXACT = """
DROP TABLE tally;
CREATE TABLE tally (
    version_id VARCHAR NOT NULL,
    slice VARCHAR NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    counts BIGINT[] NOT NULL,
    scores BIGINT[] NOT NULL,
    totals BIGINT[] NOT NULL,
    decided BIGINT[] NOT NULL,
    square_totals BIGINT[] NOT NULL,
    loss_totals BIGINT[] NOT NULL,
    lowest BIGINT[] NOT NULL,
    exact BOOLEAN NOT NULL,
    n BIGINT NOT NULL,
    unlabelled BIGINT NOT NULL,
    invalid BIGINT NOT NULL
);
"""
"""Exact sums stand as their limbs, and in `lowest` as the positions of the first ones."""


def set_score_edges(tx: Connection, version_id: str, edges: FloatArray) -> None:
    """Fix the bins of a version's scores.

    Days that were tallied on other bins are forgotten, and every logged day is marked to be
    counted again.
    """
    before = score_edges(tx, version_id)
    if before is not None and np.array_equal(before, edges):
        return
    for table in ("score_edges", "tally"):
        tx.execute(f"DELETE FROM {table} WHERE version_id = $id", {"id": version_id})
    arrays.insert(tx, "score_edges", {"version_id": [version_id], "edges": arrays.floats([edges])})
    tx.execute(
        """
        INSERT INTO log_dirty
        SELECT DISTINCT version_id, day FROM log_file WHERE version_id = $id
        """,
        {"id": version_id},
    )


def score_edges(con: Connection, version_id: str) -> FloatArray | None:
    """Return the inner edges of a version's score bins, when they were fixed."""
    found = arrays.fetch(
        con, "SELECT edges FROM score_edges WHERE version_id = $id", {"id": version_id}
    )
    return found[0]["edges"] if found else None


def replace_days(
    tx: Connection,
    version_id: str,
    days: Sequence[date],
    tallies: Mapping[tuple[date, str], Tally],
) -> None:
    """Put new tallies, by day and slice, in the place of everything known of these days.

    Raises
    ------
    InvalidInput
        A tally is of another day, or on other score bins than the version's.
    """
    fixed = score_edges(tx, version_id)
    edges = np.empty(0) if fixed is None else fixed
    wanted = set(days)
    for (day, key), tally in tallies.items():
        if day not in wanted:
            raise InvalidInput(f"{day} is not among the days to replace")
        if isinstance(tally, BinaryTally) and not np.array_equal(tally.edges, edges):
            raise InvalidInput(f"the tally of {key} on {day} is on other score bins")
    tx.execute(
        f"""
        DELETE FROM tally
        WHERE version_id = $id AND list_contains($days::DATE[], day) AND NOT {last_count("tally")}
        """,
        {"id": version_id, "days": sorted(wanted)},
    )
    if tallies:
        ordered = sorted(tallies, key=lambda key: (key[1], key[0]))
        arrays.insert(
            tx,
            "tally",
            {
                "version_id": [version_id] * len(ordered),
                "slice": [key for _, key in ordered],
                "day": [day for day, _ in ordered],
            }
            | _columns([_cells(tallies[key]) for key in ordered]),
        )


def daily(
    con: Connection,
    version_id: str,
    *,
    slice: str | Mapping[str, str] | None = None,  # noqa: A002 -- the domain's word
    start: date | None = None,
    end: date | None = None,
) -> dict[str, list[tuple[date, Tally]]]:
    """Return the tallies of each day by slice, oldest first.

    Parameters
    ----------
    slice
        One slice, as a mapping or its key; ``{}`` holds all rows. Every slice when absent.
    start, end
        Half-open: ``start <= day < end``.
    """
    key = slice if slice is None or isinstance(slice, str) else slice_key(slice)
    rows = arrays.fetch(
        con,
        """
        SELECT * FROM tally
        WHERE version_id = $id
            AND ($slice IS NULL OR slice = $slice)
            AND ($start IS NULL OR day >= $start) AND ($end IS NULL OR day < $end)
        ORDER BY slice, day
        """,
        {"id": version_id, "slice": key, "start": start, "end": end},
    )
    fixed = score_edges(con, version_id)
    edges = np.empty(0) if fixed is None else fixed
    result: dict[str, list[tuple[date, Tally]]] = {}
    for row in rows:
        result.setdefault(row["slice"], []).append((row["day"], _tally(row, edges=edges)))
    return result


def _columns(rows: Sequence[dict[str, Any]]) -> arrays.Columns:
    by_name = {name: [row[name] for row in rows] for name in rows[0]}
    return by_name | {
        "classes": arrays.texts(by_name["classes"]),
        "counts": arrays.counts(by_name["counts"]),
        "scores": arrays.counts(by_name["scores"]),
        "totals": arrays.counts(by_name["totals"]),
        "decided": arrays.counts(by_name["decided"]),
        "square_totals": arrays.counts(by_name["square_totals"]),
        "loss_totals": arrays.counts(by_name["loss_totals"]),
        "lowest": arrays.counts(by_name["lowest"]),
    }


EMPTY: dict[str, Any] = {
    "classes": (),
    "counts": (),
    "scores": (),
    "totals": (),
    "decided": (),
    "square_totals": (),
    "loss_totals": (),
    "lowest": (),
    "exact": False,
    "n": 0,
    "unlabelled": 0,
    "invalid": 0,
}


def _cells(tally: Tally) -> dict[str, Any]:
    if isinstance(tally, BinaryTally):
        return EMPTY | {
            "kind": "binary",
            "counts": tally.decisions,
            "scores": tally.scores,
            "totals": tally.score_totals.limbs,
            "decided": tally.decided,
            "square_totals": tally.square_totals.limbs,
            "loss_totals": tally.loss_totals.limbs,
            "lowest": [
                tally.score_totals.lowest,
                tally.square_totals.lowest,
                tally.loss_totals.lowest,
            ],
            "exact": tally.exact,
            "n": tally.strange_decisions,
            "unlabelled": tally.strange_labels,
            "invalid": tally.invalid_scores,
        }
    if isinstance(tally, ClassTally):
        return EMPTY | {
            "kind": "classes",
            "classes": tally.classes,
            "counts": tally.confusion,
            "unlabelled": tally.unlabelled,
        }
    return EMPTY | {
        "kind": "errors",
        "totals": tally.totals.limbs,
        "lowest": [tally.totals.lowest],
        "counts": [tally.zeros],
        "n": tally.n,
        "unlabelled": tally.unlabelled,
        "invalid": tally.invalid,
    }


def _tally(row: Mapping[str, Any], *, edges: FloatArray) -> Tally:
    if row["kind"] == "binary":
        first, second, third = row["lowest"].tolist()
        return BinaryTally(
            edges=edges,
            decisions=row["counts"].reshape(LABELS, LABELS),
            scores=row["scores"].reshape(LABELS, -1),
            score_totals=ExactSums(row["totals"].reshape(-1, LABELS, len(edges) + 1), first),
            decided=row["decided"].reshape(LABELS, -1),
            square_totals=ExactSums(row["square_totals"].reshape(-1, LABELS), second),
            loss_totals=ExactSums(row["loss_totals"].reshape(-1, LABELS), third),
            exact=row["exact"],
            invalid_scores=row["invalid"],
            strange_labels=row["unlabelled"],
            strange_decisions=row["n"],
        )
    if row["kind"] == "classes":
        classes = tuple(row["classes"])
        return ClassTally(
            classes=classes,
            confusion=row["counts"].reshape(len(classes), len(classes)),
            unlabelled=row["unlabelled"],
        )
    return ErrorTally(
        n=row["n"],
        totals=ExactSums(row["totals"].reshape(-1, TERMS), int(row["lowest"][0])),
        zeros=int(row["counts"][0]),
        unlabelled=row["unlabelled"],
        invalid=row["invalid"],
    )
