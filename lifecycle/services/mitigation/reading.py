"""What a frontier holds: its points with what was measured of each, read from the evidence."""

from collections.abc import Iterable, Mapping
from typing import Any

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.stats import fairness
from lifecycle.store import evidence
from lifecycle.store.connection import Connection

DISPARITY = {
    "demographic_parity": fairness.demographic_parity_difference,
    "equalized_odds": fairness.equalized_odds_difference,
}
"""The gap each constraint narrows."""

POINT = "point"
"""The key of a point's name in its measurements' slices."""


def frontier(con: Connection, evidence_id: str) -> Evidence:
    """Return evidence that holds a frontier.

    Raises
    ------
    InvalidInput
        It holds something else.
    """
    kept = evidence.get(con, evidence_id)
    if kept.purpose is not Purpose.MITIGATION:
        raise InvalidInput(f"{evidence_id} is {kept.purpose} evidence and holds no frontier")
    return kept


def frontiers(con: Connection, version_id: str) -> list[Evidence]:
    """Return a version's frontiers, newest first."""
    return evidence.of_version(con, version_id, Purpose.MITIGATION)


def points(kept: Evidence) -> list[Mapping[str, Any]]:
    """Return the ways of a frontier: name, method, strength, warning and files of each."""
    found = kept.payload.get("points")
    return list(found) if isinstance(found, list | tuple) else []


def notices(kept: Evidence) -> list[str]:
    """Return what was left out of a frontier and why, a sentence each."""
    found = kept.payload.get("notices")
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def named(kept: Evidence, name: str) -> Mapping[str, Any]:
    """Return one way of a frontier.

    Raises
    ------
    NotFound
        The frontier has none of that name.
    """
    known = {str(one["name"]): one for one in points(kept)}
    if name not in known:
        raise NotFound(f"{kept.id} has no point {name!r}; there is: {', '.join(known)}")
    return known[name]


def measured(given: Iterable[Measurement]) -> dict[str, tuple[Measurement, Measurement]]:
    """Return each way's accuracy and its gap, of what a frontier's evidence may show."""
    by_point: dict[str, list[Measurement]] = {}
    for one in given:
        by_point.setdefault(one.slice[POINT], []).append(one)
    return {name: (found[0], found[1]) for name, found in by_point.items()}


def runs_as(found: Mapping[str, Any]) -> str:
    """Say in a sentence's part what a registered point runs as."""
    held = "no file" if found.get("artifact") is None else "the version's own model file"
    if found.get("artifact") and found.get("features"):
        held = f"a model file of its own ({found['bytes']:,} bytes)"
    if found.get("thresholds"):
        held += ", with thresholds by group"
    return f"{held}: {found['no_file']}" if found.get("no_file") else held
