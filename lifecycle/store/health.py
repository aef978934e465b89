"""What state do the newest measurements put a version in, and which of them stand for it."""

from collections.abc import Mapping

from lifecycle.domain.measurement import OUTCOMES_UNKNOWN, State, verdict
from lifecycle.store.cells import Connection, records

FADES = 3
"""Newer windows beyond which what was judged no longer tells of now; a house default."""

PATIENCE = 365 * 86_400
"""Seconds for which windows that wait for outcomes are not held against what was judged."""

STANDING = """
    WITH known AS (
        SELECT *,
            limit_value IS NOT NULL AND state IN ('ok', 'warning', 'breach', 'error') AS judged
        FROM measurement WHERE $id IS NULL OR version_id = $id
        QUALIFY series = max(series) OVER (PARTITION BY version_id)
    ), age AS (
        SELECT version_id, window_end,
            row_number() OVER (PARTITION BY version_id ORDER BY window_end DESC) - 1 AS newer
        FROM (SELECT DISTINCT version_id, window_end FROM known WHERE window_end IS NOT NULL)
    ), last AS (
        SELECT version_id, statistic, column_name, slice, max(window_end) AS window_end
        FROM known WHERE judged GROUP BY ALL
    ), excused AS (
        SELECT k.version_id, k.statistic, k.column_name, k.slice,
            count(DISTINCT k.window_end) AS windows
        FROM known AS k JOIN last AS l
            ON k.version_id = l.version_id AND k.statistic = l.statistic AND k.slice = l.slice
            AND k.column_name IS NOT DISTINCT FROM l.column_name AND k.window_end > l.window_end
        WHERE k.state = 'not_applicable'
            OR (k.state = 'insufficient' AND starts_with(k.reason, $waiting)
                AND epoch(k.window_end) - epoch(l.window_end) <= $patience)
        GROUP BY ALL
    ), aged AS (
        SELECT k.*, coalesce(a.newer, 0) - coalesce(e.windows, 0) > $fades AS faded
        FROM known AS k JOIN last AS l
            ON k.version_id = l.version_id AND k.statistic = l.statistic AND k.slice = l.slice
            AND k.column_name IS NOT DISTINCT FROM l.column_name
            AND k.window_end IS NOT DISTINCT FROM l.window_end
        LEFT JOIN age AS a ON a.version_id = k.version_id AND a.window_end = k.window_end
        LEFT JOIN excused AS e
            ON e.version_id = k.version_id AND e.statistic = k.statistic AND e.slice = k.slice
            AND e.column_name IS NOT DISTINCT FROM k.column_name
        WHERE k.judged
    ), standing AS (
        SELECT * EXCLUDE (judged, faded) REPLACE (
            CASE WHEN faded AND state IN ('ok', 'warning') THEN 'insufficient' ELSE state END
            AS state
        )
        FROM aged WHERE NOT faded OR slice = '{}'
    )
"""
"""What stands for each version, as the table ``standing``: of every series (a statistic of a column
in a slice) the newest window counts in which it could be judged against a limit. A breach or an
error stands until the series is judged again; anything else fades once more than `FADES` windows
are newer, and of a slice everything does, which may have become too small or have gone."""


def standing(version_id: str | None = None) -> Mapping[str, str | int | None]:
    """Return what `STANDING` asks for, about one version or all."""
    return {
        "id": version_id,
        "waiting": OUTCOMES_UNKNOWN,
        "patience": PATIENCE,
        "fades": FADES,
    }


def states(con: Connection, *, version_id: str | None = None) -> dict[str, State]:
    """Return the worst state of what stands for each monitored version, or for one.

    A version of which nothing could be judged is `insufficient`.
    """
    found = con.execute(
        f"""
        {STANDING}
        SELECT m.version_id, list(DISTINCT s.state) FILTER (WHERE s.state IS NOT NULL) AS states
        FROM (
            SELECT DISTINCT version_id FROM measurement WHERE $id IS NULL OR version_id = $id
        ) AS m LEFT JOIN standing AS s ON s.version_id = m.version_id
        GROUP BY m.version_id ORDER BY m.version_id
        """,
        standing(version_id),
    )
    return {r["version_id"]: verdict(State(s) for s in r["states"] or ()) for r in records(found)}
