"""How far have the columns of each window moved together: the one thing a run reads rows for twice.

No summary carries what columns say together, so the rows of the windows at hand are read beside
those of the reference, in batches, and only their measurements are kept.
"""

import tempfile
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.engines import Engine, rows
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.services import snapshots
from lifecycle.services.analysis.multivariate import measure_together
from lifecycle.services.analysis.result import finish
from lifecycle.services.monitoring import logged
from lifecycle.services.monitoring.counting import Plan
from lifecycle.services.monitoring.reference import PREDICTION, SCORE
from lifecycle.store import datasets
from lifecycle.store.connection import Workspace

WIDTHS = {Grain.DAY: "1d", Grain.WEEK: "1w", Grain.MONTH: "1M"}
CONFIDENCE = 0.95
SEED = 0
"""The same rows are drawn at every run, so that only a change of rows changes a number."""


def measured(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    plan: Plan,
    windows: Collection[Window],
    until: datetime | None,
) -> list[Measurement]:
    """Measure what a monitor asks of all features together, in some windows.

    The windows are compared with the version's reference, whatever single columns are compared
    with.
    """
    con = ws.cursor()
    files = logged.files(con, monitor, windows=windows)
    if not monitor.together or not files:
        return []
    snapshot = datasets.snapshot(con, plan.version.reference or "")
    with (
        snapshots.opened(ws, snapshot, columns=plan.version.columns) as file,
        tempfile.TemporaryDirectory(dir=ws.tmp) as folder,
    ):
        log = Path(folder) / "log.parquet"
        if (
            rows.join([file for part in files.values() for file in part], [], into=log, until=until)
            == 0
        ):
            return []
        reference, current = engine.open(str(file)), engine.open(str(log))
        held = {*reference.names} & {*current.names} - {SCORE, PREDICTION}
        drafts = measure_together(
            engine,
            reference=reference,
            current=current,
            references={name: p for name, p in plan.profiles.items() if name in held},
            names=monitor.together,
            windowing=Windowing("lc_at", parse_width(WIDTHS[monitor.grain])),
            limits={},
            confidence=CONFIDENCE,
            seed=SEED,
        )
    judged = [
        replace(
            draft,
            limit=monitor.limit(draft.statistic.name, column=None, otherwise=draft.limit),
            minimum=monitor.minimum,
        )
        for draft in drafts
        if draft.window in windows
    ]
    found, _ = finish(judged, correction=monitor.correction, alpha=monitor.alpha)
    return list(found)
