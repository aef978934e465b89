"""How far have the columns moved together: what no column shows by itself.

The domain classifier and the discrepancy look at rows drawn from each window; for the
reconstruction error a pass projects every row. Nothing else of the rows is held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import add

import numpy as np

from lifecycle.adapters.domain_classifier import held_out_scores
from lifecycle.domain.measurement import Window
from lifecycle.engines import Engine
from lifecycle.engines.contract import NO_WINDOW, Drawn, Source
from lifecycle.engines.windows import Windowing, window_at
from lifecycle.errors import InsufficientData
from lifecycle.services.analysis.result import Draft
from lifecycle.stats import catalogue
from lifecycle.stats.drift import reconstruction
from lifecycle.stats.drift.numbers import deviation
from lifecycle.stats.drift.reconstruction import ErrorSums, Projection
from lifecycle.stats.inference import Estimate, nothing
from lifecycle.stats.summaries import CategoryProfile, FloatArray, NumericProfile, Profile

SAMPLE = {"classifier_auc": 50_000, "mmd": 5_000}
"""Rows of a side that a statistic looks at; more change its last digits and cost minutes."""

CHUNKS = 10
"""Parts of the reference whose own errors say how far an unchanged window strays."""

SPREADS = 3.0
"""Standard deviations of those parts that make the limit."""

TOP = 10
"""Categories of a column that the discrepancy tells apart; the rest count as one."""

NO_ERRORS = ErrorSums(0, 0.0, 0.0)
FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """The columns that are looked at together, as the reference knows them: numbers first."""

    numbers: Mapping[str, NumericProfile]
    categories: Mapping[str, CategoryProfile]

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """The values of each categorical column that have a code."""
        return {name: profile.categories for name, profile in self.categories.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """What is kept of one side by window, and of its parts in row order."""

    samples: Mapping[Window | None, Drawn]
    errors: Mapping[Window | None, ErrorSums]
    parts: Sequence[ErrorSums]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """How rows are looked at: which columns, how many are kept, and onto what they are projected.

    Parameters
    ----------
    onto
        ``None`` where nothing is projected.
    """

    engine: Engine
    space: Space
    size: int
    onto: Projection | None
    rng: np.random.Generator


def measure_together(
    engine: Engine,
    *,
    reference: Source,
    current: Source,
    references: Mapping[str, Profile],
    names: Sequence[str],
    windowing: Windowing | None,
    limits: Mapping[str, float],
    confidence: float,
    seed: int,
) -> list[Draft]:
    """Measure statistics of all columns together, per window of the current rows.

    Parameters
    ----------
    references
        The reference's profile of each column to look at.
    names
        Of the catalogue's multivariate statistics.
    limits
        By statistic; what the reference's own parts teach, or the house default, otherwise.
    """
    space = _space(references)
    onto, why = None, None
    if "reconstruction_error" in names:
        try:
            onto = _projection(engine, reference, space)
        except InsufficientData as error:
            why = str(error)
    size = max((SAMPLE.get(name, 0) for name in names), default=0)
    look = _Look(engine, space, size, onto, np.random.default_rng(seed))
    before = _seen(look, reference, windowing=None)
    now = _seen(look, current, windowing=windowing)
    drafts: list[Draft] = []
    for window in sorted(now.samples, key=lambda w: w.start if w else FIRST):
        for name in names:
            statistic = catalogue.get(name)
            if name == "reconstruction_error":
                found = _reconstruction(before, now, window=window, why=why, level=confidence)
                learned = _learned(before)
            else:
                pair = (before.samples[None], now.samples[window])
                found, learned = _sampled(look, *pair, name=name, level=confidence), 0.0
            limit = limits.get(name, max(learned, statistic.limit or 0.0))
            drafts.append(Draft(statistic, found, window=window, limit=limit))
    return drafts


def _space(references: Mapping[str, Profile]) -> Space:
    return Space(
        {n: p for n, p in references.items() if isinstance(p, NumericProfile)},
        {n: p for n, p in references.items() if isinstance(p, CategoryProfile)},
    )


def _reconstruction(
    before: _Side, now: _Side, *, window: Window | None, why: str | None, level: float
) -> Estimate:
    if why is not None:
        return nothing(why, n=now.samples[window].rows, n_reference=before.samples[None].rows)
    measure = catalogue.get("reconstruction_error").measure
    return measure(before.errors[None], now.errors[window], confidence=level)


def _learned(reference: _Side) -> float:
    """Return how far the reference's own parts stray from its mean error, as a share of it."""
    parts = [part.mean for part in reference.parts if part.n]
    whole = float(np.mean(parts)) if parts else 0.0
    if whole <= 0 or len(parts) < CHUNKS:
        return 0.0
    return SPREADS * float(np.std(parts, ddof=1)) / whole


def _sampled(look: _Look, reference: Drawn, current: Drawn, *, name: str, level: float) -> Estimate:
    """Measure a statistic that looks at a sample of rows of both sides."""
    statistic = catalogue.get(name)
    x, y = (side.values[:, : SAMPLE[name]] for side in (reference, current))
    few = min(x.shape[1], y.shape[1])
    if few < statistic.minimum:
        reason = f"{few} rows on a side, at least {statistic.minimum} are needed"
        return nothing(reason, n=y.shape[1], n_reference=x.shape[1])
    if name == "mmd":
        first, second = (_comparable(side, look.space) for side in (x, y))
        return statistic.measure(first, second, rng=look.rng, confidence=level)
    coded = range(len(look.space.numbers), len(x))
    scores = held_out_scores(x.T, y.T, categorical=coded, rng=look.rng)
    return statistic.measure(*scores, confidence=level)


def _seen(look: _Look, source: Source, *, windowing: Windowing | None) -> _Side:
    """Draw rows of a side, and pass over all of them where they are projected."""
    space = look.space
    samples = look.engine.drawn(
        source,
        numbers=list(space.numbers),
        categories=space.known,
        size=look.size,
        rng=look.rng,
        windowing=windowing,
    )
    if look.onto is None:
        return _Side(samples, {}, [])
    return _Side(samples, *_errors(look, source, onto=look.onto, windowing=windowing))


def _errors(
    look: _Look, source: Source, *, onto: Projection, windowing: Windowing | None
) -> tuple[dict[Window | None, ErrorSums], list[ErrorSums]]:
    """Project each row; add up the errors by window, and by part in row order."""
    errors: dict[Window | None, ErrorSums] = {}
    parts = [NO_ERRORS] * CHUNKS
    seen = 0
    for window, values in _batches(look, source, windowing=windowing):
        found = reconstruction.errors(_frequencies(values, look.space), onto=onto)
        errors[window] = errors.get(window, NO_ERRORS) + reconstruction.error_sums(found)
        places = (seen + np.arange(len(found))) * CHUNKS // source.rows
        for part in np.unique(places):
            parts[part] += reconstruction.error_sums(found[places == part])
        seen += values.shape[1]
    return errors, parts


def _batches(
    look: _Look, source: Source, *, windowing: Windowing | None
) -> Iterator[tuple[Window | None, FloatArray]]:
    """Cut batches by window; rows without a time are in none."""
    space = look.space
    for batch in look.engine.batches(
        source, numbers=list(space.numbers), categories=space.known, windowing=windowing
    ):
        if batch.starts is None or windowing is None:
            yield None, batch.values
            continue
        for start in np.unique(batch.starts[batch.starts != NO_WINDOW]):
            window = window_at(int(start), width=windowing.width)
            yield window, batch.values[:, batch.starts == start]


def _projection(engine: Engine, reference: Source, space: Space) -> Projection:
    """Pass over the reference once for its covariance."""
    means = [_centre(profile)[0] for profile in space.numbers.values()]
    pivot = np.array([*means, *(0.0 for _ in space.categories)])
    total = reduce(
        add,
        (
            reconstruction.moments(_frequencies(batch.values, space), pivot=pivot)
            for batch in engine.batches(
                reference, numbers=list(space.numbers), categories=space.known
            )
        ),
    )
    return reconstruction.projection(total, rows=reference.rows)


def _frequencies(values: FloatArray, space: Space) -> FloatArray:
    """Put the reference's share of a category in the place of its code."""
    coded = values.copy() if space.categories else values
    for place, profile in enumerate(space.categories.values(), start=len(space.numbers)):
        shares = np.array([*profile.counts, profile.other, profile.missing]) / max(profile.rows, 1)
        codes = np.where(np.isnan(values[place]), len(shares) - 1, values[place])
        coded[place] = shares[codes.astype(np.intp)]
    return coded


def _comparable(values: FloatArray, space: Space) -> FloatArray:
    """Return rows on comparable scales: numbers in reference deviations, categories as 0 and 1.

    Two different categories are as far apart as two numbers are on average. A missing number
    stands at the reference's mean; a missing category is one of its own.
    """
    parts: list[FloatArray] = []
    for place, profile in enumerate(space.numbers.values()):
        mean, spread = _centre(profile)
        away = (values[place] - mean) / spread if spread else np.zeros(values.shape[1])
        parts.append(np.nan_to_num(away)[None])
    for place in range(len(space.numbers), len(values)):
        codes = np.where(np.isnan(values[place]), -1, np.minimum(values[place], TOP))
        parts.append((codes == np.arange(-1, TOP + 1)[:, None]).astype(np.float64))
    return np.concatenate(parts).T


def _centre(profile: NumericProfile) -> tuple[float, float]:
    return float(profile.sums.sum()) / max(profile.n, 1), deviation(profile)
