"""Whether a rerun gives the same numbers, and if not, what is different about it."""

from collections.abc import Iterable, Mapping
from math import isclose

from lifecycle.domain.evidence import Evidence
from lifecycle.domain.measurement import Measurement

CLOCKED = frozenset({"scoring_latency", "scoring_memory"})
"""What the machine decides as much as the model; nobody expects the same number again."""

DIGITS = 1e-9
"""Relative distance up to which two numbers are the same; sums may be taken in another order."""

DECIDES = (
    "lifecycle",
    "python",
    "seed",
    "data_sha256",
    "sensitive_sha256",
    "rows",
    "code_commit",
    "artifact",
)


def reproduction(
    earlier: Evidence, now: Iterable[Measurement], *, method: Mapping[str, object]
) -> dict[str, object]:
    """Compare a rerun with the evidence it repeats.

    Returns
    -------
    dict
        ``of``, ``reproduced``, ``compared``, ``differences`` (a sentence each) and ``because``
        (what decides the numbers and is not the same), as JSON values.
    """
    before = {_key(m): m.value for m in earlier.measurements if m.statistic not in CLOCKED}
    after = {_key(m): m.value for m in now if m.statistic not in CLOCKED}
    differences = [
        f"{' '.join(key).strip()}: {_said(before.get(key))} before, {_said(after.get(key))} now"
        for key in sorted({*before, *after})
        if not _same(before.get(key), after.get(key))
    ]
    because = changed(earlier.method, method)
    if differences and not because:
        because = ["nothing on record differs: the model or a library is not deterministic"]
    return {
        "of": earlier.id,
        "reproduced": not differences,
        "compared": len({*before, *after}),
        "differences": differences,
        "because": because,
    }


def changed(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """List what decides the numbers of an assessment and is not the same in two methods."""
    found = [
        f"{name}: {_said(before.get(name))} before, {_said(now.get(name))} now"
        for name in DECIDES
        if before.get(name) != now.get(name)
    ]
    old, new = (_libraries(side) for side in (before, now))
    return found + [
        f"{name}: {old.get(name, 'absent')} before, {new.get(name, 'absent')} now"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _libraries(method: Mapping[str, object]) -> dict[str, str]:
    held = method.get("libraries")
    return {str(k): str(v) for k, v in held.items()} if isinstance(held, Mapping) else {}


def _key(m: Measurement) -> tuple[str, str, str]:
    where = ", ".join(f"{k} {v}" for k, v in sorted(m.slice.items()))
    return m.statistic, m.column or "", where


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=DIGITS, abs_tol=DIGITS)


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
