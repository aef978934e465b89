"""The parts of the Data quality page below its map: schema, suggestions and failing rows."""

from typing import TYPE_CHECKING

import streamlit as st

from app import session, widgets, words
from app.drift_parts import MOST_COLUMNS, MOST_WINDOWS
from lifecycle.charts import checks, wording
from lifecycle.domain.actor import Permission
from lifecycle.services import data_quality
from lifecycle.services.analysis.suggestions import as_yaml
from lifecycle.store import log_schemas, logs

if TYPE_CHECKING:
    from lifecycle.charts.checks import Cells
    from lifecycle.domain.measurement import Measurement, Window
    from lifecycle.domain.model import Version

NO_SINGLE_ROW = frozenset(
    {
        "stuck_value",
        "volume_change",
        "age_of_newest_row",
        "training_serving_skew",
        "columns_changed",
        "missing_periods",
    }
)
"""Checks that no single row can fail."""

TOGETHER = frozenset({"duplicate_ids", "duplicate_rows", "rule_broken_share"})
"""Checks of several rows or columns together, of which no column's values tell enough."""


def cut(cells: "Cells") -> "Cells":
    """Keep what the map can show, and say what it leaves out."""
    kept = checks.cut(cells, columns=MOST_COLUMNS, windows=MOST_WINDOWS)
    (columns, windows), (named, starts) = (
        (len({name for name, _ in of}), len({start for _, start in of})) for of in (kept, cells)
    )
    if columns < named or windows < starts:
        widgets.note(
            f"Shown are {columns} of {wording.counted(named, 'column')}, those that failed most "
            f"often, and the newest {windows} of {wording.counted(starts, 'window')}; pick any of "
            "them below."
        )
    return kept


def freshness(version: "Version") -> None:
    """Say how old the newest logged row is."""
    logged = logs.first_last(session.cursor(), version.id)
    if logged is not None:
        hours = (session.now() - logged[1]).total_seconds() / 3600
        age = f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"  # noqa: PLR2004 -- three days
        ahead = "in the future: check the clock that wrote it" if hours < 0 else f"{age} ago"
        widgets.note(f"Newest row: {words.moment(logged[1])}, {ahead}.", icon="schedule")


def schema(version: "Version") -> None:
    """List how the columns of the log's files changed."""
    changes = log_schemas.changes(session.cursor(), version.id)
    if not changes:
        widgets.note("The columns of the logged files never changed.", icon="check")
        return
    rows = [
        {
            "from (UTC)": change.at,
            "added": ", ".join(change.added),
            "removed": ", ".join(change.removed),
            "other type": ", ".join(
                f"{name} from {before} to {now}" for name, (before, now) in change.retyped.items()
            ),
        }
        for change in changes
    ]
    widgets.table(rows, name="quality_schema", alt="How the columns of the log changed")


def suggestions(version: "Version") -> None:
    """Show what the reference suggests to expect, to copy into a file."""
    found, doubts = data_quality.suggested(session.cursor(), version.id)
    if not found:
        hint = "`lifecycle monitor run` counts the reference."
        widgets.empty("The reference was not counted yet", hint=hint)
        return
    widgets.note(
        "What the reference keeps itself. Copy it into a file, and check other data with "
        "`lifecycle quality DATA --expectations FILE`, or every window with "
        f"`lifecycle monitor define {version.model_id} {version.name} --from FILE`.",
        icon="content_copy",
    )
    for doubt in doubts:
        widgets.note(f"{doubt[:1].upper()}{doubt[1:]}.", icon="warning")
    st.code(as_yaml(found), language="yaml", height=360)


def failing(version: "Version", measured: "Measurement", window: "Window") -> None:
    """Open single rows that fail a check, for those who may; doing so is recorded."""
    column, check = measured.column, measured.statistic
    if column is None or check in NO_SINGLE_ROW:
        widgets.note("No single row fails this check.")
        return
    if check in TOGETHER:
        widgets.note("`lifecycle quality FILE --expectations` names the rows that fail this check.")
        return
    if not session.may(Permission.READ_ROWS):
        widgets.note("Your roles do not let you open single rows.", icon="lock")
        return
    key = f"{version.id} {column} {check} {window.start.isoformat()}"
    if st.button(
        words.said(f"Open failing rows of {column}"),
        icon=":material/visibility:",
        key="quality_open",
        help="Ids, times and values are shown to you; the audit trail keeps that you looked",
    ):
        st.session_state["quality_opened"] = None  # a refusal leaves no other column's rows here
        with widgets.refusals():
            found = data_quality.failing_rows(
                session.workspace(),
                version.id,
                column=column,
                statistic=check,
                window=window,
                by=session.actor(),
                at=session.now(),
            )
            st.session_state["quality_opened"] = key, found
    opened, rows = st.session_state.get("quality_opened") or ("", [])
    if opened != key:
        return
    if not rows:
        widgets.note(f"No row of the {wording.span(window)} fails this check.", icon="check")
        return
    table = [{"id": row.id, "time (UTC)": row.at, column: row.value} for row in rows]
    widgets.table(table, name="quality_rows", alt=f"Rows that fail {check} of {column}")
