"""Which alerts a history of measurements would have raised, had every window been looked at."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from lifecycle.domain.actor import Actor
from lifecycle.domain.alert import AlertRule
from lifecycle.domain.measurement import State, Window
from lifecycle.domain.raised_alert import Alert
from lifecycle.services.alerting.raising import decided, made, step
from lifecycle.services.alerting.series import depth_of, firing_among
from lifecycle.store.alerts import Judged

BEYOND = frozenset({State.WARNING, State.BREACH})
SERIES = "1"


def raised(
    version_id: str,
    judged: Sequence[Sequence[Judged]],
    rows: Sequence[tuple[Window, bool]],
    *,
    rule: AlertRule,
    by: Actor,
) -> list[Alert]:
    """Go through windows as runs would have, one after each window; keep nothing.

    Parameters
    ----------
    judged
        By series: its judged windows, oldest first.
    rows
        All windows, oldest first, and whether each held any row.

    Returns
    -------
    list
        The alerts in the order of their raising, as the last window left them.
    """
    ends = [window.end for window, _ in rows]
    known: list[Alert] = []
    by_end = [[one.window.end for one in series] for series in judged]
    for at in ends:
        held = {s.key: s for alert in known for s in alert.firing}
        near = [
            newest
            for series, until in zip(judged, by_end, strict=True)
            if (newest := _newest(series, until, at=at, depth=depth_of(rule)))
            and (_key(newest[-1]) in held or any(one.state in BEYOND for one in newest[-rule.m :]))
        ]
        seen = [one for one in rows if one[0].end <= at][-depth_of(rule) :]
        found = firing_among(near, seen, rule=rule, held=held)
        open_ended = [a for a in known if a.live or a.firing or a.cooling(at=at)]
        joined, groups = step(open_ended, found, series=SERIES, rule=rule)
        now = {
            old.id: decided(old, new, by=by, at=at)[0] if old != new else old
            for old, new in zip(open_ended, joined, strict=True)
        }
        known = [now.get(alert.id, alert) for alert in known]
        for group in groups:
            number = f"alert-{len(known) + 1}"
            known.append(made(number, group, version_id, rule=rule, series=SERIES, owner="", at=at))
    return known


def _newest(
    series: Sequence[Judged], ends: Sequence[datetime], *, at: datetime, depth: int
) -> Sequence[Judged]:
    last = bisect_right(ends, at)
    return series[max(last - depth, 0) : last]


def _key(one: Judged) -> tuple[str, str | None, str]:
    return (one.statistic, one.column, one.slice)
