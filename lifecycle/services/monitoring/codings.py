"""Which outcomes and answers of a log mean something, and which are coded as nobody knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lifecycle.engines import Engine, rows
from lifecycle.engines.contract import Coding, Grouping, Source
from lifecycle.engines.slicing import Levels
from lifecycle.services.analysis.outcomes import BINARY_CODES
from lifecycle.services.monitoring.reference import DERIVED, LABEL, PREDICTION, Codes
from lifecycle.stats import counting
from lifecycle.stats.summaries import BinaryTally, CategoryProfile, Tally
from lifecycle.store.cells import ALL_ROWS, slice_key

SHOWN = 4
"""Strange values that a sentence names; the rest of them are counted."""


@dataclass(frozen=True, slots=True)
class Strange:
    """Rows of a log with values that the reference does not know.

    Parameters
    ----------
    column
        Of outcomes, or of answers.
    known
        The values that mean something, as a sentence names them.
    values
        Some of those that do not, the most frequent first.
    rows
        How many rows hold such a value, by day and slice.
    """

    column: str
    known: str
    values: tuple[str, ...]
    rows: Mapping[tuple[date, str], int]


def decision_of(engine: Engine, source: Source, *, codes: Codes) -> Coding | None:
    """Say which logged decision is positive: as in the reference, else by its coding."""
    if PREDICTION not in source.names:
        return DERIVED if rows.DECISION in source.names else None
    if codes.decision is not None:
        return codes.decision
    seen = {value for value, _ in engine.values(source, PREDICTION, limit=3)}
    for low, positive in BINARY_CODES:
        if seen <= {low, positive}:
            return Coding(PREDICTION, positive, (low,))
    return codes.label and replace(codes.label, column=PREDICTION)


def strange(
    engine: Engine, source: Source, *, codes: Codes, groupings: Sequence[Grouping], levels: Levels
) -> list[Strange]:
    """Find outcomes and answers of a log that the reference does not know; mostly there are none.

    Parameters
    ----------
    groupings
        By day, some of them by slice as well.
    """
    found: list[Strange] = []
    for column, (values, said) in _known(engine, source, codes=codes).items():
        seen = engine.values(source, column, limit=len(values) + SHOWN)
        others = tuple(value for value, _ in seen if value not in values)
        if not others:
            continue
        like = counting.category_profile([], categories=values)
        counted = engine.profiles(source, column, like=like, groupings=groupings, levels=levels)
        by_day = {
            (part.window.start.date(), slice_key(part.slice)): part.counted.profile.other
            for part in counted
            if part.window and isinstance(part.counted.profile, CategoryProfile)
        }
        found.append(Strange(column, said, others[:SHOWN], by_day))
    return found


def _known(
    engine: Engine, source: Source, *, codes: Codes
) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return by column the values that mean something, and what a sentence calls them."""
    if codes.classes:
        held = [name for name in (LABEL, PREDICTION) if name in source.names]
        return dict.fromkeys(held, (codes.classes, _listed(codes.classes)))
    if codes.label is None:
        return {}
    given = (codes.label, decision_of(engine, source, codes=codes))
    return {
        coding.column: (
            coding.values,
            f"{coding.positive!r} (positive) and {_listed(coding.negatives)} (negative)",
        )
        for coding in given
        if coding is not None and coding.negatives is not None
    }


def marked(tally: Tally, found: Iterable[Strange], *, day: date, key: str) -> Tally:
    """Write into a tally how many of its rows are strange, where it keeps that."""
    if isinstance(tally, BinaryTally):
        for one in found:
            n = one.rows.get((day, key), 0)
            side = {"strange_labels" if one.column == LABEL else "strange_decisions": n}
            tally = replace(tally, **side)
    return tally


def sentences(found: Sequence[Strange], *, label: str) -> list[str]:
    """Name the strange values of a whole log, with their rows."""
    told: list[str] = []
    for column in dict.fromkeys(one.column for one in found):
        mine = [one for one in found if one.column == column]
        n = sum(rows for one in mine for (_, key), rows in one.rows.items() if key == ALL_ROWS)
        values = tuple(dict.fromkeys(value for one in mine for value in one.values))
        what = "an outcome" if column == LABEL else "a decision"
        told.append(
            f"{n} rows of {label} hold {what} such as {_listed(values[:SHOWN])}, where the "
            f"reference knows {mine[0].known}: they count as not known"
        )
    return told


def _listed(values: Sequence[str] | None) -> str:
    shown = [repr(value) for value in (values or ())[:SHOWN]]
    return ", ".join(shown) or "no other value"
