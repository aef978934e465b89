"""How numbers become bands with names, so that they cut rows like any other groups."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from lifecycle.engines.contract import Column, Kind, Source
from lifecycle.engines.reading import identifier, quote


def banded(source: Source, column: str, *, bounds: Sequence[float]) -> Source:
    """Replace a column's numbers by the names of their bands; each holds its lower bound."""
    name, kept = identifier(column), source.column(column)
    names = [f"under {bounds[0]:g}"]
    names += [f"{low:g} to under {high:g}" for low, high in pairwise(bounds)]
    cases = " ".join(
        f"WHEN {name} < {bound!r} THEN {quote(band)}"
        for bound, band in zip(map(float, bounds), names, strict=True)
    )
    last = quote(f"{bounds[-1]:g} and more")
    unknown = f"{name} IS NULL OR isnan(CAST({name} AS DOUBLE))"
    band = f"CASE WHEN {unknown} THEN NULL {cases} ELSE {last} END AS {name}"
    return replace(
        source,
        relation=f"(SELECT * REPLACE ({band}) FROM {source.relation})",
        columns=tuple(
            Column(column, "VARCHAR", Kind.CATEGORICAL) if c is kept else c for c in source.columns
        ),
    )
