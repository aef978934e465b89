"""How large do a regression's errors seem to be in each window, while outcomes are not known.

What tells large errors from small ones is learned from the rows of the reference, and asked of the
rows of the windows at hand; only the estimates are kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Task
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Source
from lifecycle.services import snapshots
from lifecycle.services.analysis import error_estimation
from lifecycle.services.analysis.error_estimation import (
    MOST_CATEGORIES,
    POWERS,
    Features,
    Learned,
)
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.estimation import held_against, limit_of
from lifecycle.services.measuring.watch import Watch, enough, matured, softened
from lifecycle.services.monitoring import logged
from lifecycle.services.monitoring.counting import Plan
from lifecycle.services.monitoring.reference import LABEL, PREDICTION, SCORE
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue.estimation import PREFIX
from lifecycle.stats.inference import CONFIDENCE, Estimate
from lifecycle.stats.summaries import CategoryProfile, Tally
from lifecycle.store import datasets
from lifecycle.store.connection import Workspace


def measured(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    plan: Plan,
    tallies: Mapping[str, Tally],
    outcomes: Sequence[Path],
    windows: Collection[Window],
    until: datetime | None,
) -> list[Measurement]:
    """Estimate a regression's errors in some windows; judged until the outcomes themselves are.

    Parameters
    ----------
    tallies
        The reference's errors by slice; they set the limit that an estimate is judged by.
    """
    wanted = [name for name in POWERS if name in (monitor.performance or POWERS)]
    answered = plan.version.columns.prediction is not None and bool(tallies)
    if plan.task is not Task.REGRESSION or not monitor.estimation or not wanted or not answered:
        return []
    if not logged.files(ws.cursor(), monitor, windows=windows):
        return []
    watch, drafts = Watch(monitor, tallies=tallies), list[Draft]()
    features = _features(plan)
    learned = _learned(ws, engine, plan=plan, features=features, wanted=wanted)
    for window, source in logged.windows_of_rows(
        ws, engine, monitor=monitor, windows=windows, outcomes=outcomes, until=until
    ):
        drafts += _drafts(engine, source, watch, features, learned, window=window)
    found, _ = finish(drafts)
    return [softened(one) for one in found]


def _features(plan: Plan) -> Features:
    """Choose the columns that are counted on both sides, as the reference calls them."""
    apart = {PREDICTION, SCORE}
    shared = {name: p for name, p in plan.profiles.items() if name not in apart}
    names = plan.version.columns
    categories = {
        name: profile.categories[:MOST_CATEGORIES]
        for name, profile in shared.items()
        if isinstance(profile, CategoryProfile)
    }
    numbers = (names.prediction or "", *(name for name in shared if name not in categories))
    return Features(names.target, numbers, categories, ())


def _learned(
    ws: Workspace, engine: Engine, *, plan: Plan, features: Features, wanted: Sequence[str]
) -> dict[str, Learned]:
    snapshot = datasets.snapshot(ws.cursor(), plan.version.reference or "")
    with snapshots.opened(ws, snapshot, columns=plan.version.columns) as file:
        reference = replace(engine.open(str(file)), label=f"snapshot {snapshot.id}")
        return error_estimation.learn(engine, reference, features=features, wanted=wanted)


def _drafts(
    engine: Engine,
    source: Source,
    watch: Watch,
    features: Features,
    learned: Mapping[str, Learned],
    *,
    window: Window,
) -> list[Draft]:
    """Estimate one window, and hold the estimate against its outcomes once they are known."""
    monitor = watch.monitor
    named = replace(features, numbers=(PREDICTION, *features.numbers[1:]))
    lacking = [n for n in (*named.numbers, *named.categories) if n not in source.names]
    if lacking:
        reason = f"the log holds no column {', '.join(lacking)}, which the reference learns from"
        untold = Estimate(None, 0, reason=reason, insufficient=True)
        return [Draft(catalogue.get(f"{PREFIX}{name}"), untold, window=window) for name in learned]
    given = error_estimation.by_window(engine, source, features=named, windowing=None)[None]
    groupings = [Grouping()]
    tallied = engine.errors(source, label=LABEL, prediction=PREDICTION, groupings=groupings)
    tally = next(iter(tallied)).tally
    mature = matured(tally) >= monitor.maturity
    drafts: list[Draft] = []
    for name, known in learned.items():
        statistic = catalogue.get(f"{PREFIX}{name}")
        found = error_estimation.estimate_of(name, given, known, confidence=CONFIDENCE)
        draft = Draft(
            statistic,
            enough(found, rows=len(given), minimum=monitor.minimum),
            window=window,
            limit=None if mature else limit_of(watch, statistic),
        )
        drafts.append(held_against(draft, tally, monitor=monitor) if mature else draft)
    return drafts
