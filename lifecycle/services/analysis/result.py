"""What an analysis hands back, and how its estimates become judged measurements."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import lifecycle
from lifecycle.domain.measurement import Measurement, State, Window, verdict
from lifecycle.engines.contract import Source
from lifecycle.errors import InvalidInput
from lifecycle.stats.catalogue import Statistic
from lifecycle.stats.inference import Estimate, benjamini_hochberg, bonferroni

CORRECTIONS = {"bh": benjamini_hochberg, "bonferroni": bonferroni, "none": list[float]}
"""How the p-values of one run are adjusted for being many."""


@dataclass(frozen=True, slots=True)
class Input:
    """One side of an analysis: rows counted after filters, and the hash of the files' bytes."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one analysis found.

    Parameters
    ----------
    settings
        Everything that decides the numbers, with the number of tests corrected for.
    notices
        What was left out or assumed, a sentence each.
    reference_windows
        The reference measured against itself, where a limit was learned from its windows.
    details
        What else the command has to say, by the key it has in the JSON.
    """

    command: str
    inputs: Mapping[str, Input]
    settings: Mapping[str, object]
    measurements: tuple[Measurement, ...]
    verdict: State
    notices: tuple[str, ...] = ()
    reference_windows: tuple[Measurement, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Draft:
    """An estimate and what it is about, before the family of tests is known.

    Parameters
    ----------
    limit
        The limit to judge against; ``None`` to report without judging.
    minimum
        Fewest observations to judge on; the statistic's own when ``None``.
    filtered
        Whether a p-value above alpha keeps a value beyond its limit from being a breach.
    screen
        Why a value beyond its limit is only a warning, where the limit is no verdict.
    """

    statistic: Statistic
    estimate: Estimate
    column: str | None = None
    slice: Mapping[str, str] = field(default_factory=dict[str, str])
    window: Window | None = None
    limit: float | None = None
    minimum: int | None = None
    filtered: bool = True
    screen: str | None = None


def side(source: Source) -> Input:
    """Describe a source as an input of the result."""
    return Input(rows=source.rows, sha256=source.sha256)


def finish(
    drafts: Sequence[Draft], *, correction: str = "none", alpha: float = 0.05
) -> tuple[tuple[Measurement, ...], int]:
    """Correct the p-values of all drafts together and judge each.

    Returns
    -------
    tuple
        The measurements, in the drafts' order, and the number of tests corrected for.

    Raises
    ------
    InvalidInput
        The correction is unknown.
    """
    if correction not in CORRECTIONS:
        raise InvalidInput(f"correction {correction!r} is not one of {', '.join(CORRECTIONS)}")
    tested = [i for i, draft in enumerate(drafts) if draft.estimate.p_value is not None]
    raw = [p for draft in drafts if (p := draft.estimate.p_value) is not None]
    adjusted = dict(zip(tested, CORRECTIONS[correction](raw), strict=True))
    judged = (_judged(d, p_adjusted=adjusted.get(i), alpha=alpha) for i, d in enumerate(drafts))
    return tuple(judged), len(tested)


def withheld(measured: Measurement, *, k: int, secondary: bool) -> Measurement:
    """Take the number from a group of fewer than k rows, or from one that only protects another."""
    why = (
        "not shown, because a group too small to show could be found from it"
        if secondary
        else f"not shown: fewer than {k} rows"
    )
    return replace(
        measured,
        value=None,
        interval=None,
        confidence=None,
        resolution=None,
        n=None,
        p_value=None,
        p_adjusted=None,
        state=State.INSUFFICIENT,
        reason=why,
    )


def uncounted(measured: Measurement) -> Measurement:
    """Take the number of rows from a gap, so that the groups hidden from it cannot be counted."""
    why = "its rows are not given, because a group too small to show could be counted from them"
    return replace(measured, n=None, reason=together(measured.reason, why))


def together(*reasons: str | None) -> str | None:
    """Join what there is to say about one value; the first comes first."""
    return "; ".join(reason for reason in reasons if reason) or None


def overall(measurements: Iterable[Measurement]) -> State:
    """Return the verdict of a run: insufficient only when nothing could be judged."""
    states = {m.state for m in measurements}
    return verdict(states - {State.INSUFFICIENT, State.NOT_APPLICABLE} or states)


def beyond(value: float, *, limit: float, statistic: Statistic) -> bool:
    """Tell whether a value is on the bad side of its limit."""
    if statistic.better == "higher":
        return value < limit
    return (value if statistic.better == "lower" else abs(value)) > limit


def check_limits(limits: Mapping[str, float], *, measured: Iterable[str]) -> None:
    """Refuse a limit on a statistic that this run does not measure, and one without an end."""
    known = set(measured)
    for name, limit in limits.items():
        if name not in known:
            raise InvalidInput(
                f"limit {name!r} is on a statistic not measured here; measured: "
                f"{', '.join(sorted(known))}"
            )
        if not math.isfinite(limit):
            raise InvalidInput(f"limit {name!r} must be a finite number, not {limit}")


def as_json(result: Result) -> dict[str, object]:
    """Return the result in the shape programs rely on; NaN and infinity never appear."""
    body: dict[str, object] = {
        "lifecycle": lifecycle.__version__,
        "command": result.command,
        "inputs": {
            name: {"rows": given.rows, "sha256": given.sha256}
            for name, given in result.inputs.items()
        },
        "settings": dict(result.settings),
        "measurements": [measurement_json(m) for m in result.measurements],
        "verdict": result.verdict.value,
        "notices": list(result.notices),
    }
    if result.reference_windows:
        body["reference_windows"] = [measurement_json(m) for m in result.reference_windows]
    return body | dict(result.details)


def measurement_json(measured: Measurement) -> dict[str, object]:
    """Return one measurement in that shape."""
    interval = measured.interval
    return {
        "statistic": measured.statistic,
        "column": measured.column,
        "slice": dict(measured.slice),
        "window": window_json(measured.window),
        "value": _finite(measured.value),
        "unit": measured.unit,
        "interval": [_finite(interval[0]), _finite(interval[1])] if interval else None,
        "confidence": measured.confidence,
        "resolution": _finite(measured.resolution),
        "p_value": _finite(measured.p_value),
        "p_adjusted": _finite(measured.p_adjusted),
        "n_reference": measured.n_reference,
        "n": measured.n,
        "limit": _finite(measured.limit),
        "state": measured.state.value,
        "reason": measured.reason,
    }


def _judged(draft: Draft, *, p_adjusted: float | None, alpha: float) -> Measurement:
    estimate = draft.estimate
    state, reason = _state(draft, p_adjusted=p_adjusted, alpha=alpha)
    return Measurement(
        statistic=draft.statistic.name,
        value=estimate.value,
        state=state,
        unit=draft.statistic.unit,
        column=draft.column,
        slice=draft.slice,
        window=draft.window,
        interval=estimate.interval,
        confidence=estimate.confidence,
        resolution=estimate.resolution,
        p_value=estimate.p_value,
        p_adjusted=p_adjusted,
        n=estimate.n,
        n_reference=estimate.n_reference,
        limit=draft.limit,
        reason=reason,
    )


def _state(draft: Draft, *, p_adjusted: float | None, alpha: float) -> tuple[State, str | None]:
    """Judge by effect size; chance can only soften a breach, too little data comes before both."""
    estimate, statistic = draft.estimate, draft.statistic
    if estimate.value is None:
        state = State.INSUFFICIENT if estimate.insufficient else State.NOT_APPLICABLE
        return state, estimate.reason
    sizes = [n for n in (estimate.n, estimate.n_reference) if n is not None]
    minimum = statistic.minimum if draft.minimum is None else draft.minimum
    if estimate.insufficient or min(sizes) < minimum:
        needed = f"{min(sizes)} observations, at least {minimum} are needed to judge"
        told = estimate.insufficient and estimate.reason
        return State.INSUFFICIENT, told or together(needed, estimate.reason)
    if draft.limit is None or not beyond(estimate.value, limit=draft.limit, statistic=statistic):
        return State.OK, estimate.reason
    if draft.screen is not None:
        return State.WARNING, together(draft.screen, estimate.reason)
    if draft.filtered and p_adjusted is not None and p_adjusted > alpha:
        chance = f"beyond the limit, but chance would do that too (adjusted p {p_adjusted:.2g})"
        return State.WARNING, together(chance, estimate.reason)
    return State.BREACH, estimate.reason


def window_json(window: Window | None) -> dict[str, str] | None:
    """Return a window in that shape."""
    return {"start": _iso(window.start), "end": _iso(window.end)} if window else None


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


@lru_cache(maxsize=4_096)
def _iso(moment: datetime) -> str:
    """Write a time; those of windows come again with each column and statistic."""
    return moment.isoformat().replace("+00:00", "Z")
