"""A reference, counted once and kept like days of a log: as a whole by day, and by slice.

Beside a version's own days stand those of its reference, so that windows can be compared, slices
found and limits learned without opening the snapshot again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lifecycle.domain.dataset import ColumnRole, Snapshot
from lifecycle.engines import Engine
from lifecycle.engines.contract import Grouping, Kind
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.services.measuring.scores import rebin
from lifecycle.services.measuring.watch import ALL_ROWS, slice_of
from lifecycle.services.monitoring.counting import Plan, reference_slices
from lifecycle.services.monitoring.reference import Reference
from lifecycle.stats.summaries import BinaryTally, FloatArray, Profile, Tally, merge
from lifecycle.store import profiles, tallies
from lifecycle.store.cells import slice_key
from lifecycle.store.connection import Connection

UNDATED = date(1970, 1, 1)
"""The day of rows whose time is not asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A reference as it was counted.

    Parameters
    ----------
    days
        All rows by column and day, oldest first; one day `UNDATED` where rows have no times.
    slices
        By slice and column.
    tallies
        Outcomes by slice, all rows among them; none where the reference holds no answers.
    """

    days: Mapping[str, Mapping[date, Profile]]
    slices: Mapping[str, Mapping[str, Profile]]
    tallies: Mapping[str, Tally]

    @property
    def dated(self) -> bool:
        """Whether rows were counted by their day."""
        return any(day != UNDATED for days in self.days.values() for day in days)

    def profiles(self, *, segments: tuple[str, ...] = ()) -> dict[str, dict[str, Profile]]:
        """Return the profiles of all rows, and of the groups of some columns, by slice."""
        whole = {name: _total(days) for name, days in self.days.items()}
        apart = {k: dict(c) for k, c in self.slices.items() if {*slice_of(k)} <= {*segments}}
        return {ALL_ROWS: whole, **apart}


def count(
    engine: Engine,
    found: Reference,
    *,
    snapshot: Snapshot,
    plan: Plan,
) -> Baseline:
    """Count a reference as days of the log are: by day where it has times, and by slice."""
    source = found.source
    timed = [*snapshot.named(ColumnRole.TIMESTAMP), plan.version.columns.timestamp]
    stamp = next((name for name in timed if name in source.names), None)
    dated = stamp is not None and source.column(stamp).kind is Kind.TEMPORAL
    by_day = Windowing(stamp, parse_width("1d")) if stamp is not None and dated else None
    groupings = [Grouping((name,)) for name in plan.levels if name in source.names]
    days: dict[str, dict[date, Profile]] = {}
    for name, like in plan.profiles.items():
        days[name] = {UNDATED: like}
        if by_day is not None and name in found.columns:
            column, _ = found.columns[name]
            windows = engine.profile(source, column, like=like, windowing=by_day)
            dates = {w.start.date() if w else UNDATED: c.profile for w, c in windows.items()}
            days[name] = dict(sorted(dates.items()))
    compared = {name: like for name, like in plan.profiles.items() if name in found.columns}
    slices = reference_slices(engine, found, profiles=compared, levels=plan.levels)
    return Baseline(days, slices, _tallies(found, groupings, plan=plan))


def _tallies(found: Reference, groupings: list[Grouping], *, plan: Plan) -> dict[str, Tally]:
    if found.tally is None or found.answers is None:
        return {}
    by_slice = {slice_key(one.slice): one.tally for one in found.answers(groupings, plan.levels)}
    return {
        key: rebin(tally, edges=plan.edges) if isinstance(tally, BinaryTally) else tally
        for key, tally in {ALL_ROWS: found.tally, **by_slice}.items()
    }


def keep(tx: Connection, version_id: str, baseline: Baseline, *, edges: FloatArray) -> None:
    """Keep a counted reference in the place of the one before."""
    key = key_of(version_id)
    profiles.set_binnings(tx, key, list(profiles.binnings(tx, version_id).values()))
    tallies.set_score_edges(tx, key, edges)
    whole = {(d, n, ALL_ROWS): p for n, days in baseline.days.items() for d, p in days.items()}
    cut = {(UNDATED, n, k): p for k, columns in baseline.slices.items() for n, p in columns.items()}
    before = [day for days in profiles.daily(tx, key).values() for day, _ in days]
    days = [*{day for day, _, _ in whole}, UNDATED, *before]
    profiles.replace_days(tx, key, days, whole | cut)
    tallies.replace_days(tx, key, days, {(UNDATED, k): t for k, t in baseline.tallies.items()})


def kept(con: Connection, version_id: str) -> Baseline | None:
    """Return the reference as it was counted, if it was."""
    key = key_of(version_id)
    by_slice = profiles.by_slice(con, key)
    if ALL_ROWS not in by_slice:
        return None
    days = {name: dict(found) for name, found in by_slice.pop(ALL_ROWS).items()}
    slices = {k: {n: p for n, ((_, p),) in columns.items()} for k, columns in by_slice.items()}
    counted = {k: tally for k, ((_, tally),) in tallies.daily(con, key).items()}
    return Baseline(days, slices, counted)


def _total(days: Mapping[date, Profile]) -> Profile:
    """Add up the days of one column; all of them are profiles of one kind."""
    parts: list[Any] = list(days.values())
    return merge(parts)


def key_of(version_id: str) -> str:
    """Return under which version's name the reference's summaries are kept."""
    return f"{version_id}@reference"
