"""Expected sizes of errors against scikit-learn and simulation."""

import numpy as np
import pytest
from estimates import interval, value
from sklearn import metrics

from lifecycle.adapters.error_model import fitted
from lifecycle.stats.performance import expected_errors
from lifecycle.stats.performance.expected_errors import skill


def drawn(seed, n, *, shift=0.0, alike=False):
    """Draw rows whose error grows with the first column, unless all errors are alike."""
    rng = np.random.default_rng(seed)
    rows = rng.normal([shift, 0], 1, (n, 2))
    spread = np.ones(n) if alike else np.exp(0.5 * rows[:, 0])
    return rows, np.abs(rng.normal(0, 1, n) * spread)


def test_the_share_explained_is_scikit_learns_r2():
    rows, sizes = drawn(1, 2000)
    unseen, _ = fitted(rows, sizes, categorical=[])

    known = skill(sizes, unseen)

    assert known.explained == pytest.approx(metrics.r2_score(sizes, unseen))
    assert known.enough
    assert known.n == 2000


def test_errors_that_are_all_alike_leave_no_skill():
    refused = 0
    for seed in range(5):
        rows, sizes = drawn(seed, 1500, alike=True)
        refused += not skill(sizes, fitted(rows, sizes, categorical=[])[0]).enough
    assert refused == 5


def test_estimates_follow_a_shift_and_their_bands_hold_most_of_what_is_realised():
    inside, errors, still = [], [], []
    for seed in range(12):
        rows, sizes = drawn(seed, 3000)
        unseen, predict = fitted(rows, sizes, categorical=[])
        new, true = drawn(1000 + seed, 1000, shift=0.7)
        found = expected_errors.mean_size(predict(new), known=skill(sizes, unseen))
        low, high = interval(found)
        inside.append(low <= true.mean() <= high)
        errors.append(value(found) - true.mean())
        still.append(sizes.mean() - true.mean())
    # 0.88 in 25 runs: the shift leads beyond most of the reference's rows
    assert np.mean(inside) >= 0.6
    assert abs(np.mean(errors)) < 0.05
    assert np.mean(still) < -0.3  # what the reference's own mean would have said


def test_a_category_is_read_as_one():
    rng = np.random.default_rng(3)
    code = rng.integers(0, 6, 3000).astype(float)
    sizes = np.where(np.isin(code, [1, 4]), 5.0, 1.0) * rng.random(3000)
    unseen, predict = fitted(code[:, None], sizes, categorical=[0])

    assert skill(sizes, unseen).enough
    by_code = predict(np.arange(6.0)[:, None]).mean(axis=0)
    assert by_code[[1, 4]] == pytest.approx(2.5, abs=0.3)
    assert by_code[[0, 2, 3, 5]] == pytest.approx(0.5, abs=0.1)


def test_the_root_mean_square_is_the_root_of_the_mean_expected_square():
    known = expected_errors.Skill(explained=0.3, z=5.0, noise=1.0, drift=0.0, n=1000)
    squares = np.tile([4.0, 16.0], (5, 50))

    found = expected_errors.root_mean_square(squares, known=known)
    mean = expected_errors.mean_size(squares, known=known)

    assert value(found) == pytest.approx(np.sqrt(10))
    assert interval(found) == pytest.approx(np.sqrt(interval(mean)))
    # single errors: noise x sum of squares / n^2, by hand
    half = 1.959964 * np.sqrt(np.sum(squares[0] ** 2) / 100**2)
    assert interval(mean) == pytest.approx((10 - half, 10 + half), abs=1e-5)


def test_no_rows_and_constant_errors_have_an_answer():
    known = skill(np.full(600, 2.0), np.full(600, 2.0))

    assert not known.enough
    assert (known.explained, known.z, known.noise, known.drift) == (0.0, 0.0, 0.0, 0.0)
    assert expected_errors.mean_size(np.empty((5, 0)), known=known).insufficient
    assert expected_errors.root_mean_square(np.empty((5, 0)), known=known).insufficient
    certain = expected_errors.root_mean_square(np.full((5, 9), 4.0), known=known)
    assert value(certain) == 2.0
    assert certain.interval is None
    nothing = skill(np.zeros(600), np.zeros(600))
    assert nothing.noise == 0.0
