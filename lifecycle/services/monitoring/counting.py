"""From logged rows to each day's summaries: read once, by day, in batches of days."""

import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from lifecycle.domain.model import Task, Version
from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Coding, Grouping, Source, Tallied
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.services.analysis.outcomes import BINARY_CODES
from lifecycle.services.measuring.scores import rebin
from lifecycle.services.monitoring.reference import PREDICTION, SCORE, Codes
from lifecycle.stats.summaries import BinaryTally, FloatArray, Profile, Tally
from lifecycle.store.connection import Workspace
from lifecycle.store.logs import DayLog
from lifecycle.store.tallies import slice_key

BATCH_ROWS = 500_000
"""Rows joined and counted at a time; bounds the memory of a run, not its numbers."""

BY_DAY = Windowing("lc_at", parse_width("1d"))
LABEL = "outcome"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to count about a version's days.

    Parameters
    ----------
    profiles
        The reference's profiles by column of the log; they fix the bins.
    edges
        Inner edges of the score bins.
    sensitive
        Attributes to cut by.
    """

    version: Version
    task: Task
    profiles: Mapping[str, Profile]
    edges: FloatArray
    codes: Codes
    sensitive: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Each day's profiles by column and tallies by slice, the rows behind them, and notices."""

    profiles: Mapping[tuple[date, str], Profile]
    tallies: Mapping[tuple[date, str], Tally]
    rows: int
    notices: tuple[str, ...]


def count(
    ws: Workspace,
    engine: Engine,
    *,
    plan: Plan,
    days: Sequence[DayLog],
    outcomes: Sequence[Path],
    until: datetime | None,
) -> Counted:
    """Count days of a version's log together with the outcomes known of them."""
    profiles: dict[tuple[date, str], Profile] = {}
    tallies: dict[tuple[date, str], Tally] = {}
    notices: dict[str, None] = {}
    counted = 0
    for batch in _batches(days):
        with _joined(ws, engine, plan=plan, files=batch, outcomes=outcomes, until=until) as source:
            if source is None:
                continue
            counted += source.rows
            for name, like in plan.profiles.items():
                if name not in source.names:
                    notices[f"the log of {plan.version.id} has no column {name}"] = None
                    continue
                windows = engine.profile(source, name, like=like, windowing=BY_DAY)
                for window, found in windows.items():
                    if window is not None:
                        profiles[window.start.date(), name] = found.profile
            for tallied in _tallied(engine, source, plan=plan, notices=notices):
                if tallied.window is not None:
                    key = (tallied.window.start.date(), slice_key(tallied.slice))
                    tallies[key] = _on(plan.edges, tallied.tally)
    return Counted(profiles, tallies, counted, tuple(notices))


def _batches(days: Sequence[DayLog]) -> Iterator[list[Path]]:
    """Cut days into batches of files; a day is never split."""
    batch: list[Path] = []
    held = 0
    for day in days:
        if batch and held + day.rows > BATCH_ROWS:
            yield batch
            batch, held = [], 0
        batch += day.files
        held += day.rows
    if batch:
        yield batch


@contextmanager
def _joined(
    ws: Workspace,
    engine: Engine,
    *,
    plan: Plan,
    files: Sequence[Path],
    outcomes: Sequence[Path],
    until: datetime | None,
) -> Generator[Source | None]:
    """Open a batch with its outcomes; nothing when no row of it counts yet."""
    columns = plan.version.columns
    threshold = None if columns.prediction else columns.threshold
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        file = Path(folder) / "log.parquet"
        written = rows.join(files, outcomes, into=file, until=until, threshold=threshold)
        if written == 0:
            yield None
            return
        yield replace(engine.open(str(file)), label=f"the log of {plan.version.id}")


def _tallied(
    engine: Engine, source: Source, *, plan: Plan, notices: dict[str, None]
) -> Iterator[Tallied]:
    """Tally answers against outcomes by day: all rows, and each attribute's groups."""
    groupings = [Grouping((), BY_DAY)]
    for name in plan.sensitive:
        if name in source.names:
            groupings.append(Grouping((name,), BY_DAY))
        else:
            notices[f"the log of {plan.version.id} has no column {name} to compare groups by"] = (
                None
            )
    predicted = PREDICTION in source.names
    if plan.task is Task.REGRESSION and predicted:
        return engine.errors(source, label=LABEL, prediction=PREDICTION, groupings=groupings)
    if plan.task is Task.CLASSES and predicted and plan.codes.classes:
        return engine.classes(
            source,
            label=LABEL,
            decision=PREDICTION,
            classes=plan.codes.classes,
            groupings=groupings,
        )
    if plan.task is Task.BINARY:
        decision = _decision(engine, source, codes=plan.codes)
        score = SCORE if SCORE in source.names and len(plan.edges) else None
        if decision is not None or score is not None:
            return engine.binary(
                source,
                label=Coding(LABEL, plan.codes.label),
                decision=decision,
                score=score,
                groupings=groupings,
            )
    return iter(())


def _decision(engine: Engine, source: Source, *, codes: Codes) -> Coding | None:
    """Say which logged decision is positive: as in the reference, else by its coding."""
    if PREDICTION not in source.names:
        return Coding(rows.DECISION, "1") if rows.DECISION in source.names else None
    if codes.decision is not None:
        return Coding(PREDICTION, codes.decision)
    seen = {value for value, _ in engine.values(source, PREDICTION, limit=3)}
    coded = next((positive for *low, positive in BINARY_CODES if seen <= {*low, positive}), None)
    return Coding(PREDICTION, coded or codes.label)


def _on(edges: FloatArray, tally: Tally) -> Tally:
    return rebin(tally, edges=edges) if isinstance(tally, BinaryTally) else tally
