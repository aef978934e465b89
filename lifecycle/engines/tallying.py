"""How scored rows become tallies: one GROUP BY over every column, then sums of its cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifecycle.domain.measurement import Window
from lifecycle.engines.contract import (
    MISSING_GROUP,
    Coding,
    Grouping,
    Kind,
    ScoredRows,
    Source,
    Tallied,
)
from lifecycle.engines.profiling import Fetch, text_of, values, window_start
from lifecycle.engines.reading import identifier, quote
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.errors import InvalidInput
from lifecycle.stats.counting import EPSILON
from lifecycle.stats.summaries import (
    NEGATIVE,
    POSITIVE,
    UNKNOWN,
    BinaryTally,
    ClassTally,
    ErrorTally,
    FloatArray,
)

DISTINCT_SCORES = 100_000
"""Up to so many different scores each has a bin of its own, so that ranking is exact."""

SCORE_GRID = 8_192
"""Equal-width bins for more scores than that: AUC within 2e-5 (see docs on resolution)."""

LEVELS = 200
"""Most groups one column may make."""

TENTHS = np.arange(1, 10) / 10


@dataclass(frozen=True, slots=True)
class Cut:
    """The columns all groupings cut by, with the values of each, and the windows."""

    columns: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    windowing: Windowing | None

    def select(self, source: Source) -> str:
        """Return the SQL of each row's codes: a position per column, -1 for missing; a window."""
        parts = [
            f"{_code(source, name, self.levels[name])} AS cut_{i}"
            for i, name in enumerate(self.columns)
        ]
        start = window_start(source, self.windowing) if self.windowing else "CAST(0 AS BIGINT)"
        return ", ".join([*parts, f"{start} AS start"])

    @property
    def names(self) -> str:
        """The SQL names of those codes."""
        return ", ".join([*(f"cut_{i}" for i in range(len(self.columns))), "start"])


def binary(
    fetch: Fetch,
    source: Source,
    *,
    label: Coding | None,
    decision: Coding | None,
    score: str | None,
    groupings: Sequence[Grouping],
) -> Iterator[Tallied]:
    """Tally a binary classifier's rows by label, decision and score bin."""
    cut = _cut(fetch, source, groupings=groupings)
    labels = f"{_label(source, label)} AS label, {_label(source, decision)} AS decision"
    value = f"CAST({_numeric(source, score)} AS DOUBLE)" if score else "CAST(NULL AS DOUBLE)"
    rows = (
        f"SELECT {cut.select(source)}, {labels}, "
        f"CASE WHEN {value} BETWEEN 0 AND 1 THEN {value} END AS score FROM {source.relation}"
    )
    exact = _few_scores(fetch, source, rows=rows) if score else True
    key = "score" if exact else _grid()
    safe = f"greatest(least(score, 1 - {EPSILON!r}), {EPSILON!r})"
    cells = fetch(
        source,
        f"SELECT {cut.names}, label, decision, min(score) AS score, count(*) AS n, "
        "coalesce(sum(score), 0) AS total, coalesce(sum(score * score), 0) AS squares, "
        f"coalesce(sum(CASE label WHEN {POSITIVE} THEN -ln({safe}) "
        f"WHEN {NEGATIVE} THEN -ln(1 - {safe}) ELSE 0 END), 0) AS losses "
        f"FROM ({rows}) WHERE start IS NOT NULL GROUP BY {cut.names}, label, decision, {key} "
        "ORDER BY ALL",  # sums over cells must not depend on the order threads finish in
    )
    filled = np.ma.filled(np.ma.asarray(cells["score"], dtype=np.float64), np.nan)
    edges = _edges(filled, exact=exact) if score else np.empty(0)
    at = np.where(np.isnan(filled), -1, np.searchsorted(edges, filled))
    whole = {**cells, "at": at, "value": filled}
    for group in _groups(whole, cut=cut, groupings=groupings):
        tally = _binary_tally(group.cells, edges=edges, exact=exact, scored=score is not None)
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


def classes(
    fetch: Fetch,
    source: Source,
    *,
    label: str,
    decision: str,
    names: Sequence[str],
    groupings: Sequence[Grouping],
) -> Iterator[Tallied]:
    """Tally a multi-class classifier's rows by label and prediction."""
    cut = _cut(fetch, source, groupings=groupings)
    cells = fetch(
        source,
        f"SELECT *, count(*) AS n FROM (SELECT {cut.select(source)}, "
        f"{_code(source, label, names)} AS label, {_code(source, decision, names)} AS decision "
        f"FROM {source.relation}) WHERE start IS NOT NULL GROUP BY ALL",
    )
    k = len(names)
    for group in _groups(cells, cut=cut, groupings=groupings):
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
    cut = _cut(fetch, source, groupings=groupings)
    listed = ", ".join(
        f"coalesce(CAST({_numeric(source, name)} AS DOUBLE), 'nan') AS score_{i}"
        for i, name in enumerate(columns.values())
    )
    cells = fetch(
        source,
        f"SELECT * FROM (SELECT {cut.select(source)}, {_code(source, label, columns)} AS label, "
        f"{listed} FROM {source.relation}) WHERE start IS NOT NULL",
    )
    for group in _groups(cells, cut=cut, groupings=groupings):
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
) -> Iterator[Tallied]:
    """Tally a regression's rows by their errors."""
    cut = _cut(fetch, source, groupings=groupings)
    y, p = (f"CAST({_numeric(source, name)} AS DOUBLE)" for name in (label, prediction))
    used = "CASE WHEN isfinite(y) AND isfinite(p) THEN {} ELSE 0 END"
    error, zero = "(p - y)", f"abs(y) <= {EPSILON!r}"
    sums = {
        "n": "1",
        "errors": error,
        "absolute": f"abs({error})",
        "squares": f"{error} * {error}",
        "fourths": f"{error} * {error} * {error} * {error}",
        "outcomes": "y",
        "outcome_squares": "y * y",
        "relative": f"CASE WHEN {zero} THEN 0 ELSE abs({error} / y) END",
        "relative_squares": f"CASE WHEN {zero} THEN 0 ELSE ({error} / y) * ({error} / y) END",
        "zeros": f"CASE WHEN {zero} THEN 1 ELSE 0 END",
    }
    listed = ", ".join(f"sum({used.format(sql)}) AS {name}" for name, sql in sums.items())
    cells = fetch(
        source,
        f"SELECT {cut.names}, count(*) AS rows, "
        f"sum(CASE WHEN y IS NULL OR isnan(y) THEN 1 ELSE 0 END) AS unlabelled, {listed} "
        f"FROM (SELECT {cut.select(source)}, {y} AS y, {p} AS p FROM {source.relation}) "
        f"WHERE start IS NOT NULL GROUP BY {cut.names} ORDER BY ALL",
    )
    for group in _groups(cells, cut=cut, groupings=groupings):
        part = {name: float(np.sum(group.cells[name].astype(np.float64))) for name in sums}
        rows, unlabelled = (int(group.cells[c].sum()) for c in ("rows", "unlabelled"))
        used_rows, zeros = int(part.pop("n")), int(part.pop("zeros"))
        tally = ErrorTally(
            n=used_rows,
            zeros=zeros,
            unlabelled=unlabelled,
            invalid=rows - unlabelled - used_rows,
            **part,
        )
        yield Tallied(slice=group.slice, window=group.window, tally=tally)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The cells of one slice in one window."""

    slice: dict[str, str]
    window: Window | None
    cells: dict[str, NDArray[Any]]


def _groups(cells: dict[str, Any], *, cut: Cut, groupings: Sequence[Grouping]) -> Iterator[_Group]:
    """Cut the cells by each grouping, in order of windows and of the names of groups."""
    plain = {
        name: column.filled(-1) if isinstance(column, np.ma.MaskedArray) else column
        for name, column in cells.items()
    }
    starts, at_start = np.unique(plain["start"], return_inverse=True)
    for grouping in groupings:
        positions = [cut.columns.index(name) for name in grouping.columns]
        key = at_start.astype(np.int64) if grouping.windowing else np.zeros_like(at_start)
        for position in positions:
            size = len(cut.levels[cut.columns[position]]) + 1
            key = key * size + plain[f"cut_{position}"].astype(np.int64) % size
        order = np.argsort(key, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            if len(rows) == 0:
                continue
            part = {name: column[rows] for name, column in plain.items()}
            window = None
            if grouping.windowing:
                opened = int(starts[at_start[rows[0]]])
                window = window_at(opened, width=grouping.windowing.width)
            yield _Group(
                slice={cut.columns[p]: _level(cut, p, int(part[f"cut_{p}"][0])) for p in positions},
                window=window,
                cells=part,
            )


def _level(cut: Cut, position: int, code: int) -> str:
    return MISSING_GROUP if code < 0 else cut.levels[cut.columns[position]][code]


def _cut(fetch: Fetch, source: Source, *, groupings: Sequence[Grouping]) -> Cut:
    """Look up the values of every column that some grouping cuts by."""
    columns = tuple(dict.fromkeys(name for g in groupings for name in g.columns))
    levels: dict[str, tuple[str, ...]] = {}
    for name in columns:
        found = values(fetch, source, name, limit=LEVELS + 1)
        if len(found) > LEVELS:
            raise InvalidInput(
                f"column {name} of {source.label} holds more than {LEVELS} different values; "
                "expected one with a few groups"
            )
        levels[name] = tuple(sorted(value for value, _ in found))
    windowing = next((g.windowing for g in groupings if g.windowing), None)
    return Cut(columns=columns, levels=levels, windowing=windowing)


def _code(source: Source, name: str, levels: Iterable[str]) -> str:
    """Return the SQL of a value's position among the levels; -1 for missing and unknown ones."""
    listed = ", ".join(quote(level) for level in levels)
    if not listed:
        return "-1"
    text = text_of(source.column(name))
    return f"CAST(coalesce(enum_code(TRY_CAST({text} AS ENUM({listed}))), -1) AS INTEGER)"


def _label(source: Source, coding: Coding | None) -> str:
    if coding is None:
        return str(UNKNOWN)
    text = text_of(source.column(coding.column))
    return (
        f"CASE WHEN {text} IS NULL THEN {UNKNOWN} WHEN {text} = {quote(coding.positive)} "
        f"THEN {POSITIVE} ELSE {NEGATIVE} END"
    )


def _numeric(source: Source, name: str) -> str:
    column = source.column(name)
    if column.kind is not Kind.NUMERIC:
        raise InvalidInput(f"column {name} of {source.label} is {column.type}; expected numbers")
    return identifier(name)


def _few_scores(fetch: Fetch, source: Source, *, rows: str) -> bool:
    found = fetch(source, f"SELECT count(DISTINCT score) AS n FROM ({rows})")
    return int(found["n"][0]) <= DISTINCT_SCORES


def _grid() -> str:
    """Return the SQL that tells the bins of the score grid apart, its tenths included."""
    tenths = " + ".join(f"CAST(score > {tenth!r} AS INTEGER)" for tenth in TENTHS.tolist())
    return f"ceil(score * {SCORE_GRID}), {tenths}"


def _edges(scores: FloatArray, *, exact: bool) -> FloatArray:
    if exact:
        return np.unique(scores[~np.isnan(scores)])
    return np.unique(np.concatenate([np.arange(1, SCORE_GRID) / SCORE_GRID, TENTHS]))


def _binary_tally(
    cells: dict[str, NDArray[Any]], *, edges: FloatArray, exact: bool, scored: bool
) -> BinaryTally:
    label, rows = cells["label"].astype(np.int64), cells["n"].astype(np.float64)
    decisions = _sums(label * 3 + cells["decision"], rows, size=9)
    valid = cells["at"] >= 0
    k = len(edges) + 1
    at, kind, n = label[valid] * k + cells["at"][valid], label[valid], rows[valid]
    chosen = cells["decision"][valid].astype(np.int64) * k + cells["at"][valid]
    # With one score per cell its sums follow from the count, the same on every run.
    total = n * cells["value"][valid] if exact else cells["total"][valid]
    squares = total * cells["value"][valid] if exact else cells["squares"][valid]
    return BinaryTally(
        edges=edges,
        decisions=decisions.reshape(3, 3).astype(np.int64),
        scores=_sums(at, n, size=3 * k).reshape(3, k).astype(np.int64),
        score_sums=_sums(at, total, size=3 * k).reshape(3, k),
        decided=_sums(chosen, n, size=3 * k).reshape(3, k).astype(np.int64),
        score_squares=_sums(kind, squares, size=3),
        log_losses=_sums(kind, cells["losses"][valid], size=3),
        exact=exact,
        invalid_scores=int(rows[~valid].sum()) if scored else 0,
    )


def _sums(at: NDArray[np.int64], weights: NDArray[Any], *, size: int) -> FloatArray:
    return np.bincount(at, weights=weights, minlength=size).astype(np.float64)
