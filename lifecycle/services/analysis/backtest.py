"""What was an estimate worth, where outcomes are known by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lifecycle.domain.measurement import Window
from lifecycle.services.analysis.result import window_json
from lifecycle.stats.catalogue import Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.performance.past_error import Outcome, past_error

SIDES = ("current", "reference")


@dataclass(frozen=True, slots=True)
class Tested:
    """One estimate beside what was realised for the same rows.

    Parameters
    ----------
    side
        ``current``, or ``reference`` where each window was estimated from the others.
    """

    side: str
    statistic: Statistic
    slice: Mapping[str, str]
    window: Window | None
    estimated: Estimate
    realised: Estimate

    @property
    def outcome(self) -> Outcome | None:
        """The pair as the estimator's own error counts it; ``None`` where a value is missing."""
        if self.estimated.value is None or self.realised.value is None:
            return None
        return Outcome(self.estimated.value, self.estimated.interval, self.realised.value)


def missed(tested: Sequence[Tested]) -> Mapping[tuple[str, Window | None, str], str]:
    """Say by statistic, window and slice where the current side's estimate was wrong."""
    return {
        key(one.statistic.name, one.window, one.slice): f"realised {one.realised.value:.4g}, "
        "outside the band of the estimate"
        for one in tested
        if one.side == "current" and one.outcome is not None and one.outcome.missed
    }


def key(
    statistic: str,
    window: Window | None,
    slice: Mapping[str, str],  # noqa: A002 -- the domain's word
) -> tuple[str, Window | None, str]:
    """Return what tells one estimate of a run from the others."""
    return statistic, window, " ".join(slice.values())


def sentences(tested: Sequence[Tested]) -> list[str]:
    """Say per side how far estimates were off, where outcomes are known by now."""
    told: list[str] = []
    for side in SIDES:
        names = _names(tested)
        found = {name: past_error(_outcomes(tested, side=side, statistic=name)) for name in names}
        known = {name: error for name, error in found.items() if error is not None}
        each = [
            f"{name} {error.mean_absolute:.4g}"
            + ("" if error.covered is None else f" (inside its band: {error.covered:.0%})")
            for name, error in known.items()
        ]
        if each:
            windows = max(error.windows for error in known.values())
            told.append(
                f"own error of the estimate on the {side}, mean over {windows} windows with "
                f"outcomes: {', '.join(each)}"
            )
    return told


def as_details(tested: Sequence[Tested]) -> dict[str, object]:
    """Return every pair, and the estimator's own error by side and statistic, for the JSON."""
    return {
        "own_error": [
            {"on": side, "statistic": name} | summed
            for side in SIDES
            for name in _names(tested)
            if (summed := _own_error(tested, side=side, statistic=name))
        ],
        "backtest": [_pair(one) for one in tested if one.outcome is not None],
    }


def _names(tested: Sequence[Tested]) -> list[str]:
    return list(dict.fromkeys(one.statistic.name for one in tested))


def _outcomes(tested: Sequence[Tested], *, side: str, statistic: str) -> list[Outcome]:
    mine = [one for one in tested if one.side == side and one.statistic.name == statistic]
    return [one.outcome for one in mine if one.outcome is not None]


def _own_error(tested: Sequence[Tested], *, side: str, statistic: str) -> dict[str, object]:
    found = past_error(_outcomes(tested, side=side, statistic=statistic))
    if found is None:
        return {}
    covered = found.covered_interval
    return {
        "windows": found.windows,
        "mean_absolute": found.mean_absolute,
        "bias": found.bias,
        "worst": found.worst,
        "covered": found.covered,
        "covered_interval": list(covered) if covered else None,
    }


def _pair(one: Tested) -> dict[str, object]:
    outcome, realised = one.outcome, one.realised
    return {
        "on": one.side,
        "statistic": one.statistic.name,
        "slice": dict(one.slice),
        "window": window_json(one.window),
        "estimated": one.estimated.value,
        "interval": list(one.estimated.interval) if one.estimated.interval else None,
        "realised": realised.value,
        "realised_interval": list(realised.interval) if realised.interval else None,
        "n": realised.n,
        "error": outcome.error if outcome else None,
        "missed": outcome.missed if outcome else None,
    }
