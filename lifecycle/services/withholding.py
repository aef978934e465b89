"""What of evidence, windows and counts may be shown today, when small groups must not be.

What was kept stays as it was measured, and the fewest rows of a group that is shown may have been
raised since; so whoever shows the numbers of groups asks here. What is measured from then on has
them hidden before it is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.services.analysis.fairness import JOINT
from lifecycle.services.analysis.fairness.notices import APART
from lifecycle.services.analysis.result import uncounted, withheld
from lifecycle.services.measuring.watch import SHOWN_FROM
from lifecycle.stats import catalogue
from lifecycle.stats.fairness import MINIMUM
from lifecycle.stats.fairness.suppression import Cell, suppressed
from lifecycle.store import measurements
from lifecycle.store.connection import Connection

GAPS = frozenset(gap.name for gap in (*catalogue.FAIRNESS_GAPS, *catalogue.FAIRNESS_MEANS))
"""What compares the groups of an attribute, which is its column."""

Group = frozenset[tuple[str, str]]
Sizes = Iterable[tuple[Mapping[str, str], int | None]]
"""Groups with their rows; ``None`` where a group was hidden when it was measured."""


def shown(kept: Evidence, *, shown_from: int) -> tuple[Measurement, ...]:
    """Return the measurements of evidence without what would show a small group.

    Parameters
    ----------
    shown_from
        Fewest rows of a group that is shown; 0 shows all.

    Notes
    -----
    A group's rows are the most that any of its rates stands on. A gap over hidden groups loses its
    rows; if groups so small entered it, all of it is withheld.
    """
    if kept.purpose is Purpose.MITIGATION and shown_from > MINIMUM:
        # It keeps no group's rows, so a gap may stand on a group as small as may enter one.
        return tuple(
            one if one.column is None else withheld(one, k=shown_from, secondary=True)
            for one in kept.measurements
        )
    if kept.purpose is not Purpose.FAIRNESS or shown_from <= _already(kept):
        return kept.measurements
    sizes = [(m.slice, m.n) for m in kept.measurements if m.column is None]
    hidden = _hidden(sizes, k=shown_from)
    compared_from = _setting(kept, "minimum_group", otherwise=MINIMUM)
    return tuple(
        _seen(one, hidden=hidden, k=shown_from, compared_from=compared_from)
        for one in kept.measurements
    )


def history(
    con: Connection, version_id: str, *, shown_from: int, **chosen: Any
) -> list[Measurement]:
    """Return what monitoring measured, as `measurements.history` does, without small groups.

    What a run measures hides them as the workspace says then; it may say more since.
    """
    found = measurements.history(con, version_id, **chosen)
    series = chosen.get("series")
    return _without(con, version_id, found, shown_from=shown_from, series=series)


def standing(con: Connection, version_id: str, *, shown_from: int) -> list[Measurement]:
    """Return what every series last showed, as `measurements.standing` does, likewise."""
    found = measurements.standing(con, version_id)
    return _without(con, version_id, found, shown_from=shown_from)


def _without(
    con: Connection,
    version_id: str,
    found: list[Measurement],
    *,
    shown_from: int,
    series: int | None = None,
) -> list[Measurement]:
    if shown_from <= SHOWN_FROM:
        return found
    sizes = measurements.sizes(con, version_id, without=GAPS, series=series)
    hidden = {window: _hidden(of, k=shown_from) for window, of in sizes.items()}
    return [_of_window(one, hidden=hidden, k=shown_from) for one in found]


def counted(
    found: Sequence[Measurement], *, sizes: Sizes, shown_from: int
) -> tuple[Measurement, ...]:
    """Return what was measured of groups just counted, without those of too few rows."""
    least = max(shown_from, SHOWN_FROM)
    hidden = _hidden(sizes, k=least)
    return tuple(_of_slice(one, hidden=hidden, k=least) for one in found)


def told(kept: Evidence, *, shown_from: int) -> list[str]:
    """Return what evidence tells in sentences, without those that count small groups."""
    found = [
        str(one)
        for said in (kept.payload.get("findings"), kept.payload.get("notices"))
        for one in (said if isinstance(said, list | tuple) else ())
    ]
    if kept.purpose is not Purpose.FAIRNESS or shown_from <= _already(kept):
        return found
    return [one for one in found if not one.startswith("group ") and not one.endswith(APART)]


def _already(kept: Evidence) -> int:
    """Return from how many rows on groups were shown when it was measured."""
    return _setting(kept, "suppress_below", otherwise=0)


def _setting(kept: Evidence, name: str, *, otherwise: int) -> int:
    settings = kept.method.get("settings")
    found = settings.get(name) if isinstance(settings, Mapping) else None
    return found if isinstance(found, int) else otherwise


def _hidden(sizes: Sizes, *, k: int) -> dict[Group, bool]:
    """Choose the groups to hide, those that are hidden already among them."""
    rows: dict[tuple[str, ...], dict[Cell, int]] = {}
    gone: dict[tuple[str, ...], set[Cell]] = {}
    for group, n in sizes:
        if not group:
            continue
        names = tuple(sorted(group))
        cell = tuple(group[name] for name in names)
        of = rows.setdefault(names, {})
        of[cell] = max(of.get(cell, 0), n or 0)
        if n is None:
            gone.setdefault(names, set()).add(cell)
    found: dict[Group, bool] = {}
    for names in sorted(rows, key=len):
        covered = {
            cell
            for cell in rows[names]
            if any(one < frozenset(zip(names, cell, strict=True)) for one in found)
        }
        also = covered | gone.get(names, set())
        for cell, secondary in suppressed(rows[names], k=k, also=also).items():
            found[frozenset(zip(names, cell, strict=True))] = secondary
    return found


def _of_window(
    one: Measurement, *, hidden: Mapping[Window, Mapping[Group, bool]], k: int
) -> Measurement:
    of = hidden.get(one.window, {}) if one.window else {}
    seen = _of_slice(one, hidden=of, k=k)
    if seen is not one or one.statistic not in GAPS:
        return seen
    return _seen(one, hidden=of, k=k, compared_from=MINIMUM)


def _of_slice(one: Measurement, *, hidden: Mapping[Group, bool], k: int) -> Measurement:
    """Take the number from whatever is about a hidden group, also from how its columns moved."""
    of = frozenset(one.slice.items())
    hide = of in hidden and (one.n is not None or one.value is not None)
    return withheld(one, k=k, secondary=hidden[of]) if hide else one


def _seen(
    one: Measurement, *, hidden: Mapping[Group, bool], k: int, compared_from: int
) -> Measurement:
    """Take from a measurement what would show a hidden group."""
    of = frozenset(one.slice.items())
    if one.column is None:
        hide = of in hidden and one.n is not None
        return withheld(one, k=k, secondary=hidden[of]) if hide else one
    compared = {*one.slice, *one.column.split(JOINT)}
    among = [
        also
        for group, also in hidden.items()
        if of <= group and {name for name, _ in group} == compared
    ]
    if not among:
        return one
    return uncounted(one) if k <= compared_from else withheld(one, k=k, secondary=all(among))
