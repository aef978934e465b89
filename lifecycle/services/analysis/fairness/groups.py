"""Which groups are compared with each other, with whom, and which of them must not be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import TypeAlias

from lifecycle.engines.contract import MISSING_GROUP, Tallied
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.fairness.options import FairnessOptions
from lifecycle.stats.fairness.suppression import suppressed

Hidden: TypeAlias = Mapping[frozenset[tuple[str, str]], bool]
"""By slice of a group that must not be shown, whether it only protects another one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The groups of one attribute or intersection under one set of control values.

    Parameters
    ----------
    reference
        Position of the group that the others are compared with, if there is one.
    """

    attributes: tuple[str, ...]
    control: Mapping[str, str]
    groups: tuple[Tallied, ...]
    reference: int | None

    def minimum(self, options: FairnessOptions) -> int:
        """Return the fewest rows a group needs to be compared."""
        rows = sum(group.tally.rows for group in self.groups)
        share = ceil(options.minimum_share * rows)
        return max(options.minimum_group, options.suppress, share)


LEFT_OUT = frozenset(
    {
        "unknown",
        "not known",
        "not disclosed",
        "not specified",
        "not stated",
        "declined",
        "declined to answer",
        "prefer not to say",
    }
)
"""Values, in any case, that say as little as none where unknown groups are left out."""


def known(
    tallied: Sequence[Tallied], *, options: FairnessOptions
) -> tuple[tuple[Tallied, ...], tuple[Tallied, ...]]:
    """Part the groups whose attributes are known from those left out for being unknown."""
    if options.unknown == "group":
        return tuple(tallied), ()
    kept: list[Tallied] = []
    out: list[Tallied] = []
    for part in tallied:
        values = (part.slice[name] for name in options.sensitive if name in part.slice)
        unsaid = any(v == MISSING_GROUP or v.strip().casefold() in LEFT_OUT for v in values)
        (out if unsaid else kept).append(part)
    return tuple(kept), tuple(out)


def comparisons(tallied: Sequence[Tallied], *, options: FairnessOptions) -> list[Comparison]:
    """Sort the groups by what they are groups of, and by the control values they share."""
    found: list[Comparison] = []
    for cut in options.cuts[1:]:
        by_control: dict[tuple[str, ...], list[Tallied]] = {}
        for part in tallied:
            if set(part.slice) == {*options.control, *cut}:
                key = tuple(part.slice[column] for column in options.control)
                by_control.setdefault(key, []).append(part)
        for values, groups in by_control.items():
            control = dict(zip(options.control, values, strict=True))
            reference = _reference(groups, attributes=cut, options=options)
            found.append(Comparison(cut, control, tuple(groups), reference))
    return found


def _reference(
    groups: Sequence[Tallied], *, attributes: tuple[str, ...], options: FairnessOptions
) -> int | None:
    """Find the group that the others are compared with, if every attribute names one."""
    named = {a: options.reference_group.get(a) for a in attributes}
    if None in named.values():
        if options.reference_rule == "best":
            return None
        return max(range(len(groups)), key=lambda i: groups[i].tally.rows)
    for position, group in enumerate(groups):
        if all(group.slice[attribute] == value for attribute, value in named.items()):
            return position
    seen = sorted({str(group.slice[a]) for group in groups for a in named})
    raise InvalidInput(
        f"reference group {', '.join(f'{a}={v}' for a, v in named.items())} never occurs; "
        f"groups seen: {', '.join(seen)}"
    )


def hidden(compared: Sequence[Comparison], *, options: FairnessOptions) -> Hidden:
    """Choose the groups not to show.

    A group that is hidden on its own is hidden wherever it is crossed with others.
    """
    found: dict[frozenset[tuple[str, str]], bool] = {}
    for cut in options.cuts[1:]:
        columns = (*options.control, *cut)
        cells = {
            tuple(group.slice[name] for name in columns): group
            for comparison in compared
            if comparison.attributes == cut
            for group in comparison.groups
        }
        wide = [
            (*options.control, *part)
            for size in range(1, len(cut))
            for part in combinations(cut, size)
        ]
        covered = {
            cell
            for cell, group in cells.items()
            if any(frozenset((n, group.slice[n]) for n in part) in found for part in wide)
        }
        counts = {cell: group.tally.rows for cell, group in cells.items()}
        for cell, secondary in suppressed(counts, k=options.suppress, also=covered).items():
            found[frozenset(zip(columns, cell, strict=True))] = secondary
    return found
