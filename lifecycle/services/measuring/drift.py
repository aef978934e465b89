"""How far has each column moved from its reference, in all rows and in every slice."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import Counts, Watch, enough, slice_of
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Needs, Statistic
from lifecycle.stats.summaries import NumericProfile, Profile

if TYPE_CHECKING:
    from lifecycle.stats.drift.sides import OverWindows


def measure(watch: Watch, windows: Sequence[Counts]) -> list[Sequence[Measurement]]:
    """Compare every column of each window with its reference, all windows of a column at once.

    Judged by size alone; chance is asked of a run.
    """
    drafts: list[list[Draft]] = [[] for _ in windows]
    for key, columns in watch.references.items():
        for column, reference in columns.items():
            held = [
                (at, profile)
                for at, counts in enumerate(windows)
                if (profile := counts.profiles.get(key, {}).get(column)) is not None
            ]
            if held and column not in watch.monitor.service_columns:
                places, profiles = zip(*held, strict=True)
                seen = [windows[at] for at in places]
                for statistic in _statistics(watch, reference):
                    made = _drafts(watch, statistic, reference, profiles, seen, at=(key, column))
                    for at, draft in zip(places, made, strict=True):
                        drafts[at].append(draft)
    return [finish(of_window)[0] for of_window in drafts]


def _statistics(watch: Watch, reference: Profile) -> list[Statistic]:
    """Return what the monitor measures of a column of this kind."""
    numeric = isinstance(reference, NumericProfile)
    needs = Needs.NUMERIC if numeric else Needs.CATEGORICAL
    named = watch.monitor.drift if numeric else watch.monitor.categorical
    return [s for s in map(catalogue.get, named) if needs in s.needs]


def _drafts(
    watch: Watch,
    statistic: Statistic,
    reference: Profile,
    profiles: Sequence[Profile],
    windows: Sequence[Counts],
    *,
    at: tuple[str, str],
) -> Iterator[Draft]:
    """Measure one statistic of one column, by slice and name, in several windows."""
    monitor, (key, column) = watch.monitor, at
    learned = watch.learned.get(column, {}).get(statistic.name, statistic.limit)
    limit = monitor.limit(statistic.name, column=column, otherwise=learned)
    # A statistic of a column's drift measures many windows at once.
    found = cast("OverWindows[Any]", statistic.measure).windows(reference, profiles)
    for counts, profile, estimate in zip(windows, profiles, found, strict=True):
        yield Draft(
            statistic=statistic,
            estimate=enough(estimate, rows=profile.rows, minimum=monitor.minimum),
            column=column,
            slice=slice_of(key),
            window=counts.window,
            limit=limit,
            filtered=False,
        )
