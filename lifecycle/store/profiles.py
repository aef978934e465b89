"""Profiles of a version's columns: the reference's bins, and each day and slice counted on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.summaries import (
    CategoryProfile,
    ExactSums,
    FloatArray,
    NumericProfile,
    Profile,
)
from lifecycle.store import arrays
from lifecycle.store.cells import ALL_ROWS, Connection, dump, first, load, slice_key
from lifecycle.store.sensitive import last_count

Kind = Literal["numeric", "categorical"]

EXACT = """
DROP TABLE binning;
DROP TABLE profile;
CREATE TABLE binning (
    version_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    column_name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    edges DOUBLE[] NOT NULL,
    categories VARCHAR[] NOT NULL,
    counts BIGINT[] NOT NULL,
    totals BIGINT[] NOT NULL,
    square_totals BIGINT[] NOT NULL,
    lowest BIGINT[] NOT NULL,
    extremes DOUBLE[] NOT NULL,
    missing BIGINT NOT NULL,
    outside BIGINT NOT NULL
);
CREATE TABLE profile (
    version_id VARCHAR NOT NULL,
    slice VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    day DATE NOT NULL,
    counts BIGINT[] NOT NULL,
    totals BIGINT[] NOT NULL,
    square_totals BIGINT[] NOT NULL,
    lowest BIGINT[] NOT NULL,
    extremes DOUBLE[] NOT NULL,
    missing BIGINT NOT NULL,
    outside BIGINT NOT NULL
);
CREATE TABLE slicing (version_id VARCHAR PRIMARY KEY, levels VARCHAR NOT NULL);
"""
"""Exact sums stand as their limbs, and in `lowest` as the positions of the first ones."""


NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Binning:
    """The bins of one column, fixed by the reference, and the reference counted on them.

    Parameters
    ----------
    edges
        Shape (k - 1,), the inner edges of a numeric column; empty for a categorical one.
    categories
        The values of a categorical column; empty for a numeric one.
    reference
        The reference's own profile on these bins.
    """

    version_id: str
    column: str
    kind: Kind
    edges: FloatArray
    categories: tuple[str, ...]
    reference: Profile

    def fits(self, profile: Profile) -> bool:
        """Tell whether a profile was counted on these bins."""
        if isinstance(profile, NumericProfile):
            return self.kind == "numeric" and np.array_equal(profile.edges, self.edges)
        return self.kind == "categorical" and profile.categories == self.categories


def binning(version_id: str, column: str, reference: Profile) -> Binning:
    """Take the bins from the reference's profile."""
    if isinstance(reference, NumericProfile):
        return Binning(version_id, column, "numeric", reference.edges, (), reference)
    return Binning(version_id, column, "categorical", np.empty(0), reference.categories, reference)


def set_binnings(tx: Connection, version_id: str, given: Sequence[Binning]) -> None:
    """Fix the bins of all columns of a version.

    Days that were counted on other bins are forgotten, and every logged day is marked to be
    counted again.

    Raises
    ------
    InvalidInput
        A column occurs twice, or a reference profile is on other bins than it says.
    """
    for one in given:
        if not one.fits(one.reference):
            raise InvalidInput(f"the reference profile of {one.column!r} is on other bins")
    if len({one.column for one in given}) != len(given):
        raise InvalidInput(f"a column of {version_id} is binned twice")
    if _same(binnings(tx, version_id), given):
        _write(tx, version_id, given)
        return
    _write(tx, version_id, given)
    tx.execute("DELETE FROM profile WHERE version_id = $id", {"id": version_id})
    _recount(tx, version_id)


def set_levels(tx: Connection, version_id: str, levels: Mapping[str, Sequence[str]]) -> None:
    """Fix the slices of a version: by column the values that are slices of their own.

    Days that were cut into other slices are forgotten, and every logged day is marked to be
    counted again.
    """
    if levels_of(tx, version_id) == levels:
        return
    for table in ("slicing", "profile", "tally"):
        tx.execute(f"DELETE FROM {table} WHERE version_id = $id", {"id": version_id})
    tx.execute(
        "INSERT INTO slicing VALUES ($id, $levels)", {"id": version_id, "levels": dump(levels)}
    )
    _recount(tx, version_id)


def levels_of(con: Connection, version_id: str) -> dict[str, list[str]] | None:
    """Return the slices of a version, when they were fixed."""
    found = first(
        con.execute("SELECT levels FROM slicing WHERE version_id = $id", {"id": version_id})
    )
    return load(found["levels"]) if found else None


def _recount(tx: Connection, version_id: str) -> None:
    """Mark every logged day to be counted again."""
    tx.execute(
        """
        INSERT INTO log_dirty
        SELECT DISTINCT version_id, day FROM log_file WHERE version_id = $id
        """,
        {"id": version_id},
    )


def _same(before: Mapping[str, Binning], now: Sequence[Binning]) -> bool:
    return {one.column for one in now} == set(before) and all(
        before[one.column].fits(one.reference) for one in now
    )


def _write(tx: Connection, version_id: str, given: Sequence[Binning]) -> None:
    tx.execute("DELETE FROM binning WHERE version_id = $id", {"id": version_id})
    if given:
        arrays.insert(
            tx,
            "binning",
            {
                "version_id": [version_id] * len(given),
                "position": list(range(len(given))),
                "column_name": [one.column for one in given],
                "kind": [one.kind for one in given],
                "edges": arrays.floats([one.edges for one in given]),
                "categories": arrays.texts([one.categories for one in given]),
            }
            | _columns([one.reference for one in given]),
        )


def binnings(con: Connection, version_id: str) -> dict[str, Binning]:
    """Return the bins of a version by column, in the order they were given."""
    found = arrays.fetch(
        con, "SELECT * FROM binning WHERE version_id = $id ORDER BY position", {"id": version_id}
    )
    result: dict[str, Binning] = {}
    for row in found:
        edges, categories = row["edges"], tuple(row["categories"])
        reference = _profile(row, kind=row["kind"], edges=edges, categories=categories)
        result[row["column_name"]] = Binning(
            version_id, row["column_name"], row["kind"], edges, categories, reference
        )
    return result


def replace_days(
    tx: Connection,
    version_id: str,
    days: Sequence[date],
    profiles: Mapping[tuple[date, str, str], Profile],
) -> None:
    """Put new profiles, by day, column and slice, in the place of everything known of these days.

    Raises
    ------
    InvalidInput
        A profile is of another day, of an unknown column or on other bins.
    """
    bins = binnings(tx, version_id)
    wanted = set(days)
    for (day, column, _), profile in profiles.items():
        if day not in wanted:
            raise InvalidInput(f"{day} is not among the days to replace")
        if column not in bins:
            raise InvalidInput(f"{version_id} has no bins for the column {column!r}")
        if not bins[column].fits(profile):
            raise InvalidInput(f"the profile of {column!r} on {day} is on other bins")
    tx.execute(
        f"""
        DELETE FROM profile
        WHERE version_id = $id AND list_contains($days::DATE[], day) AND NOT {last_count("profile")}
        """,
        {"id": version_id, "days": sorted(wanted)},
    )
    if profiles:
        # Sorted so, the days of one slice and column stand together and are read together.
        ordered = sorted(profiles, key=lambda key: (key[2], key[1], key[0]))
        arrays.insert(
            tx,
            "profile",
            {
                "version_id": [version_id] * len(ordered),
                "slice": [key for _, _, key in ordered],
                "column_name": [column for _, column, _ in ordered],
                "day": [day for day, _, _ in ordered],
            }
            | _columns([profiles[key] for key in ordered]),
        )


def daily(
    con: Connection,
    version_id: str,
    *,
    column: str | None = None,
    slice: str | Mapping[str, str] = ALL_ROWS,  # noqa: A002 -- the domain's word
    start: date | None = None,
    end: date | None = None,
) -> dict[str, list[tuple[date, Profile]]]:
    """Return the profiles of each day by column, oldest first.

    Parameters
    ----------
    slice
        As a mapping or its key; all rows unless given.
    start, end
        Half-open: ``start <= day < end``.
    """
    key = slice if isinstance(slice, str) else slice_key(slice)
    found = by_slice(con, version_id, column=column, slice=key, start=start, end=end)
    return found.get(key, {})


def by_slice(
    con: Connection,
    version_id: str,
    *,
    column: str | None = None,
    slice: str | None = None,  # noqa: A002 -- the domain's word
    start: date | None = None,
    end: date | None = None,
) -> dict[str, dict[str, list[tuple[date, Profile]]]]:
    """Return the profiles of each day by slice and column, oldest first.

    Parameters
    ----------
    column, slice
        Only these; every column and slice, all rows among them, when absent.
    start, end
        Half-open: ``start <= day < end``.
    """
    rows = arrays.fetch(
        con,
        """
        SELECT * EXCLUDE (version_id) FROM profile
        WHERE version_id = $id
            AND ($column IS NULL OR column_name = $column)
            AND ($slice IS NULL OR slice = $slice)
            AND ($start IS NULL OR day >= $start) AND ($end IS NULL OR day < $end)
        ORDER BY slice, column_name, day
        """,
        {"id": version_id, "column": column, "slice": slice, "start": start, "end": end},
    )
    bins = binnings(con, version_id)
    result: dict[str, dict[str, list[tuple[date, Profile]]]] = {}
    for row in rows:
        of = bins[row["column_name"]]
        profile = _profile(row, kind=of.kind, edges=of.edges, categories=of.categories)
        columns = result.setdefault(row["slice"], {})
        columns.setdefault(of.column, []).append((row["day"], profile))
    return {
        key: {name: columns[name] for name in bins if name in columns}
        for key, columns in result.items()
    }


def slices(con: Connection, version_id: str, *, start: date) -> list[str]:
    """Return the keys of the slices that were counted from a day on, without all rows."""
    found = con.execute(
        """
        SELECT DISTINCT slice FROM profile
        WHERE version_id = $id AND day >= $start AND slice <> $all ORDER BY slice
        """,
        {"id": version_id, "start": start, "all": ALL_ROWS},
    )
    return [key for (key,) in found.fetchall()]


def _columns(profiles: Sequence[Profile]) -> arrays.Columns:
    numeric = [p if isinstance(p, NumericProfile) else None for p in profiles]
    return {
        "counts": arrays.counts([p.counts for p in profiles]),
        "totals": arrays.counts([p.totals.limbs if p else NONE for p in numeric]),
        "square_totals": arrays.counts([p.square_totals.limbs if p else NONE for p in numeric]),
        "lowest": arrays.counts(
            [np.array([p.totals.lowest, p.square_totals.lowest]) if p else NONE for p in numeric]
        ),
        "extremes": arrays.floats([[p.low, p.high] if p else [] for p in numeric]),
        "missing": [p.missing for p in profiles],
        "outside": [p.infinite if isinstance(p, NumericProfile) else p.other for p in profiles],
    }


def _profile(
    row: Mapping[str, Any], *, kind: Kind, edges: FloatArray, categories: tuple[str, ...]
) -> Profile:
    if kind == "categorical":
        return CategoryProfile(
            categories=categories,
            counts=row["counts"],
            other=row["outside"],
            missing=row["missing"],
        )
    low, high = row["extremes"].tolist()
    first, second = row["lowest"].tolist()
    return NumericProfile(
        edges=edges,
        counts=row["counts"],
        totals=ExactSums(row["totals"].reshape(-1, len(edges) + 1), first),
        missing=row["missing"],
        infinite=row["outside"],
        low=low,
        high=high,
        square_totals=ExactSums(row["square_totals"].reshape(-1, 1), second),
    )
