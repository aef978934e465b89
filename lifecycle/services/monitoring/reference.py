"""What a version's windows are compared with: its reference, counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.domain.model import Columns, Task, Version
from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Coding, Grouping, Kind, Source, Tallied
from lifecycle.engines.slicing import Levels
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.outcomes import (
    Codings,
    Roles,
    binary_codings,
    class_names,
    declared,
    engine_holds,
)
from lifecycle.services.snapshots import derives_decision
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, BinaryTally, Profile, Tally

SCORE, PREDICTION, LABEL = "score", "prediction", "outcome"
"""What a log calls a model's answers, and what became of them."""

FEW_NUMBERS = 10
"""A numeric attribute with more different values makes no groups."""

MOST_GROUPS = 50
"""An attribute with more different values has groups too small to compare."""

DERIVED = Coding(rows.DECISION, "1", ("0",))
"""Decisions that follow from a score because none are logged."""

Answers: TypeAlias = Callable[[Sequence[Grouping], Levels | None], Iterator[Tallied]]


@dataclass(frozen=True, slots=True)
class Codes:
    """How outcomes and decisions are coded in a version's log.

    Parameters
    ----------
    label, decision
        For binary tasks, by the log's columns; no decision where the reference does not say.
    classes
        The labels of a task with several classes.
    """

    label: Coding | None = None
    decision: Coding | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A reference, opened and ready to be counted.

    Parameters
    ----------
    columns
        Name in the log to name in the snapshot, of what is profiled; and whether it is read as
        categories.
    sensitive
        Attributes whose groups are compared.
    tally
        The reference's own outcomes; ``None`` when it holds no answers.
    answers
        Tallies them, cut by groupings and levels.
    """

    source: Source
    columns: Mapping[str, tuple[str, bool]]
    sensitive: tuple[str, ...]
    codes: Codes
    tally: Tally | None
    notices: tuple[str, ...]
    answers: Answers | None = None


def read(
    engine: Engine, file: Path, *, snapshot: Snapshot, version: Version, task: Task
) -> Reference:
    """Open a reference, choose what is watched about it, and tally its outcomes."""
    source = replace(engine.open(str(file)), label=f"snapshot {snapshot.id}")
    columns, unwatched = _watched(source, snapshot=snapshot, columns=version.columns, task=task)
    sensitive, ungrouped = _attributes(engine, source, columns=version.columns)
    codes, answers = _outcomes(engine, source, columns=version.columns, task=task)
    tally = None if answers is None else next(iter(answers([Grouping()], None))).tally
    doubts = _doubts(tally, columns=version.columns, label=source.label)
    notices = (*unwatched, *ungrouped, *doubts)
    return Reference(source, columns, sensitive, codes, tally, notices, answers)


def profiles(engine: Engine, reference: Reference, *, bins: int) -> dict[str, Profile]:
    """Count every watched column of a reference and so fix its bins; by the log's names."""
    return {
        name: engine.baseline(
            reference.source, original, bins=bins, categorical=categorical, keep=False
        ).counted.profile
        for name, (original, categorical) in reference.columns.items()
    }


def _watched(
    source: Source, *, snapshot: Snapshot, columns: Columns, task: Task
) -> tuple[dict[str, tuple[str, bool]], list[str]]:
    """Choose the columns to profile; what cannot be compared is named in a notice."""
    parts = {columns.target, columns.timestamp, columns.id, columns.score, columns.prediction}
    parts |= {*columns.class_scores.values()}
    features = columns.features or tuple(
        name for name in snapshot.named(ColumnRole.FEATURE) if name not in parts
    )
    chosen: dict[str, tuple[str, bool]] = {}
    notices: list[str] = []
    for name in features:
        column = source.column(name)
        if column.kind not in {Kind.NUMERIC, Kind.CATEGORICAL}:
            notices.append(f"column {name} is not watched: it is {column.type}")
            continue
        categorical = name in columns.categorical or column.kind is Kind.CATEGORICAL
        chosen[name] = (name, categorical)
    if (score := _score(source, columns)) is not None:
        chosen[SCORE] = (score, False)
    if columns.prediction is not None:
        chosen[PREDICTION] = (columns.prediction, task is not Task.REGRESSION)
    return chosen, notices


def _attributes(
    engine: Engine, source: Source, *, columns: Columns
) -> tuple[tuple[str, ...], list[str]]:
    """Choose the sensitive attributes that make groups worth comparing."""
    chosen: list[str] = []
    notices: list[str] = []
    for name in columns.sensitive:
        if name not in source.names:  # its period of retention is over
            continue
        numeric = source.column(name).kind is Kind.NUMERIC and name not in columns.categorical
        most = FEW_NUMBERS if numeric else MOST_GROUPS
        if len(engine.values(source, name, limit=most + 1)) > most:
            notices.append(
                f"sensitive column {name} holds more than {most} different values, so its groups "
                "are not compared; add one with bands"
            )
        else:
            chosen.append(name)
    return tuple(chosen), notices


def _outcomes(
    engine: Engine, source: Source, *, columns: Columns, task: Task
) -> tuple[Codes, Answers | None]:
    """Read the coding of outcomes and answers off the reference, and how they are tallied."""
    predicted = columns.prediction
    if task is Task.REGRESSION:
        if predicted is None:
            return Codes(), None
        return Codes(), lambda groupings, levels: engine.errors(
            source,
            label=columns.target,
            prediction=predicted,
            groupings=groupings,
            levels=levels,
        )
    roles = Roles(
        target=columns.target,
        prediction=predicted,
        score=_score(source, columns),
        positive=columns.positive,
    )
    if task is Task.CLASSES:
        if predicted is None:
            return Codes(), None
        names = class_names(engine, source, roles=roles)
        return Codes(classes=names), lambda groupings, levels: engine.classes(
            source,
            label=columns.target,
            decision=predicted,
            classes=names,
            groupings=groupings,
            levels=levels,
        )
    if predicted is None and roles.score is None:
        return Codes(label=Coding(LABEL, columns.positive or "")), None
    return _binary(engine, source, columns=columns, roles=roles)


def _doubts(tally: Tally | None, *, columns: Columns, label: str) -> list[str]:
    """Say what a binary reference cannot teach, because it lacks one outcome or any score."""
    if not isinstance(tally, BinaryTally):
        return []
    held = tally.decisions.sum(axis=1)
    found: list[str] = []
    if not (held[NEGATIVE] and held[POSITIVE]):
        only = "no outcome" if not tally.labelled else "one outcome only"
        found.append(
            f"{label} holds {only} in column {columns.target} ({columns.positive!r} is positive): "
            "what needs both outcomes there has no limit and no comparison"
        )
    if columns.score is not None and not int(tally.scores.sum()):
        found.append(
            f"{label} holds no score between 0 and 1 in column {columns.score}: nothing is "
            "measured of scores"
        )
    return found


def _score(source: Source, columns: Columns) -> str | None:
    """Name the column of scores, unless it holds no numbers at all."""
    held = columns.score is not None and source.column(columns.score).kind is Kind.NUMERIC
    return columns.score if held else None


def _codings(engine: Engine, source: Source, *, roles: Roles) -> Codings:
    """Read the codings off the reference; a label it never holds is taken as it was declared."""
    try:
        found = binary_codings(engine, source, roles=roles)
    except InvalidInput:
        if roles.positive is None or engine_holds(
            engine, source, roles.target, value=roles.positive
        ):
            raise
        found = declared(engine, source, roles=roles)
    return found.closed


def _binary(
    engine: Engine, source: Source, *, columns: Columns, roles: Roles
) -> tuple[Codes, Answers]:
    codings = _codings(engine, source, roles=roles)
    decision = DERIVED if derives_decision(columns) else codings.decision
    codes = Codes(
        replace(codings.label, column=LABEL),
        codings.decision and replace(codings.decision, column=PREDICTION),
    )
    return codes, lambda groupings, levels: engine.binary(
        source,
        label=codings.label,
        decision=decision,
        score=roles.score,
        groupings=groupings,
        levels=levels,
    )
