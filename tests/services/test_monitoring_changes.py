"""A monitor with detectors tells when its version's errors rose, and marks it on the time axis."""

from datetime import timedelta

import pytest
from tumour_life import AT, MONDAY, deliver, tell

from app import marks
from lifecycle.errors import InvalidInput
from lifecycle.services import monitoring
from lifecycle.store import changes, models

BROKE = MONDAY + timedelta(weeks=2)


@pytest.fixture
def broken(log):
    """Turn every third answer of the last two weeks round."""
    rows = log.copy()
    turned = rows.index[(rows["when"] >= BROKE) & (rows.index % 3 == 0)]
    rows.loc[turned, "decision"] = 1 - rows.loc[turned, "decision"]
    return rows


def run(ws, dev, *, after=1, **settings):
    if settings:
        at = AT + timedelta(hours=after - 1)
        monitoring.define(ws, "tumour", "1", minimum=100, by=dev, at=at, **settings)
    (found,) = monitoring.run(ws, by=dev, at=AT + timedelta(hours=after))
    return found


def test_a_rise_of_the_errors_is_kept_and_marked(registered, ws, dev, broken, tmp_path):
    deliver(ws, dev, broken, tmp_path)
    tell(ws, dev, broken, tmp_path)

    run(ws, dev, changes=["cusum"])

    (change,) = changes.of_version(ws.cursor(), "tumour/1")
    wrong = (broken["decision"] != broken["benign"]).to_numpy()
    assert change.at == broken["when"].iloc[change.row].floor("s")
    assert BROKE <= change.at < BROKE + timedelta(days=3)
    assert change.before == pytest.approx(wrong[: change.row].mean())
    assert change.after == pytest.approx(wrong[change.row :].mean())
    found = marks.of_version(ws.cursor(), models.version(ws.cursor(), "tumour", "1"))
    (mark,) = (mark for mark in found if mark.kind == "change")
    assert mark.at == change.at
    assert mark.text.startswith("the mean error rose from 0.")


def test_without_detectors_nothing_is_looked_for_and_earlier_marks_go(
    registered, ws, dev, broken, tmp_path
):
    deliver(ws, dev, broken, tmp_path)
    tell(ws, dev, broken, tmp_path)
    run(ws, dev, changes=["cusum"])

    run(ws, dev, after=3, changes=[])

    assert changes.of_version(ws.cursor(), "tumour/1") == []


def test_a_week_with_few_outcomes_so_far_is_left_out_and_what_is_missing_said(
    registered, ws, dev, broken, tmp_path
):
    deliver(ws, dev, broken, tmp_path)
    tell(ws, dev, broken[(broken["week"] < 3) | (broken.index % 2 == 0)], tmp_path)

    result = run(ws, dev, changes=["cusum"])

    assert changes.of_version(ws.cursor(), "tumour/1") == []
    assert any("750 rows of the log of tumour/1" in notice for notice in result.notices)


def test_an_unknown_detector_is_refused(registered, ws, dev):
    with pytest.raises(InvalidInput, match="no detector is called 'ddm'"):
        monitoring.define(ws, "tumour", "1", changes=["ddm"], by=dev, at=AT)
