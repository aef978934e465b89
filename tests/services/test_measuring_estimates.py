"""What a window's summaries say without outcomes, in money and about the service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score
from tumour_life import AT, deliver, tell

from lifecycle.domain.measurement import State, Window
from lifecycle.domain.monitor import Monitor
from lifecycle.domain.service_level import ServiceLevel
from lifecycle.domain.value import CostMatrix
from lifecycle.services import measuring, monitoring
from lifecycle.services.measuring import ALL_ROWS, Counts, Watch, estimation, service
from lifecycle.stats import counting
from lifecycle.store import measurements

WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC))
COSTS = CostMatrix("EUR", true_positive=10, false_negative=-50)


def monitor(**more) -> Monitor:
    return Monitor("m#1", "m/1", 1, datetime(2026, 1, 1, tzinfo=UTC), "dora", **more)


def rows(n, *, seed, slope=1.0, known=1.0):
    """Draw outcomes by a chance; the score is that chance unless its meaning changed."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, n)
    score = (1 / (1 + np.exp(-z))).round(2)
    y = (rng.random(n) < 1 / (1 + np.exp(-slope * z))).astype(int)
    d = (score > 0.5).astype(int)
    told = np.where(rng.random(n) < known, y, 2)
    return y, d, score, counting.binary_tally(told, d, score, edges=np.arange(100) / 100)


def asked(tally, *, reference=None, **more) -> dict[str, Any]:
    known = reference or rows(5000, seed=1)[3]
    watch = Watch(monitor(**more), tallies={ALL_ROWS: known})
    found = estimation.measure(watch, Counts(WINDOW, {}, {ALL_ROWS: tally}))
    return {m.statistic.removeprefix("estimated_"): m for m in found}


def test_estimates_stand_in_for_outcomes_that_are_not_known():
    y, d, score, tally = rows(3000, seed=2, known=0.0)

    found = asked(tally)

    assert set(found) == set(estimation.USUAL)
    for name, true in {
        "roc_auc": roc_auc_score(y, score),
        "accuracy": accuracy_score(y, d),
    }.items():
        low, high = found[name].interval
        assert low < true < high
        assert found[name].state is State.OK
        assert found[name].limit is not None


def test_an_estimate_is_judged_by_the_limit_of_what_it_estimates():
    *_, tally = rows(3000, seed=2, known=0.0)

    assert asked(tally, limits={"accuracy": 0.99})["accuracy"].state is State.BREACH
    own = asked(tally, limits={"accuracy": 0.99, "estimated_accuracy": 0.1})
    assert own["accuracy"].state is State.OK
    near = asked(tally, limits={"accuracy": asked(tally)["accuracy"].value + 0.001})
    assert near["accuracy"].state is State.WARNING


def test_known_outcomes_take_the_judging_over_and_prove_an_estimate_wrong():
    *_, changed = rows(3000, seed=3, slope=0.1)
    *_, unchanged = rows(3000, seed=4)

    wrong, right = asked(changed, limits={"roc_auc": 0.99}), asked(unchanged)

    assert wrong["roc_auc"].limit is None
    assert wrong["roc_auc"].state is State.OK
    assert "outside the band" in (wrong["roc_auc"].reason or "")
    assert all(m.reason is None for m in right.values())


def test_a_refused_calibration_is_said_in_every_window():
    rng = np.random.default_rng(5)
    score = rng.random(3000).round(2)
    y = (rng.random(3000) < np.abs(2 * score - 1)).astype(int)
    bent = counting.binary_tally(y, y, score, edges=np.arange(100) / 100)
    *_, few = rows(50, seed=6)
    *_, tally = rows(500, seed=7)

    refused, unsure = asked(tally, reference=bent), asked(tally, reference=few)

    assert {m.state for m in refused.values()} == {State.NOT_APPLICABLE}
    assert "cannot be calibrated" in (refused["roc_auc"].reason or "")
    assert {m.state for m in unsure.values()} == {State.INSUFFICIENT}
    assert {m.n for m in unsure.values()} == {500}


def test_what_cannot_be_estimated_is_left_out():
    *_, tally = rows(500, seed=8, known=0.0)
    undecided = counting.binary_tally([2] * 40, [2] * 40, np.linspace(0, 1, 40))
    known = counting.binary_tally([0, 1] * 400, [2] * 800, np.linspace(0, 1, 800))

    assert asked(tally, estimation=False) == {}
    assert set(asked(undecided, reference=known, costs=COSTS)) == {"roc_auc"}
    assert asked(tally, reference=counting.error_tally([1.0], [1.0])) == {}
    assert set(asked(tally, performance=("f1", "brier"))) == {"f1"}
    assert asked(rows(50, seed=9)[3])["accuracy"].state is State.INSUFFICIENT


def test_scores_or_decisions_that_only_the_reference_has_are_told_to_be_missing():
    undecided = counting.binary_tally([2] * 400, [2] * 400, np.linspace(0, 1, 400))
    unscored = counting.binary_tally([2] * 400, [1] * 400)

    for tally, silent in ((undecided, {"accuracy", "f1"}), (unscored, {"accuracy", "roc_auc"})):
        found = asked(tally)
        assert {found[n].state for n in silent} == {State.INSUFFICIENT}
        assert all(found[n].reason and found[n].value is None for n in silent)


def test_value_is_measured_and_estimated_in_its_currency():
    y, d, _, tally = rows(3000, seed=13)
    each = np.array([[0.0, 0.0], [-50.0, 10.0]])[y, d]
    watch = Watch(monitor(costs=COSTS), tallies={ALL_ROWS: rows(5000, seed=1)[3]})

    (measured,) = measuring.measure(watch, [Counts(WINDOW, {}, {"{}": tally})])
    found = {m.statistic: m for m in measured}

    assert found["total_value"].value == pytest.approx(each.sum())
    assert found["value_per_decision"].value == pytest.approx(each.mean())
    low, high = found["estimated_total_value"].interval or (0, 0)
    assert low < each.sum() < high
    for name in ("total_value", "estimated_total_value", "estimated_value_per_decision"):
        assert found[name].unit == "EUR"
        assert found[name].limit is None


LEVEL = ServiceLevel(
    latency="ms",
    status="status",
    succeeded=("200",),
    limits={"latency_p95": 200, "error_share": 0.01},
)


def test_a_service_is_measured_against_its_level():
    rng = np.random.default_rng(11)
    latency = rng.lognormal(np.log(90), 0.6, 5000)
    bins: Any = service.columns(LEVEL)
    counted = {
        "ms": counting.numeric_profile(latency, edges=bins["ms"].edges),
        "status": counting.category_profile(
            (rng.random(5000) < 0.05).astype(int), categories=bins["status"].categories
        ),
    }
    watch = Watch(monitor(service=LEVEL), references={ALL_ROWS: bins})

    found = {m.statistic: m for m in service.measure(watch, Counts(WINDOW, {"{}": counted}))}

    assert set(found) == {"latency_p50", "latency_p95", "latency_p99", "error_share", "throughput"}
    p95 = found["latency_p95"]
    assert p95.value == pytest.approx(np.quantile(latency, 0.95), abs=p95.resolution)
    assert (p95.state, p95.unit, p95.column, p95.limit) == (State.BREACH, "ms", "ms", 200)
    assert found["error_share"].state is State.BREACH
    assert found["throughput"].value == pytest.approx(5000 / (7 * 86_400))
    assert found["throughput"].state is State.OK
    assert service.measure(Watch(monitor()), Counts(WINDOW, {"{}": counted})) == []
    assert service.columns(None) == {}


def test_a_run_counts_the_logs_service_columns_and_estimates_before_outcomes(
    registered, ws, dev, log, tmp_path
):
    rng = np.random.default_rng(12)
    served = log.assign(
        ms=rng.lognormal(np.log(50), 0.5, len(log)),
        status=np.where(rng.random(len(log)) < 0.02, 500, 200),
    )
    level = ServiceLevel(
        latency="ms", status="status", limits={"latency_p95": 60, "error_share": 0.5}
    )
    monitoring.define(ws, "tumour", "1", minimum=100, service=level, costs=COSTS, by=dev, at=AT)

    deliver(ws, dev, served, tmp_path)
    (first,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=1))
    tell(ws, dev, log, tmp_path)
    monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))

    def history(statistic, column=None) -> Any:
        return measurements.history(
            ws.cursor(), "tumour/1", statistic=statistic, column=column, slice="{}"
        )

    assert first.notices == ()
    p95, errors = history("latency_p95", "ms"), history("error_share", "status")
    for week, (slow, failed) in enumerate(zip(p95, errors, strict=True)):
        rows_of = served[served["week"] == week]
        true = np.quantile(rows_of["ms"], 0.95, method="inverted_cdf")
        assert slow.value == pytest.approx(true, abs=slow.resolution)
        assert slow.state is State.BREACH
        assert failed.value == pytest.approx((rows_of["status"] == 500).mean())
    assert not [
        m for m in measurements.history(ws.cursor(), "tumour/1", statistic="ks") if m.column == "ms"
    ]
    for estimated, realised in zip(history("estimated_accuracy"), history("accuracy"), strict=True):
        low, high = estimated.interval or (0, 0)
        assert low <= realised.value <= high or "outside the band" in (estimated.reason or "")
