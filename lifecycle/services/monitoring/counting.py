"""From logged rows to each day's summaries: read once, by day, in batches of days."""

import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from lifecycle.domain.measurement import Window
from lifecycle.domain.model import Task, Version
from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Grouping, Source, Tallied
from lifecycle.engines.slicing import Levels
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.errors import InvalidInput
from lifecycle.services import sensitive_data
from lifecycle.services.monitoring import codings
from lifecycle.services.monitoring.codings import Strange, decision_of
from lifecycle.services.monitoring.reference import (
    LABEL,
    MOST_GROUPS,
    PREDICTION,
    SCORE,
    Codes,
    Reference,
)
from lifecycle.stats.summaries import FloatArray, Profile, Tally
from lifecycle.store.cells import slice_key
from lifecycle.store.connection import Workspace
from lifecycle.store.logs import DayLog

BATCH_ROWS = 500_000
"""Rows joined and counted at a time; bounds the memory of a run, not its numbers."""

BY_DAY = Windowing("lc_at", parse_width("1d"))

MOST_SLICES = 12
"""Values of a column that are slices of their own; the rest is one slice, so that what is kept of a
day stays small."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to count about a version's days.

    Parameters
    ----------
    profiles
        The reference's profiles by column of the log; they fix the bins.
    edges
        Inner edges of the score bins.
    levels
        Columns to cut by, and the values of each that are slices of their own.
    """

    version: Version
    task: Task
    profiles: Mapping[str, Profile]
    edges: FloatArray
    codes: Codes
    levels: Levels


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Each day's profiles by column and slice, its tallies by slice, the rows, and notices."""

    profiles: Mapping[tuple[date, str, str], Profile]
    tallies: Mapping[tuple[date, str], Tally]
    rows: int
    notices: tuple[str, ...]


def levels_of(
    engine: Engine, source: Source, *, segments: Sequence[str], sensitive: Sequence[str]
) -> dict[str, list[str]]:
    """Choose the slices of each column: the reference's most frequent values.

    A sensitive attribute keeps all of its groups.
    """
    most = dict.fromkeys(segments, MOST_SLICES) | dict.fromkeys(sensitive, MOST_GROUPS)
    return {
        name: sorted(value for value, _ in engine.values(source, name, limit=limit))
        for name, limit in sorted(most.items())
    }


def reference_slices(
    engine: Engine, reference: Reference, *, profiles: Mapping[str, Profile], levels: Levels
) -> dict[str, dict[str, Profile]]:
    """Count a reference on its own bins in each slice; by the slice's key and the log's column."""
    groupings = [Grouping((name,)) for name in levels if name in reference.source.names]
    found: dict[str, dict[str, Profile]] = {}
    for name, like in profiles.items():
        column, _ = reference.columns[name]
        for part in engine.profiles(
            reference.source, column, like=like, groupings=groupings, levels=levels
        ):
            found.setdefault(slice_key(part.slice), {})[name] = part.counted.profile
    return found


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
    profiles: dict[tuple[date, str, str], Profile] = {}
    tallies: dict[tuple[date, str], Tally] = {}
    notices: dict[str, None] = {}
    strangers: list[Strange] = []
    counted = early = 0
    for batch in _batches(days):
        with joined(ws, engine, plan=plan, days=batch, outcomes=outcomes, until=until) as source:
            if source is None:
                continue
            counted += source.rows
            early += _early(engine, source)
            groupings = _groupings(source, plan=plan, notices=notices)
            for name, like in plan.profiles.items():
                if name not in source.names:
                    notices[f"the log of {plan.version.id} has no column {name}"] = None
                    continue
                for found in engine.profiles(
                    source, name, like=like, groupings=groupings, levels=plan.levels
                ):
                    profiles[_day(found.window), name, slice_key(found.slice)] = (
                        found.counted.profile
                    )
            strange = codings.strange(
                engine, source, codes=plan.codes, groupings=groupings, levels=plan.levels
            )
            strangers += strange
            for tallied in _tallied(engine, source, plan=plan, groupings=groupings):
                day, key = _day(tallied.window), slice_key(tallied.slice)
                tallies[day, key] = codings.marked(tallied.tally, strange, day=day, key=key)
    told = codings.sentences(strangers, label=f"the log of {plan.version.id}")
    if early:
        told.append(
            f"{early} outcomes of {plan.version.id} are dated before their prediction: they count "
            "as not known"
        )
    return Counted(profiles, tallies, counted, (*notices, *told))


def _early(engine: Engine, source: Source) -> int:
    """Count the outcomes that are dated before their prediction."""
    if rows.EARLY not in source.names:
        return 0
    return dict(engine.values(source, rows.EARLY, limit=2)).get("true", 0)


def _batches(days: Sequence[DayLog]) -> Iterator[list[DayLog]]:
    """Cut days into batches; a day is never split."""
    batch: list[DayLog] = []
    held = 0
    for day in days:
        if batch and held + day.rows > BATCH_ROWS:
            yield batch
            batch, held = [], 0
        batch.append(day)
        held += day.rows
    if batch:
        yield batch


@contextmanager
def joined(
    ws: Workspace,
    engine: Engine,
    *,
    plan: Plan,
    days: Sequence[DayLog],
    outcomes: Sequence[Path],
    until: datetime | None,
) -> Generator[Source | None]:
    """Open a batch with its outcomes; nothing when no row of it counts yet."""
    columns = plan.version.columns
    threshold = None if columns.prediction else columns.threshold
    with tempfile.TemporaryDirectory(dir=ws.tmp) as folder:
        file = Path(folder) / "log.parquet"
        files = [file for day in days for file in day.files]
        apart = sensitive_data.log_parts(ws, days)
        written = rows.join(
            files, outcomes, into=file, apart=apart, until=until, threshold=threshold
        )
        if written == 0:
            yield None
            return
        yield replace(engine.open(str(file)), label=f"the log of {plan.version.id}")


def _groupings(source: Source, *, plan: Plan, notices: dict[str, None]) -> list[Grouping]:
    """Cut rows by day: all of them, and those of each slice."""
    groupings = [Grouping((), BY_DAY)]
    for name in plan.levels:
        if name in source.names:
            groupings.append(Grouping((name,), BY_DAY))
        else:
            notices[f"the log of {plan.version.id} has no column {name} to compare groups by"] = (
                None
            )
    return groupings


def _day(window: Window | None) -> date:
    if window is None:
        raise InvalidInput("rows of a log are counted by day")
    return window.start.date()


def _tallied(
    engine: Engine, source: Source, *, plan: Plan, groupings: Sequence[Grouping]
) -> Iterator[Tallied]:
    """Tally answers against outcomes by day and slice."""
    predicted = PREDICTION in source.names
    if plan.task is Task.REGRESSION and predicted:
        return engine.errors(
            source, label=LABEL, prediction=PREDICTION, groupings=groupings, levels=plan.levels
        )
    if plan.task is Task.CLASSES and predicted and plan.codes.classes:
        return engine.classes(
            source,
            label=LABEL,
            decision=PREDICTION,
            classes=plan.codes.classes,
            groupings=groupings,
            levels=plan.levels,
        )
    if plan.task is Task.BINARY:
        label, decision = plan.codes.label, decision_of(engine, source, codes=plan.codes)
        score = SCORE if SCORE in source.names and len(plan.edges) else None
        if decision is not None or score is not None:
            return engine.binary(
                source,
                label=label,
                decision=decision,
                score=score,
                groupings=groupings,
                levels=plan.levels,
                edges=plan.edges,
            )
    return iter(())
