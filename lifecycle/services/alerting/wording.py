"""Alerts and their series as people read them, and the page that shows each."""

import json
from datetime import datetime
from urllib.parse import urlencode

from lifecycle.charts import wording
from lifecycle.domain.alert import Cause, Severity
from lifecycle.domain.measurement import Measurement, State
from lifecycle.domain.raised_alert import Alert, Signal, gravest, gravest_first
from lifecycle.errors import InvalidInput
from lifecycle.services import sentences
from lifecycle.services.alerting.series import cause_of
from lifecycle.stats import catalogue
from lifecycle.stats.catalogue import Family
from lifecycle.stats.catalogue.estimation import PREFIX

MOST = 10
"""Series named one by one in a message; the page has them all."""

PLACES = {
    Family.DRIFT: ("drift", "Columns"),
    Family.MULTIVARIATE: ("drift", "Columns together"),
    Family.ANSWERS: ("drift", "Answers and outcomes"),
    Family.EXPLANATION: ("drift", "Explanations"),
    Family.ATTRIBUTION: ("explanations", "What drives it"),
    Family.PERFORMANCE: ("performance", "Over time"),
    Family.ESTIMATION: ("performance", "Over time"),
    Family.VALUE: ("performance", "Value"),
    Family.SERVICE: ("performance", "Service"),
    Family.FAIRNESS: ("fairness", "Over time"),
    Family.QUALITY: ("quality", ""),
    Family.VALIDATION: ("validation", "Trials"),
}
"""The page where a series of each family is looked into, and its tab; nothing where it has none."""

WHAT = {
    Cause.DRIFT: "columns moved",
    Cause.QUALITY: "columns are not fit to be measured",
    Cause.PERFORMANCE: "performance is beyond its limit",
    Cause.ESTIMATION: "estimated performance is beyond its limit",
    Cause.FAIRNESS: "groups are treated differently",
    Cause.VALUE: "decisions are worth less than they should be",
    Cause.SERVICE: "the service is beyond its limit",
    Cause.NO_DATA: "no rows arrive",
}


def title_of(alert: Alert) -> str:
    """Say in a line what is, or was, wrong with which version."""
    if not alert.live:
        return f"Over: {alert.version_id}, {WHAT[alert.cause]}"
    return f"{alert.severity.word.capitalize()}: {alert.version_id}, {WHAT[alert.cause]}"


def sentence_of(signal: Signal, *, at: datetime | None = None) -> str:
    """Say what a series shows in its newest window, and at its worst.

    Parameters
    ----------
    at
        The time from which it is said: a window that ends later is not over.
    """
    since = wording.day(signal.since.start)
    if signal.cause is Cause.NO_DATA:
        return f"{signal.value or 0:.0f} windows in a row have no rows, from {since} on"
    told = sentences.of_measurement(measured_in(signal), at=at)
    if signal.worst is not None and signal.worst != signal.value:
        told += f"; at worst {sentences.amount(signal.worst, unit=signal.unit)}"
    return f"{told}; since {since}"


def measured_in(signal: Signal) -> Measurement:
    """Return what a series showed in its newest judged window."""
    return Measurement(
        statistic=signal.statistic,
        value=signal.value,
        state=State.BREACH,
        unit=signal.unit,
        column=signal.column,
        slice=json.loads(signal.slice),
        window=signal.last,
        n=signal.n,
        limit=signal.limit,
    )


def summary_of(alert: Alert, *, at: datetime | None = None) -> str:
    """Say what the gravest of an alert's series shows, and how many more there are."""
    signals = alert.firing or alert.signals
    worst = gravest(signals)
    more = f", and {len(signals) - 1} more series" if len(signals) > 1 else ""
    return sentence_of(worst, at=at) + more


def series_of(alert: Alert, *, at: datetime | None = None) -> str:
    """List what an alert's series show, the gravest first."""
    signals = gravest_first(alert.firing or alert.signals)
    lines = [f"- {sentence_of(signal, at=at)}" for signal in signals[:MOST]]
    if len(signals) > MOST:
        lines.append(f"- and {len(signals) - MOST} more")
    return "\n".join(lines)


def text_of(alert: Alert, *, at: datetime) -> str:
    """Write what a message says below its title; of what is over, that nobody has to act."""
    lines = [series_of(alert, at=at)]
    if not alert.live:
        return "\n".join(["Nothing is left to do. Beyond their limits were:", *lines])
    lines.append(f"Owner: {alert.owner}. To be taken on by {alert.due:%Y-%m-%d %H:%M} UTC.")
    if alert.rule.runbook:
        lines.append(f"Runbook: {alert.rule.runbook}")
    return "\n".join(lines)


def link_of(alert: Alert) -> str:
    """Return the address of an alert below the server's."""
    return f"/alerts?{urlencode({'alert': alert.id})}"


def place_of(version_id: str, measured: Measurement) -> tuple[str, dict[str, str]]:
    """Return the page that shows what was measured, and the parameters its address takes."""
    model, _, version = version_id.partition("/")
    if cause_of(measured.statistic) is Cause.NO_DATA:
        return "model", {"model": model, "tab": "Monitoring"}
    where = {"model": model, "version": version}
    try:
        family = catalogue.get(measured.statistic).family
    except InvalidInput:  # no longer in the catalogue; its old alerts are still shown
        return "drift", where
    page, tab = PLACES[family]
    return page, where | ({"tab": tab} if tab else {}) | _shown(measured, page=page, tab=tab)


def _shown(measured: Measurement, *, page: str, tab: str) -> dict[str, str]:
    """Return what a page is asked for beside its tab."""
    name, column, within = measured.statistic, measured.column, sentences.rows_of(measured)
    if page == "quality" or (page, tab) == ("drift", "Columns"):
        window = measured.window.start.date().isoformat() if measured.window else ""
        asked = {"statistic": name, "column": column, "window": window, "slice": within}
    elif page == "fairness":
        asked = {"statistic": name, "attribute": column, "within": within}
    elif tab == "Over time":
        asked = {"statistic": name.removeprefix(PREFIX), "slice": within}
        asked["tab"] = "By group" if within else tab
    else:
        asked = {"money": "Per decision" if name.endswith("value_per_decision") else ""}
    return {key: value for key, value in asked.items() if value}


def facts_of(alert: Alert) -> dict[str, object]:
    """Return an alert as JSON values, for programs."""
    return {
        "alert": alert.id,
        "version": alert.version_id,
        "cause": str(alert.cause),
        "severity": alert.severity.word,
        "status": str(alert.status),
        "owner": alert.owner,
        "opened_at": alert.opened_at.isoformat(),
        "series": [
            {
                "statistic": signal.statistic,
                "column": signal.column,
                "slice": json.loads(signal.slice),
                "severity": Severity(signal.severity).word,
                "value": signal.value,
                "worst": signal.worst,
                "limit": signal.limit,
                "unit": signal.unit,
                "n": signal.n,
                "since": signal.since.start.isoformat(),
                "window": [signal.last.start.isoformat(), signal.last.end.isoformat()],
            }
            for signal in alert.firing or alert.signals
        ],
    }
