"""What to watch about a version, and against which limits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.monitor import Grain, Monitor
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.result import CORRECTIONS
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family, Statistic
from lifecycle.store import audit, models, monitors
from lifecycle.store.connection import Workspace

FEWEST_BINS = 10
"""The deciles, which some statistics read."""


def define(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    grain: str = "week",
    limits: Mapping[str, float] | None = None,
    drift: Sequence[str] = catalogue.DEFAULT_DRIFT["numeric"],
    categorical: Sequence[str] = catalogue.DEFAULT_DRIFT["categorical"],
    performance: Sequence[str] = (),
    minimum: int = 200,
    bins: int = 64,
    maturity: float = 0.9,
    correction: str = "bh",
    alpha: float = 0.05,
    active: bool = True,
    by: Actor,
    at: datetime,
) -> Monitor:
    """Watch a version, or change how it is watched: that makes the next revision.

    Parameters
    ----------
    grain
        Length of a window: ``day``, ``week`` or ``month``.
    limits
        By statistic; house defaults otherwise.
    performance
        The usual statistics of the model's task when empty.

    Raises
    ------
    InvalidInput
        The version has no reference, or a statistic, limit or number cannot be used.
    NotFound
        There is no such version.
    """
    by.require(Permission.MONITOR)
    length = _grain(grain)
    _check_statistics((*drift, *categorical), family=Family.DRIFT)
    _check_statistics(performance, family=Family.PERFORMANCE)
    chosen = _limits(limits or {})
    _check_numbers(minimum=minimum, bins=bins, maturity=maturity, alpha=alpha)
    if correction not in CORRECTIONS:
        raise InvalidInput(f"correction must be one of {', '.join(CORRECTIONS)}")
    with ws.transaction() as tx:
        watched = models.version(tx, model_id, version)
        if watched.reference is None:
            raise InvalidInput(
                f"{watched.id} has no reference snapshot, so there is nothing to compare with"
            )
        before = monitors.current(tx, watched.id)
        revision = 1 if before is None else before.revision + 1
        monitor = Monitor(
            id=f"{watched.id}#{revision}",
            version_id=watched.id,
            revision=revision,
            created_at=at,
            created_by=by.name,
            grain=length,
            drift=tuple(drift),
            categorical=tuple(categorical),
            performance=tuple(performance),
            limits=chosen,
            minimum=minimum,
            bins=bins,
            maturity=maturity,
            correction=correction,
            alpha=alpha,
            active=active,
        )
        monitors.add(tx, monitor)
        audit.append(tx, _defined(monitor, by=by))
    return monitor


def _grain(grain: str) -> Grain:
    try:
        return Grain(grain)
    except ValueError as error:
        raise InvalidInput(f"grain must be one of {', '.join(Grain)}, not {grain!r}") from error


def _check_statistics(names: Iterable[str], *, family: Family) -> None:
    for name in names:
        found: Statistic = catalogue.get(name)
        if found.family is not family:
            raise InvalidInput(f"{name} measures {found.family}, not {family}")


def _limits(limits: Mapping[str, float]) -> dict[str, float]:
    for name, limit in limits.items():
        catalogue.get(name)
        if not isfinite(limit):
            raise InvalidInput(f"the limit of {name} must be a finite number, not {limit}")
    return {name: float(limit) for name, limit in limits.items()}


def _check_numbers(*, minimum: int, bins: int, maturity: float, alpha: float) -> None:
    if minimum < 1:
        raise InvalidInput(f"minimum must be at least 1 row, not {minimum}")
    if bins < FEWEST_BINS:
        raise InvalidInput(f"bins must be at least {FEWEST_BINS}, not {bins}")
    if not 0 <= maturity <= 1:
        raise InvalidInput(f"maturity must lie between 0 and 1, not {maturity}")
    if not 0 < alpha < 1:
        raise InvalidInput(f"alpha must lie between 0 and 1, not {alpha}")


def _defined(monitor: Monitor, *, by: Actor) -> AuditEvent:
    details = {
        "revision": monitor.revision,
        "grain": monitor.grain,
        "drift": list(monitor.drift),
        "categorical": list(monitor.categorical),
        "performance": list(monitor.performance),
        "limits": dict(monitor.limits),
        "minimum": monitor.minimum,
        "bins": monitor.bins,
        "maturity": monitor.maturity,
        "correction": monitor.correction,
        "alpha": monitor.alpha,
        "active": monitor.active,
    }
    subject = f"version:{monitor.version_id}"
    return AuditEvent(
        "monitor.define", subject, by.name, monitor.created_at, via=by.via, details=details
    )
