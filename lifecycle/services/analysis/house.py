"""What rows show without being asked: missing, stuck, repeated, infinite, unlike a reference."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import log

from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.engines import Engine
from lifecycle.engines.conditions import Condition, NotAmong, Outside, Unreadable, Violations
from lifecycle.engines.contract import Column, ColumnFacts, Kind, Source
from lifecycle.services.analysis.findings import NO_LIMIT, violated
from lifecycle.services.analysis.result import Draft
from lifecycle.stats import catalogue
from lifecycle.stats.inference import CONFIDENCE, newcombe
from lifecycle.stats.summaries import NumericProfile, Profile

STUCK_FACTOR = 10
"""A run so many times longer than chance makes it is a stuck value; a house default."""

STUCK_ROWS = 100
"""Shorter runs are not called stuck; a house default."""

RISE = 0.05
"""How much larger the missing share may be than the reference's; a house default."""

OUTSIDE = 0.01
"""Share of rows that may lie outside the reference's range; a house default."""

ID_SHARE = 0.99
"""Share of different values above which a column called an id is one."""

VOCABULARY = 1_000
"""A reference column with more different texts is free text, and no text in it is unseen."""

CHANCE = 0.001
"""A column counts as stuck only if chance would make it constant less often than this."""


def all_facts(engine: Engine, source: Source) -> list[ColumnFacts]:
    """Describe every column, several at once."""
    with ThreadPoolExecutor(engine.threads) as pool:
        return list(pool.map(lambda name: engine.facts(source, name), source.names))


def by_themselves(
    engine: Engine, source: Source, facts: Sequence[ColumnFacts], *, ids: Sequence[str]
) -> list[Measurement]:
    """Judge rows by what they hold themselves."""
    found = [m for known in facts for m in _by_itself(known)]
    found.append(_repeated_rows(engine.duplicates(source, ())))
    for known in facts:
        name = known.column.name
        if name in ids or named_id(known):
            repeated = engine.duplicates(source, (name,))
            found.append(violated("duplicate_ids", repeated, column=name, what="repeat an id"))
    return found


def against(
    engine: Engine, source: Source, facts: Sequence[ColumnFacts], *, reference: Source
) -> list[Measurement]:
    """Judge the schema and each column against the reference, all its conditions in one scan."""
    found = _schema(source, reference)
    shared = [f for f in facts if f.column.name in reference.names]
    with ThreadPoolExecutor(engine.threads) as pool:
        bases = list(pool.map(lambda f: engine.facts(reference, f.column.name), shared))
    asked: list[tuple[Condition, str, float, str]] = []
    for known, base in zip(shared, bases, strict=True):
        if _retyped(known, base.column):
            what = f"cannot be read as {base.column.type}, the reference's type"
            condition = Unreadable(known.column.name, base.column.type)
            asked.append((condition, "type_mismatch_share", 0.0, what))
            continue
        found.append(_rise(known, base))
        asked += _against(engine, reference, base)
    counted = engine.violations(source, [condition for condition, *_ in asked])[None]
    for (condition, statistic, limit, what), rows in zip(asked, counted, strict=True):
        if isinstance(condition, Unreadable) and not rows.rows:
            found.append(_stored_otherwise(source, reference, condition.column))
        else:
            column = getattr(condition, "column", None)
            found.append(violated(statistic, rows, column=column, what=what, limit=limit))
    return found


def window_drafts(
    reference: Profile,
    current: Profile,
    *,
    column: str,
    window: Window,
    fixed: bool = True,
) -> list[Draft]:
    """Ask what the summary of a column in one window says about its quality.

    Parameters
    ----------
    fixed
        Whether the reference is other rows than those measured, so that it sets range and set.
    """
    usual = (reference.rows - reference.n) / reference.rows if reference.rows else 0.0
    limits = {"missing_share": usual + RISE, "stuck_value": None}
    if isinstance(reference, NumericProfile):
        limits["infinite_share"] = None
    if fixed and reference.n:
        name = "out_of_range" if isinstance(reference, NumericProfile) else "unseen_category"
        limits[f"{name}_share"] = None
    drafts: list[Draft] = []
    for name, limit in limits.items():
        statistic = catalogue.get(name)
        drafts.append(
            Draft(
                statistic=statistic,
                estimate=statistic.measure(reference, current),
                column=column,
                window=window,
                limit=statistic.limit if limit is None else limit,
            )
        )
    return drafts


def named_id(known: ColumnFacts) -> bool:
    """Tell whether a column is called an id and nearly is one."""
    name = known.column.name.casefold()
    held = known.rows - known.missing
    called = name in {"id", "uuid"} or name.endswith(("_id", "_uuid"))
    return called and held > 0 and known.distinct >= ID_SHARE * held


def stuck_limit(known: ColumnFacts) -> float | None:
    """Return the longest run of one value that chance lets pass; nothing for a constant column.

    In n independent rows whose commonest value has share p, the longest run is about
    log(n (1 - p)) / log(1 / p) rows (Schilling 1990).
    """
    common = known.commonest / known.rows
    if not 0 < common < 1:
        return None
    return STUCK_FACTOR * max(log(known.rows * (1 - common) + 1) / -log(common), 1.0)


def stuck_run(known: ColumnFacts) -> bool:
    """Tell whether a column is stuck; a rising or falling one repeats by nature."""
    limit = stuck_limit(known)
    if limit is None or known.monotone:
        return False
    return known.longest_run >= STUCK_ROWS and known.longest_run > limit


def _by_itself(known: ColumnFacts) -> list[Measurement]:
    """Judge a column from its own rows."""
    name = known.column.name
    missing = Violations(known.missing, judged=known.rows)
    empty = known.missing == known.rows
    share = violated("missing_share", missing, column=name, what="hold no value", limit=NO_LIMIT)
    if empty:
        reason = "no row holds a value"
        return [_as(share, State.BREACH, reason)]
    found = [_as(share, State.OK, None)]
    if known.column.kind is Kind.NUMERIC and not known.column.integral:
        infinite = Violations(known.infinite, judged=known.rows)
        what = "are plus or minus infinity, which is no measurement"
        found.append(violated("infinite_share", infinite, column=name, what=what))
        found.append(_longest_run(known))
    if known.distinct == 1 and known.rows > 1:
        found.append(
            Measurement(
                statistic="distinct_values",
                value=1.0,
                state=State.WARNING,
                column=name,
                n=known.rows - known.missing,
                reason="the column is constant: it holds one value only",
            )
        )
    return found


def _as(measured: Measurement, state: State, reason: str | None) -> Measurement:
    """Report a share that nothing limits."""
    return replace(measured, state=state, limit=None, reason=reason)


def _longest_run(known: ColumnFacts) -> Measurement:
    stuck, last = stuck_run(known), known.run_start + known.longest_run - 1
    return Measurement(
        statistic="longest_run",
        value=float(known.longest_run),
        state=State.BREACH if stuck else State.OK,
        unit="rows",
        column=known.column.name,
        n=known.rows,
        limit=stuck_limit(known),
        reason=f"stuck at one value from row {known.run_start} to {last}" if stuck else None,
    )


def _repeated_rows(found: Violations) -> Measurement:
    share = violated("duplicate_rows", found, column=None, what="repeat an earlier one")
    if not found.rows:
        return share
    reason = f"{found.rows} rows repeat an earlier one, first in row {found.first_row}"
    return replace(share, state=State.WARNING, reason=reason)


def _schema(source: Source, reference: Source) -> list[Measurement]:
    """Say which columns of the reference are gone."""
    return [
        Measurement(
            statistic="column_missing",
            value=None,
            state=State.BREACH,
            column=column.name,
            n=0,
            reason=f"{reference.label} has column {column.name}, {source.label} has not",
        )
        for column in reference.columns
        if column.name not in source.names
    ]


def _retyped(known: ColumnFacts, before: Column) -> bool:
    """Tell whether a column that holds anything is of another kind than in the reference."""
    return before.kind is not known.column.kind and known.missing < known.rows


def _rise(known: ColumnFacts, base: ColumnFacts) -> Measurement:
    rise = known.missing / known.rows - base.missing / base.rows
    return Measurement(
        statistic="missing_share_rise",
        value=rise,
        state=State.BREACH if rise > RISE else State.OK,
        column=known.column.name,
        interval=newcombe((known.missing, known.rows), (base.missing, base.rows)),
        confidence=CONFIDENCE,
        n=known.rows,
        n_reference=base.rows,
        limit=RISE,
    )


def _against(
    engine: Engine, reference: Source, base: ColumnFacts
) -> list[tuple[Condition, str, float, str]]:
    """Return what to count about a column: the condition, its statistic, limit and words."""
    name = base.column.name
    if base.low is not None and base.high is not None:
        what = f"lie outside the reference's {base.low:g} to {base.high:g}"
        return [(Outside(name, base.low, base.high), "out_of_range_share", OUTSIDE, what)]
    if base.column.kind is Kind.CATEGORICAL and 0 < base.distinct <= VOCABULARY:
        seen = tuple(value for value, _ in engine.values(reference, name, limit=VOCABULARY))
        what = "hold a value the reference never held"
        return [(NotAmong(name, seen), "unseen_category_share", 0.0, what)]
    return []


def _stored_otherwise(source: Source, reference: Source, name: str) -> Measurement:
    now, before = source.column(name), reference.column(name)
    return Measurement(
        statistic="type_mismatch_share",
        value=0.0,
        state=State.WARNING,
        column=name,
        n=source.rows,
        limit=0.0,
        reason=f"stored as {now.type}, in the reference as {before.type}",
    )
