"""Which small groups must not be shown, so that nobody is found in them or found by subtraction.

A group of fewer than k people is hidden. Where a total is shown and all but one of its parts are,
the hidden part is the total less the rest; so a line with one hidden cell gets a second one.
"""

from collections.abc import Collection, Mapping

Cell = tuple[str, ...]
"""The value of each attribute, in one order for all cells."""


def suppressed(
    counts: Mapping[Cell, int], *, k: int, also: Collection[Cell] = ()
) -> dict[Cell, bool]:
    """Choose the cells to hide.

    Parameters
    ----------
    counts
        Rows per cell; cells that differ in one attribute alone add up to a total that is shown.
    k
        Fewest rows to show; 0 or 1 hides nothing.
    also
        Cells that are hidden in any case, to protect others.

    Returns
    -------
    dict
        By hidden cell, whether it only protects another one. Secondary cells are the smallest of
        their line, which hides least, though not always least overall.

    Notes
    -----
    Source: Cox (1980), doi:10.1080/01621459.1980.10477481, on complementary suppression.
    """
    hidden = dict.fromkeys(also, True)
    hidden |= {cell: False for cell, rows in counts.items() if 0 < rows < k}
    lines: dict[tuple[int, Cell], list[Cell]] = {}
    for cell in sorted(counts):
        for axis in range(len(cell)):
            lines.setdefault((axis, (*cell[:axis], *cell[axis + 1 :])), []).append(cell)
    changed = bool(hidden)
    while changed:
        changed = False
        for line in lines.values():
            inside = [cell for cell in line if cell in hidden]
            open_ = [cell for cell in line if cell not in hidden and counts[cell] > 0]
            if open_ and inside and (len(inside) == 1 or sum(counts[c] for c in inside) < k):
                smallest = min(open_, key=lambda cell: (counts[cell], cell))
                hidden[smallest] = changed = True
    return hidden
