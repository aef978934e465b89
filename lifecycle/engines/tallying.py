"""How scored rows become tallies: one read, then counts and exact sums of every group."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lifecycle.engines import crossing
from lifecycle.engines.contract import Coding, Grouping, Kind, ScoredRows, Source, Tallied
from lifecycle.engines.reading import identifier, quote, text_of
from lifecycle.engines.slicing import Cut, Fetch, Levels, code_of, cut_of, groups
from lifecycle.errors import InvalidInput
from lifecycle.stats import counting
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    ClassTally,
    CountArray,
    FloatArray,
)

DISTINCT_SCORES = 100_000
"""Up to so many different scores each has a bin of its own, so that ranking is exact."""

FIRST_ROWS = 120_000
"""Rows looked at first: mostly they tell already that there are more scores than that."""

SCORE_GRID = 8_192
"""Equal-width bins for more scores than that: AUC within 2e-5 (see docs on resolution)."""

TENTHS = np.arange(1, 10) / 10

WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]{0,17}")
"""A whole number of 64 bits as it is written when a column's values become text."""


def binary(
    fetch: Fetch,
    source: Source,
    *,
    label: Coding | None,
    decision: Coding | None,
    score: str | None,
    groupings: Sequence[Grouping],
    levels: Levels,
    edges: FloatArray | None,
    grid: int = SCORE_GRID,
) -> Iterator[Tallied]:
    """Tally a binary classifier's rows by label, decision and score bin."""
    cut = cut_of(fetch, source, groupings=groupings, levels=levels)
    value = f"CAST({_numeric(source, score)} AS DOUBLE)" if score else "CAST(NULL AS DOUBLE)"
    rows = (
        f"SELECT {cut.select(source)}, {_label(source, label)} AS label, "
        f"{_label(source, decision)} AS decision, coalesce(CASE WHEN {value} BETWEEN 0 AND 1 "
        f"THEN {value} END, 'nan'::DOUBLE) AS score FROM {source.relation}"
    )
    rows = f"SELECT * FROM ({rows}) WHERE start IS NOT NULL"
    if edges is None and (score is None or _few_scores(fetch, source, rows=rows)):
        yield from _counted(fetch, source, rows=rows, cut=cut, groupings=groupings, score=score)
        return
    bins = _grid(grid) if edges is None else edges
    if all(grouping.windowing is None for grouping in groupings):
        found = fetch(source, rows)
        yield from crossing.tallies(found, cut=cut, groupings=groupings, edges=bins)
        return
    for group in groups(fetch(source, rows), cut=cut, groupings=groupings):
        part = group.cells
        scores = part["score"] if score else None
        tally = counting.binary_tally(part["label"], part["decision"], scores, edges=bins)
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


def _counted(
    fetch: Fetch,
    source: Source,
    *,
    rows: str,
    cut: Cut,
    groupings: Sequence[Grouping],
    score: str | None,
) -> Iterator[Tallied]:
    """Tally rows whose different scores are few enough for a bin each: counts say everything."""
    cells = fetch(source, f"SELECT *, count(*) AS n FROM ({rows}) GROUP BY ALL")
    edges = np.unique(cells["score"][~np.isnan(cells["score"])]) + 0.0
    k = len(edges) + 1
    for group in groups(cells, cut=cut, groupings=groupings):
        part = group.cells
        label, decision = (part[name].astype(np.int64) for name in ("label", "decision"))
        n = part["n"].astype(np.float64)
        valid = ~np.isnan(part["score"])
        at = np.searchsorted(edges, part["score"][valid])
        tally = counting.distinct_tally(
            edges,
            decisions=_counts(label * 3 + decision, n, shape=(3, 3)),
            scores=_counts(label[valid] * k + at, n[valid], shape=(3, k)),
            decided=_counts(decision[valid] * k + at, n[valid], shape=(3, k)),
            invalid_scores=int(n[~valid].sum()) if score else 0,
        )
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


def classes(
    fetch: Fetch,
    source: Source,
    *,
    label: str,
    decision: str,
    names: Sequence[str],
    groupings: Sequence[Grouping],
    levels: Levels,
) -> Iterator[Tallied]:
    """Tally a multi-class classifier's rows by label and prediction."""
    cut = cut_of(fetch, source, groupings=groupings, levels=levels)
    cells = fetch(
        source,
        f"SELECT *, count(*) AS n FROM (SELECT {cut.select(source)}, "
        f"{code_of(source, label, names)} AS label, {code_of(source, decision, names)} AS decision "
        f"FROM {source.relation}) WHERE start IS NOT NULL GROUP BY ALL",
    )
    k = len(names)
    for group in groups(cells, cut=cut, groupings=groupings):
        part = group.cells
        known = (part["label"] >= 0) & (part["decision"] >= 0)
        confusion = np.zeros((k, k), dtype=np.int64)
        np.add.at(confusion, (part["label"][known], part["decision"][known]), part["n"][known])
        tally = ClassTally(
            classes=tuple(names), confusion=confusion, unlabelled=int(part["n"][~known].sum())
        )
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


def class_scores(
    fetch: Fetch,
    source: Source,
    *,
    label: str,
    columns: Mapping[str, str],
    groupings: Sequence[Grouping],
) -> Iterator[ScoredRows]:
    """Hand over labels and scores by class, row by row."""
    cut = cut_of(fetch, source, groupings=groupings, levels={})
    listed = ", ".join(
        f"coalesce(CAST({_numeric(source, name)} AS DOUBLE), 'nan') AS score_{i}"
        for i, name in enumerate(columns.values())
    )
    cells = fetch(
        source,
        f"SELECT * FROM (SELECT {cut.select(source)}, "
        f"{code_of(source, label, tuple(columns))} AS label, {listed} "
        f"FROM {source.relation}) WHERE start IS NOT NULL",
    )
    for group in groups(cells, cut=cut, groupings=groupings):
        scores = np.column_stack([group.cells[f"score_{i}"] for i in range(len(columns))])
        used = (group.cells["label"] >= 0) & np.isfinite(scores).all(axis=1)
        yield ScoredRows(
            slice=group.slice,
            window=group.window,
            labels=group.cells["label"][used].astype(np.int64),
            scores=scores[used],
            left_out=int(np.count_nonzero(~used)),
        )


def errors(
    fetch: Fetch,
    source: Source,
    *,
    label: str,
    prediction: str,
    groupings: Sequence[Grouping],
    levels: Levels,
) -> Iterator[Tallied]:
    """Tally a regression's rows by their errors."""
    cut = cut_of(fetch, source, groupings=groupings, levels=levels)
    y, p = (
        f"coalesce(CAST({_numeric(source, name)} AS DOUBLE), 'nan'::DOUBLE)"
        for name in (label, prediction)
    )
    cells = fetch(
        source,
        f"SELECT * FROM (SELECT {cut.select(source)}, {y} AS y, {p} AS p FROM {source.relation}) "
        "WHERE start IS NOT NULL",
    )
    for group in groups(cells, cut=cut, groupings=groupings):
        tally = counting.error_tally(group.cells["y"], group.cells["p"])
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


def _label(source: Source, coding: Coding | None) -> str:
    if coding is None:
        return str(UNKNOWN)
    column, written = source.column(coding.column), quote
    text, negatives = text_of(column), coding.negatives
    if column.integral and WHOLE_NUMBER.fullmatch(coding.positive):
        text, written = identifier(column.name), str  # much cheaper to compare
        negatives = negatives and tuple(filter(WHOLE_NUMBER.fullmatch, negatives))
    positive = f"WHEN {text} = {written(coding.positive)} THEN {POSITIVE}"
    if negatives is None:
        empty = f"{text} IS NULL"
        if column.kind is Kind.NUMERIC and not column.integral:
            empty += f" OR isinf(CAST({identifier(column.name)} AS DOUBLE))"  # no label at all
        return f"CASE WHEN {empty} THEN {UNKNOWN} {positive} ELSE {NEGATIVE} END"
    listed = ", ".join(map(written, negatives)) or "NULL"
    return f"CASE {positive} WHEN {text} IN ({listed}) THEN {NEGATIVE} ELSE {UNKNOWN} END"


def _numeric(source: Source, name: str) -> str:
    column = source.column(name)
    if column.kind is not Kind.NUMERIC:
        raise InvalidInput(f"column {name} of {source.label} is {column.type}; expected numbers")
    return identifier(name)


def _few_scores(fetch: Fetch, source: Source, *, rows: str) -> bool:
    """Tell whether each score can have a bin of its own; the first rows may say that none can."""
    if source.rows <= DISTINCT_SCORES:
        return True
    for part in (f"SELECT score FROM ({rows}) LIMIT {FIRST_ROWS}", rows):
        found = fetch(source, f"SELECT count(DISTINCT score) AS n FROM ({part})")
        if int(found["n"][0]) > DISTINCT_SCORES:
            return False
    return True


def _grid(bins: int) -> FloatArray:
    """Return the even edges of a score grid, the tenths among them."""
    return np.unique(np.concatenate([np.arange(1, bins) / bins, TENTHS]))


def _counts(at: CountArray, rows: FloatArray, *, shape: tuple[int, int]) -> CountArray:
    """Add up rows by cell; in doubles, which hold every count below 2**53."""
    found = np.bincount(at, weights=rows, minlength=shape[0] * shape[1])
    return found.astype(np.int64).reshape(shape)
