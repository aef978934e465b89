"""How do the scores of several classes rank rows, and how good do predictions seem to be by them.

What the scores stand for is learned from the rows of the reference, and asked of the rows of the
windows at hand; only the measurements are kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Task
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine
from lifecycle.engines.contract import Source
from lifecycle.errors import InvalidInput
from lifecycle.services import snapshots
from lifecycle.services.analysis import class_rows
from lifecycle.services.analysis.class_rows import RANKING, ClassColumns, ClassRows
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.estimation import beside
from lifecycle.services.measuring.performance import house_limit
from lifecycle.services.measuring.watch import enough, once_known, softened
from lifecycle.services.monitoring import logged
from lifecycle.services.monitoring.counting import Plan
from lifecycle.services.monitoring.reference import LABEL, PREDICTION
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.stats.inference import CONFIDENCE, Estimate
from lifecycle.stats.performance.class_estimation import MEASURES, ClassCalibration
from lifecycle.store import datasets
from lifecycle.store.connection import Workspace

USUAL = ("roc_auc_ovr", "accuracy", "precision", "recall", "f1")
"""What is estimated unless the monitor names statistics."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What the reference teaches, and what was realised there, by statistic."""

    calibration: ClassCalibration | Estimate
    realised: Mapping[str, float | None]


def measured(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    plan: Plan,
    outcomes: Sequence[Path],
    windows: Collection[Window],
    until: datetime | None,
) -> list[Measurement]:
    """Measure some windows from the scores of their rows; nothing where a class has none.

    An estimate is judged until the outcomes themselves are.
    """
    if plan.task is not Task.CLASSES or not plan.version.columns.class_scores:
        return []
    if not logged.files(ws.cursor(), monitor, windows=windows):
        return []
    learned = _learned(ws, engine, plan=plan)
    found: list[Measurement] = []
    for window, source in logged.windows_of_rows(
        ws, engine, monitor=monitor, windows=windows, outcomes=outcomes, until=until
    ):
        given = _read(engine, source, scores=plan.version.columns.class_scores)
        found += _window(given, learned, monitor=monitor, window=window)
    return found


def _learned(ws: Workspace, engine: Engine, *, plan: Plan) -> Learned:
    """Learn from the reference, or hand on why it teaches nothing."""
    snapshot = datasets.snapshot(ws.cursor(), plan.version.reference or "")
    names = plan.version.columns
    columns = ClassColumns(names.target, names.prediction, names.class_scores)
    with snapshots.opened(ws, snapshot, columns=names) as file:
        source = replace(engine.open(str(file)), label=f"snapshot {snapshot.id}")
        try:
            class_rows.check_classes(engine, source, columns=columns)
            given = class_rows.read(engine, source, columns=columns)[None]
        except InvalidInput as error:
            return Learned(Estimate(None, 0, reason=str(error)), {})
    realised = {
        name: class_rows.realised(name, given, confidence=CONFIDENCE).value for name in MEASURES
    }
    return Learned(class_rows.learn(given), realised)


def _read(engine: Engine, source: Source, *, scores: Mapping[str, str]) -> ClassRows | str:
    """Read the rows of a window, or say which score its files do not hold."""
    if lacking := [name for name in scores.values() if name not in source.names]:
        return f"the log holds no column {', '.join(lacking)}, the score of a class"
    predicted = PREDICTION if PREDICTION in source.names else None
    columns = ClassColumns(LABEL, predicted, scores)
    return class_rows.read(engine, source, columns=columns)[None]


def _window(
    given: ClassRows | str, learned: Learned, *, monitor: Monitor, window: Window
) -> list[Measurement]:
    """Estimate one window, and measure how its scores rank the rows whose outcome is known."""
    names = [name for name in monitor.performance or USUAL if name in MEASURES]
    if isinstance(given, str):
        untold = Estimate(None, 0, reason=given, insufficient=True)
        asked = [catalogue.get(f"{PREFIX}{name}") for name in names if monitor.estimation]
        return list(finish([Draft(one, untold, window=window) for one in asked])[0])
    realised = {
        name: class_rows.realised(name, given, confidence=CONFIDENCE) for name in {*names, *RANKING}
    }
    ranked = [
        Draft(
            catalogue.get(name),
            enough(realised[name], rows=given.rows, minimum=monitor.minimum),
            window=window,
            limit=_limit(monitor, name, learned=learned),
        )
        for name in RANKING
        if name in names
    ]
    share, wanted = given.matured, monitor.maturity
    found = [once_known(softened(one), share=share, wanted=wanted) for one in finish(ranked)[0]]
    if not monitor.estimation:
        return found
    drafts = _estimated(names, given, learned, monitor=monitor, window=window)
    if share >= wanted:
        pairs = zip(drafts, names, strict=True)
        drafts = [beside(replace(d, limit=None), realised[n].value) for d, n in pairs]
    return [*found, *(softened(one) for one in finish(drafts)[0])]


def _estimated(
    names: Sequence[str],
    given: ClassRows,
    learned: Learned,
    *,
    monitor: Monitor,
    window: Window,
) -> list[Draft]:
    estimates = class_rows.estimates(names, given, learned.calibration, confidence=CONFIDENCE)
    return [
        Draft(
            catalogue.get(f"{PREFIX}{name}"),
            enough(_told(estimate, given), rows=given.rows, minimum=monitor.minimum),
            window=window,
            limit=monitor.limit(
                f"{PREFIX}{name}", column=None, otherwise=_limit(monitor, name, learned=learned)
            ),
        )
        for name, estimate in zip(names, estimates, strict=True)
    ]


def _told(estimate: Estimate, given: ClassRows) -> Estimate:
    """Say beside an estimate how many rows had no score of every class."""
    if not given.left_out or estimate.reason:
        return estimate
    reason = f"{given.left_out} of {given.rows} rows have no score of every class and are left out"
    return replace(estimate, reason=reason)


def _limit(monitor: Monitor, name: str, *, learned: Learned) -> float | None:
    """Return the limit set by hand, or else the one that the reference sets."""
    house = house_limit(catalogue.get(name), reference=learned.realised.get(name))
    return monitor.limit(name, column=None, otherwise=house)
