"""Does the model still lean on the same columns: its explanations, compared with the first one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, Window
from lifecycle.domain.model import Version
from lifecycle.domain.monitor import Monitor
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.stats import catalogue
from lifecycle.stats.drift.explanations import Importance
from lifecycle.stats.inference import CONFIDENCE, normal_quantile
from lifecycle.store import evidence
from lifecycle.store.connection import Connection


def baseline(kept: Sequence[Evidence], *, version: Version) -> Evidence | None:
    """Choose what explanations are compared with: the first on the reference, or the first.

    Parameters
    ----------
    kept
        Explanations of a version, newest first.
    """
    oldest = list(reversed(kept))
    on_reference = [one for one in oldest if one.snapshot_id == version.reference]
    return next(iter([*on_reference, *oldest]), None)


def history(con: Connection, version: Version) -> list[tuple[Evidence, tuple[Measurement, ...]]]:
    """Compare every explanation of a version with its first one, newest first."""
    kept = evidence.of_version(con, version.id, Purpose.EXPLANATION)
    first = baseline(kept, version=version)
    return [(one, between(first, one)) for one in kept if first is not None and one is not first]


class Explained(Protocol):
    """An explanation, kept as evidence or of the rows of a window."""

    @property
    def method(self) -> Mapping[str, object]:
        """How it was computed: ``output_space`` and ``n`` among others."""
        ...

    @property
    def payload(self) -> Mapping[str, object]:
        """The numbers: ``columns`` among others."""
        ...


def between(
    reference: Explained,
    current: Explained,
    *,
    monitor: Monitor | None = None,
    window: Window | None = None,
) -> tuple[Measurement, ...]:
    """Compare two explanations: of two times, two snapshots or two versions.

    Parameters
    ----------
    monitor
        Whose limits hold; the house's otherwise.
    window
        What the current one is of.

    Raises
    ------
    InvalidInput
        They are in different spaces, such as probability and log-odds.
    """
    spaces = {str(one.method.get("output_space")) for one in (reference, current)}
    if len(spaces) > 1:
        raise InvalidInput(f"explanations in {' and '.join(sorted(spaces))} cannot be compared")
    sides = [_values(one) for one in (reference, current)]
    names = list(dict.fromkeys(name for side in sides for name in side))
    before, now = (
        _importance(one, names=names, values=side)
        for one, side in zip((reference, current), sides, strict=True)
    )
    drafts = [
        Draft(
            statistic,
            statistic.measure(before, now),
            window=window,
            limit=statistic.limit
            if monitor is None
            else monitor.limit(statistic.name, column=None, otherwise=statistic.limit),
        )
        for statistic in catalogue.EXPLANATIONS
    ]
    measured, _ = finish(drafts)
    return measured


def _values(given: Explained) -> dict[str, Mapping[str, Any]]:
    columns = cast("list[Mapping[str, Any]]", given.payload["columns"])
    return {str(column["column"]): column for column in columns}


def _importance(
    given: Explained, *, names: Sequence[str], values: Mapping[str, Mapping[str, Any]]
) -> Importance:
    """Read mean absolute SHAP values; a column that a side does not know moves nothing there."""
    z = normal_quantile(CONFIDENCE)
    bounds = [values.get(name, {"value": 0.0, "interval": (0.0, 0.0)}) for name in names]
    return Importance(
        values=np.array([float(one["value"]) for one in bounds]),
        errors=np.array([(one["interval"][1] - one["interval"][0]) / (2 * z) for one in bounds]),
        n=int(cast("int", given.method["n"])),
    )


def shares(given: Explained | None) -> dict[str, float]:
    """Return each column's share in a model's output, 0 to 1; none without an explanation."""
    values = {} if given is None else {n: float(c["value"]) for n, c in _values(given).items()}
    total = sum(values.values())
    return {name: value / total for name, value in values.items()} if total > 0 else {}
