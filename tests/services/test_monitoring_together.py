"""Features that hang together otherwise are found in the week they do, from a version's log."""

from datetime import timedelta

import numpy as np
import pytest
from tumour_life import AT, deliver

from lifecycle.domain.measurement import State
from lifecycle.errors import InvalidInput
from lifecycle.services import monitoring
from lifecycle.store import measurements

TOGETHER = ("classifier_auc", "reconstruction_error", "mmd")


@pytest.fixture
def shuffled(log):
    """Take the weeks' shift out again, and give the roundest of the third week the best texture."""
    rows = log.copy()
    rows.loc[rows["week"] >= 2, "mean texture"] -= 6.0
    third = rows[rows["week"] == 2]
    order = third["mean radius"].to_numpy().argsort().argsort()
    rows.loc[third.index, "mean texture"] = np.sort(third["mean texture"].to_numpy())[::-1][order]
    return rows


def run(ws, dev, **settings):
    monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=AT, **settings)
    (found,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=1))
    return found


def test_the_week_in_which_columns_fell_apart_is_found(registered, ws, dev, shuffled, tmp_path):
    deliver(ws, dev, shuffled, tmp_path)

    result = run(ws, dev, together=TOGETHER)

    assert result.state is not State.ERROR
    found = {
        name: measurements.history(ws.cursor(), "tumour/1", statistic=name) for name in TOGETHER
    }
    assert {name: len(weeks) for name, weeks in found.items()} == dict.fromkeys(TOGETHER, 4)
    changed = [max(weeks, key=lambda m: abs(m.value or 0)) for weeks in found.values()]
    third = found["mmd"][2].window
    assert found["classifier_auc"][2] in changed
    assert found["reconstruction_error"][2] in changed
    assert found["classifier_auc"][2].state is State.BREACH
    assert all(weeks[2].window == third for weeks in found.values())
    assert {m.n_reference for m in found["classifier_auc"]} == {400}


def test_a_run_without_new_rows_measures_nothing_again(registered, ws, dev, shuffled, tmp_path):
    deliver(ws, dev, shuffled, tmp_path)
    run(ws, dev, together=("reconstruction_error",))
    before = measurements.history(ws.cursor(), "tumour/1", statistic="reconstruction_error")

    monitoring.run(ws, by=dev, at=AT + timedelta(hours=2))

    after = measurements.history(ws.cursor(), "tumour/1", statistic="reconstruction_error")
    assert after == before


def test_a_limit_by_hand_goes_first(registered, ws, dev, shuffled, tmp_path):
    deliver(ws, dev, shuffled, tmp_path)
    run(ws, dev, together=("classifier_auc",), limits={"classifier_auc": 0.99})

    found = measurements.history(ws.cursor(), "tumour/1", statistic="classifier_auc")

    assert {m.limit for m in found} == {0.99}
    assert State.BREACH not in {m.state for m in found}


def test_only_statistics_of_many_columns_are_measured_together(registered, ws, dev):
    with pytest.raises(InvalidInput, match="ks measures drift, not multivariate drift"):
        monitoring.define(ws, "tumour", "1", together=("ks",), by=dev, at=AT)
