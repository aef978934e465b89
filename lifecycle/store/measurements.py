"""Measurements of a version over time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.store import arrays, health
from lifecycle.store.cells import Connection, Record, dump, load, records, utc

TIME = pa.timestamp("us", tz="UTC")


def replace(
    tx: Connection,
    version_id: str,
    measurements: Sequence[Measurement],
    *,
    windows: Sequence[Window] | None,
    series: int = 1,
    run: int | None = None,
) -> None:
    """Put measurements in the place of what was known of some windows.

    Parameters
    ----------
    windows
        The windows whose measurements go; ``None`` for all of the series.
    series
        Of what the measurements are; those of other series stay.
    run
        The number of the run that made them.
    """
    if windows is None:
        tx.execute(
            "DELETE FROM measurement WHERE version_id = $id AND series = $series",
            {"id": version_id, "series": series},
        )
    for window in windows or ():
        tx.execute(
            """
            DELETE FROM measurement
            WHERE version_id = $id AND series = $series
                AND window_start = $start AND window_end = $end
            """,
            {
                "id": version_id,
                "series": series,
                "start": utc(window.start),
                "end": utc(window.end),
            },
        )
    if measurements:
        made = {
            "series": [series] * len(measurements),
            "run": pa.array([run] * len(measurements), pa.int32()),
        }
        arrays.insert(tx, "measurement", _columns(version_id, measurements) | made)


def put(
    tx: Connection, version_id: str, measurements: Sequence[Measurement], *, series: int
) -> None:
    """Put measurements in the place of what was known of their statistics in their windows."""
    for one in measurements:
        if one.window is None:
            continue
        tx.execute(
            """
            DELETE FROM measurement
            WHERE version_id = $id AND series = $series AND statistic = $statistic
                AND window_start = $start AND window_end = $end
            """,
            {
                "id": version_id,
                "series": series,
                "statistic": one.statistic,
                "start": utc(one.window.start),
                "end": utc(one.window.end),
            },
        )
    replace(tx, version_id, measurements, windows=(), series=series)


def history(
    con: Connection,
    version_id: str,
    *,
    statistic: str | None = None,
    statistics: Collection[str] | None = None,
    column: str | None = None,
    columns: Collection[str] | None = None,
    slice: str | None = None,  # noqa: A002 -- the domain's word
    start: datetime | None = None,
    end: datetime | None = None,
    series: int | None = None,
) -> list[Measurement]:
    """Return a version's measurements of one series, oldest window first.

    Parameters
    ----------
    statistics
        Names of which any will do, such as those of one family.
    columns
        Likewise.
    slice
        A slice's key, as `tallies.slice_key` writes it; ``{}`` for all rows.
    start, end
        Half-open, on the windows' starts.
    series
        The newest when ``None``.
    """
    found = con.execute(
        """
        SELECT * FROM measurement
        WHERE version_id = $id
            AND ($statistic IS NULL OR statistic = $statistic)
            AND ($statistics IS NULL OR list_contains($statistics::VARCHAR[], statistic))
            AND ($column IS NULL OR column_name = $column)
            AND ($columns IS NULL OR list_contains($columns::VARCHAR[], column_name))
            AND ($slice IS NULL OR slice = $slice)
            AND ($start IS NULL OR window_start >= $start)
            AND ($end IS NULL OR window_start < $end)
            AND series = coalesce(
                $series, (SELECT max(series) FROM measurement WHERE version_id = $id)
            )
        ORDER BY window_start NULLS FIRST, window_end, position
        """,
        {
            "id": version_id,
            "statistic": statistic,
            "statistics": None if statistics is None else sorted(statistics),
            "column": column,
            "columns": None if columns is None else sorted(columns),
            "slice": slice,
            "start": utc(start) if start else None,
            "end": utc(end) if end else None,
            "series": series,
        },
    )
    return [_measurement(row) for row in records(found)]


def sizes(
    con: Connection, version_id: str, *, without: Collection[str], series: int | None = None
) -> dict[Window, list[tuple[dict[str, str], int | None]]]:
    """Return by window every slice with the most rows that anything measured of it stands on.

    Parameters
    ----------
    without
        Statistics that are no matter of the slice's own rows.
    series
        The newest when ``None``.

    Returns
    -------
    dict
        Rows are ``None`` where all numbers of a slice were withheld.
    """
    found = con.execute(
        """
        SELECT window_start, window_end, slice, max(n) AS n FROM measurement
        WHERE version_id = $id AND slice <> '{}' AND window_start IS NOT NULL
            AND NOT list_contains($without::VARCHAR[], statistic)
            AND series = coalesce(
                $series, (SELECT max(series) FROM measurement WHERE version_id = $id)
            )
        GROUP BY window_start, window_end, slice
        """,
        {"id": version_id, "series": series, "without": sorted(without)},
    )
    by_window: dict[Window, list[tuple[dict[str, str], int | None]]] = {}
    for row in records(found):
        of = by_window.setdefault(Window(row["window_start"], row["window_end"]), [])
        of.append((load(row["slice"]), row["n"]))
    return by_window


@dataclass(frozen=True, slots=True)
class Outline:
    """What a version's measurements of all rows are about, without the measurements.

    Parameters
    ----------
    statistics
        Which were measured.
    starts
        When the windows begin, oldest first.
    newest
        The start of the newest window in which one could be judged; of the newest, if none was.
    breaching
        By column in breach in that window: since when it has been without a break.
    """

    statistics: frozenset[str]
    starts: tuple[datetime, ...]
    newest: datetime | None
    breaching: Mapping[str, datetime]


def outline(
    con: Connection, version_id: str, *, statistics: Collection[str], start: datetime
) -> Outline:
    """Return what is known of the newest series' windows from a time on."""
    given = {"id": version_id, "statistics": sorted(statistics), "start": utc(start)}
    chosen = """
        WITH chosen AS (
            SELECT * FROM measurement
            WHERE version_id = $id AND slice = '{}' AND window_start >= $start
                AND list_contains($statistics::VARCHAR[], statistic)
                AND series = (SELECT max(series) FROM measurement WHERE version_id = $id)
        )"""
    ((names, starts, judged),) = con.execute(
        f"""
        {chosen}
        SELECT list(DISTINCT statistic),
            list_sort(list(DISTINCT window_start)),
            max(window_start) FILTER (WHERE state IN ('ok', 'warning', 'breach'))
        FROM chosen
        """,
        given,
    ).fetchall()
    begun = tuple(start.astimezone(UTC) for start in starts or ())
    until = judged.astimezone(UTC) if judged else begun[-1] if begun else None
    found = con.execute(
        f"""
        {chosen}, judged AS (
            SELECT column_name, window_start,
                bool_or(state = 'breach') AND NOT bool_or(state = 'error') AS breaching
            FROM chosen WHERE column_name IS NOT NULL AND window_start <= $until
            GROUP BY column_name, window_start
        ), calm AS (
            SELECT column_name, max(window_start) FILTER (WHERE NOT breaching) AS last
            FROM judged GROUP BY column_name
        )
        SELECT column_name, min(window_start) AS since FROM judged JOIN calm USING (column_name)
        WHERE last IS NULL OR window_start > last
        GROUP BY column_name
        """,
        given | {"until": until},
    )
    breaching = {row["column_name"]: row["since"] for row in records(found)}
    return Outline(frozenset(names or ()), begun, until, breaching)


def earlier(con: Connection, version_id: str) -> list[int]:
    """Return the series before the newest, the latest first."""
    found = con.execute(
        "SELECT DISTINCT series FROM measurement WHERE version_id = $id ORDER BY series DESC",
        {"id": version_id},
    )
    return [number for (number,) in found.fetchall()][1:]


def windows(con: Connection, version_id: str, series: int) -> set[Window]:
    """Return the windows of a series that something is known of."""
    found = con.execute(
        """
        SELECT DISTINCT window_start, window_end FROM measurement
        WHERE version_id = $id AND series = $series AND window_start IS NOT NULL
        """,
        {"id": version_id, "series": series},
    )
    return {Window(row["window_start"], row["window_end"]) for row in records(found)}


def standing(con: Connection, version_id: str) -> list[Measurement]:
    """Return what stands for a version's state, newest window first, as `health` counts it."""
    found = con.execute(
        f"{health.STANDING} SELECT * FROM standing ORDER BY window_end DESC NULLS LAST, position",
        health.standing(version_id),
    )
    return [_measurement(row) for row in records(found)]


def latest(con: Connection, version_id: str) -> list[Measurement]:
    """Return what was measured in a version's newest window."""
    found = con.execute(
        """
        SELECT * FROM measurement WHERE version_id = $id
        QUALIFY rank() OVER (
            ORDER BY series DESC, window_end DESC NULLS LAST, window_start DESC
        ) = 1
        ORDER BY position
        """,
        {"id": version_id},
    )
    return [_measurement(row) for row in records(found)]


def _columns(version_id: str, given: Sequence[Measurement]) -> arrays.Columns:
    def column(values: Sequence[Any], kind: Any) -> arrays.Column:
        return pa.array(values, kind)

    def number(name: str, kind: Any) -> arrays.Column:
        return column([getattr(m, name) for m in given], kind)

    windows = [m.window for m in given]
    intervals = [m.interval or (None, None) for m in given]
    return {
        "version_id": [version_id] * len(given),
        "position": list(range(len(given))),
        "statistic": [m.statistic for m in given],
        "state": [str(m.state) for m in given],
        "unit": [m.unit for m in given],
        "column_name": number("column", pa.string()),
        "slice": [dump(dict(m.slice)) for m in given],
        "window_start": column([utc(w.start) if w else None for w in windows], TIME),
        "window_end": column([utc(w.end) if w else None for w in windows], TIME),
        "interval_low": column([low for low, _ in intervals], pa.float64()),
        "interval_high": column([high for _, high in intervals], pa.float64()),
        "limit_value": number("limit", pa.float64()),
        "reason": number("reason", pa.string()),
        "n": number("n", pa.int64()),
        "n_reference": number("n_reference", pa.int64()),
    } | {
        name: number(name, pa.float64())
        for name in ("value", "confidence", "resolution", "p_value", "p_adjusted")
    }


def _measurement(row: Record) -> Measurement:
    window = Window(row["window_start"], row["window_end"]) if row["window_start"] else None
    low, high = row["interval_low"], row["interval_high"]
    return Measurement(
        statistic=row["statistic"],
        value=row["value"],
        state=State(row["state"]),
        unit=row["unit"],
        column=row["column_name"],
        slice=load(row["slice"]),
        window=window,
        interval=None if low is None else (low, high),
        confidence=row["confidence"],
        resolution=row["resolution"],
        p_value=row["p_value"],
        p_adjusted=row["p_adjusted"],
        n=row["n"],
        n_reference=row["n_reference"],
        limit=row["limit_value"],
        reason=row["reason"],
    )
