"""What of kept evidence may be shown today, when small groups must not be.

Evidence is immutable, and the fewest rows of a group that is shown may have been raised since; so
whoever shows the numbers of groups asks here. What is measured from then on has them hidden before
it is kept.
"""

from collections.abc import Mapping, Sequence

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement
from lifecycle.services.analysis.fairness import JOINT
from lifecycle.services.analysis.fairness.notices import APART
from lifecycle.services.analysis.result import uncounted, withheld
from lifecycle.stats.fairness import MINIMUM
from lifecycle.stats.fairness.suppression import Cell, suppressed

Group = frozenset[tuple[str, str]]


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
    if kept.purpose is not Purpose.FAIRNESS or shown_from <= _already(kept):
        return kept.measurements
    hidden = _hidden(kept.measurements, k=shown_from)
    compared_from = _setting(kept, "minimum_group", otherwise=MINIMUM)
    return tuple(
        _seen(one, hidden=hidden, k=shown_from, compared_from=compared_from)
        for one in kept.measurements
    )


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


def _hidden(measured: Sequence[Measurement], *, k: int) -> dict[Group, bool]:
    """Choose the groups to hide, those that are hidden already among them."""
    rows: dict[tuple[str, ...], dict[Cell, int]] = {}
    gone: dict[tuple[str, ...], set[Cell]] = {}
    for one in measured:
        if one.column is not None or not one.slice:
            continue
        names = tuple(sorted(one.slice))
        cell = tuple(one.slice[name] for name in names)
        of = rows.setdefault(names, {})
        of[cell] = max(of.get(cell, 0), one.n or 0)
        if one.n is None:
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
