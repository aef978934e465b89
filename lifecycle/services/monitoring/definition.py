"""What to watch about a version, and against which limits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from lifecycle.adapters.schedules import next_time
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.monitor import Comparison, Monitor, ReferenceKind, laid_over, settings_of
from lifecycle.engines.windows import parse_width
from lifecycle.errors import InvalidInput
from lifecycle.services.access.places import require_for
from lifecycle.services.analysis.expectations import expectations_of
from lifecycle.services.analysis.result import CORRECTIONS
from lifecycle.services.analysis.streams import check_detectors
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family
from lifecycle.store import audit, deliveries, models, monitors
from lifecycle.store.connection import Connection, Workspace

FEWEST_BINS = 10
"""The deciles, which some statistics read."""

DAY = 86_400
"""Seconds of a day; windows begin and end with one."""


def define(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    reason: str = "",
    by: Actor,
    at: datetime,
    **settings: Any,
) -> Monitor:
    """Watch a version as the settings say; what is not named gets its default.

    Parameters
    ----------
    reason
        Why; needed when it begins a new series of measurements, because what is compared, the
        grain or the bins differ from the revision before.
    settings
        Fields of `Monitor`, as values of the domain or as JSON values; expectations also as a
        file of expectations holds them.

    Raises
    ------
    InvalidInput
        The version has no reference, or a setting is unknown or cannot be used.
    NotFound
        There is no such version, or no such channel as its alerts should go to.
    """
    given = next_settings(None, settings)
    return _revised(ws, model_id, version, lambda _: given, reason=reason, by=by, at=at)


def change(
    ws: Workspace,
    model_id: str,
    version: str,
    *,
    reason: str = "",
    by: Actor,
    at: datetime,
    **settings: Any,
) -> Monitor:
    """Change some settings of a version's monitor and leave the others as they are.

    Limits, limits of columns and the rule of alerts are changed by name: what is not named in them
    stays, and ``None`` takes a name out.

    Raises
    ------
    InvalidInput
        The version is not watched yet, or as for `define`.
    """

    def merged(before: Monitor | None) -> dict[str, Any]:
        if before is None:
            raise InvalidInput(f"{model_id}/{version} is not watched yet; define its monitor first")
        return next_settings(before, settings)

    return _revised(ws, model_id, version, merged, reason=reason, by=by, at=at)


def _revised(
    ws: Workspace,
    model_id: str,
    version: str,
    settings: Callable[[Monitor | None], Mapping[str, Any]],
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> Monitor:
    """Keep the next revision, whose settings follow from the one before it as it is by then."""
    require_for(ws.cursor(), model_id, Permission.MONITOR, by=by)
    with ws.transaction() as tx:
        before = monitors.current(tx, models.version(tx, model_id, version).id)
        given = settings(before)
        monitor = proposed(tx, model_id, version, given=given, reason=reason, by=by, at=at)
        monitors.add(tx, monitor)
        audit.append(tx, _defined(monitor, by=by))
    return monitor


def next_settings(before: Monitor | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the next revision: those given, laid over the revision before.

    Raises
    ------
    InvalidInput
        A setting is unknown or cannot be used; the sentence names it.
    """
    given = dict(settings)
    if isinstance(given.get("expectations"), Mapping):
        given["expectations"] = expectations_of(given["expectations"], label="expectations")
    kept = {} if before is None else before.settings()
    return settings_of(laid_over(kept, given))


def proposed(
    con: Connection,
    model_id: str,
    version: str,
    *,
    given: Mapping[str, Any],
    reason: str,
    by: Actor,
    at: datetime,
) -> Monitor:
    """Return the revision that settings would make, checked and not kept."""
    watched = models.version(con, model_id, version)
    if watched.reference is None:
        raise InvalidInput(
            f"{watched.id} has no reference snapshot, so there is nothing to compare with"
        )
    before = monitors.current(con, watched.id)
    revision = 1 if before is None else before.revision + 1
    monitor = Monitor(
        id=f"{watched.id}#{revision}",
        version_id=watched.id,
        revision=revision,
        created_at=at,
        created_by=by.name,
        reason=reason.strip(),
        **given,
    )
    _check(monitor)
    for name in sorted(monitor.alerts.named):
        deliveries.channel(con, name)  # an alert bound to nothing would reach nobody
    return _numbered(con, monitor, before=before)


def _numbered(con: Connection, monitor: Monitor, *, before: Monitor | None) -> Monitor:
    """Put a revision into its series, and ask why when it begins a new one."""
    if before is None:
        return monitor
    if not monitor.begins_series(before):
        return replace(monitor, series=before.series)
    if not monitor.reason:
        raise InvalidInput(
            f"another reference, grain or number of bins begins a new series of measurements of "
            f"{monitor.version_id}; say why with a reason"
        )
    used = max(one.series for one in monitors.revisions(con, monitor.version_id))
    return replace(monitor, series=used + 1)


def _check(monitor: Monitor) -> None:
    _check_statistics((*monitor.drift, *monitor.categorical), family=Family.DRIFT)
    _check_statistics(monitor.together, family=Family.MULTIVARIATE)
    _check_statistics(monitor.performance, family=Family.PERFORMANCE)
    check_detectors(monitor.changes)
    for names in (monitor.limits, *monitor.column_limits.values()):
        for name in names:
            catalogue.get(name)
    _check_reference(monitor.reference)
    for expectation in monitor.expectations:
        _check_expectation(expectation)
    if monitor.schedule is not None:
        next_time(monitor.schedule, after=monitor.created_at)
    _check_numbers(monitor)


def _check_expectation(expectation: Expectation) -> None:
    """Refuse what says too little to be checked in every window."""
    if expectation.check is Check.SCHEMA and not expectation.values:
        raise InvalidInput("schema needs values: the columns that every file must hold")
    if expectation.check is Check.GAPS:
        width = parse_width(expectation.text)
        if not width.seconds or DAY % width.seconds:
            raise InvalidInput(
                f"gaps of a monitor are told in periods that fill a day, such as 1d, 6h or 1h, "
                f"not {expectation.text}"
            )


def _check_numbers(monitor: Monitor) -> None:
    if monitor.minimum < 1:
        raise InvalidInput(f"minimum must be at least 1 row, not {monitor.minimum}")
    if monitor.bins < FEWEST_BINS:
        raise InvalidInput(f"bins must be at least {FEWEST_BINS}, not {monitor.bins}")
    if not 0 <= monitor.maturity <= 1:
        raise InvalidInput(f"maturity must lie between 0 and 1, not {monitor.maturity}")
    for name in ("alpha", "false_alarms"):
        share = getattr(monitor, name)
        if not 0 < share < 1:
            raise InvalidInput(f"{name} must lie between 0 and 1, not {share}")
    if monitor.correction not in CORRECTIONS:
        raise InvalidInput(f"correction must be one of {', '.join(CORRECTIONS)}")


def _check_statistics(names: Iterable[str], *, family: Family) -> None:
    for name in names:
        found = catalogue.get(name)
        if found.family is not family:
            raise InvalidInput(f"{name} measures {found.family}, not {family}")


def _check_reference(reference: Comparison) -> None:
    if reference.kind is ReferenceKind.ROLLING:
        if reference.days < 1 or reference.gap < 0:
            raise InvalidInput(
                f"a rolling reference spans at least 1 day and ends at least 0 days before the "
                f"window, not {reference.days} and {reference.gap}"
            )
    elif reference != Comparison(reference.kind):
        raise InvalidInput(f"days and gap belong to a rolling reference, not to {reference.kind}")


def _defined(monitor: Monitor, *, by: Actor) -> AuditEvent:
    details = {"revision": monitor.revision, "series": monitor.series} | monitor.settings()
    return AuditEvent(
        "monitor.define",
        f"version:{monitor.version_id}",
        by.name,
        monitor.created_at,
        reason=monitor.reason,
        via=by.via,
        details=details,
    )
