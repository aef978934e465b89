"""Does an estimate say how far it was off, and of its band only what there was?"""

from datetime import UTC, datetime, timedelta

from lifecycle.domain.measurement import Window
from lifecycle.services.analysis import backtest
from lifecycle.stats import catalogue
from lifecycle.stats.inference import Estimate

START = datetime(2026, 1, 1, tzinfo=UTC)


def one(day, estimated, realised, *, band=None):
    window = Window(START + timedelta(days=day), START + timedelta(days=day + 1))
    accuracy = catalogue.get("accuracy")
    estimate = Estimate(estimated, 100, band, 0.95 if band else None)
    return backtest.Tested("current", accuracy, {}, window, estimate, Estimate(realised, 100))


def test_an_estimate_without_a_band_is_not_said_to_miss_it():
    bare = [one(0, 0.8, 0.7), one(1, 0.8, 0.85)]
    banded = [one(0, 0.8, 0.7, band=(0.75, 0.85)), one(1, 0.8, 0.85, band=(0.75, 0.85))]

    (said,) = backtest.sentences(bare)
    (with_band,) = backtest.sentences(banded)

    assert said.endswith("mean over 2 windows with outcomes: accuracy 0.075")
    assert with_band.endswith("accuracy 0.075 (inside its band: 50%)")
