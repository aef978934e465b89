"""Statistics of many columns against scikit-learn, SciPy and the formulas written out."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from estimates import interval, value
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.drift import reconstruction
from lifecycle.stats.drift.discrepancy import mmd
from lifecycle.stats.drift.reconstruction import ErrorSums, error_sums, reconstruction_error
from lifecycle.stats.drift.separation import classifier_auc

scores = st.lists(st.integers(0, 6), min_size=2, max_size=40)


def together(rng, *, n, d=6, strength=0.9):
    """Return columns that hang together: shape (d, n)."""
    common = rng.normal(size=n)
    return strength * common + np.sqrt(1 - strength**2) * rng.normal(size=(d, n))


@given(scores, scores)
def test_one_fold_is_scikit_learns_auc_and_the_rank_test_of_scipy(reference, current):
    x, y = np.array(reference, float), np.array(current, float)

    found = classifier_auc([x], [y])

    truth = np.repeat([0, 1], [len(x), len(y)])
    assert found.value == pytest.approx(roc_auc_score(truth, np.concatenate([x, y])))
    if len(set(reference) | set(current)) > 1:
        expected = stats.mannwhitneyu(
            y, x, alternative="greater", use_continuity=False, method="asymptotic"
        )
        assert found.p_value == pytest.approx(float(expected.pvalue), abs=1e-9)


def test_delongs_variance_is_that_of_many_samples(rng):
    """One sample's interval is as wide as samples differ."""
    x, y = rng.normal(0, 1, (300, 200)), rng.normal(0.8, 1, (300, 150))
    found = [classifier_auc([a], [b], confidence=0.95) for a, b in zip(x, y, strict=True)]

    spread = np.std([value(one) for one in found])
    width = np.mean([interval(one)[1] - interval(one)[0] for one in found])
    assert width == pytest.approx(2 * 1.96 * spread, rel=0.1)
    true = float(stats.norm.cdf(0.8 / np.sqrt(2)))
    assert np.mean([interval(one)[0] <= true <= interval(one)[1] for one in found]) > 0.91


def test_scores_of_different_folds_are_not_compared():
    low, high = np.array([0.0, 1.0]), np.array([10.0, 11.0])

    found = classifier_auc([low, high], [low, high])

    assert found.value == 0.5
    assert (found.n_reference, found.n) == (4, 4)


def test_perfect_separation_has_no_interval_on_the_logit_scale():
    found = classifier_auc([np.zeros(30)], [np.ones(30)])

    assert found.value == 1
    assert found.interval is None
    assert found.p_value is not None
    assert found.p_value < 1e-9


def test_a_fold_with_one_row_of_a_side_shows_no_spread(rng):
    many, single = [rng.normal(size=200) for _ in range(5)], [rng.normal(size=1) for _ in range(5)]

    for sides in ((many, single), (single, many)):
        found = classifier_auc(*sides)
        assert found.interval is None
        assert found.p_value is not None
    alone = classifier_auc(many[:1], single[:1])
    assert alone.value is not None
    assert (alone.interval, alone.p_value) == (None, None)


@pytest.mark.parametrize("rows", [3, 10])
def test_few_rows_per_fold_are_as_sure_as_they_say(rng, rows):
    found = [
        classifier_auc(
            [rng.normal(size=100) for _ in range(5)], [rng.normal(size=rows) for _ in range(5)]
        )
        for _ in range(200)
    ]

    bounds = [interval(one) for one in found]
    assert np.mean([low <= 0.5 <= high for low, high in bounds]) > 0.9


def test_a_side_without_scores_is_insufficient():
    assert classifier_auc([np.ones(3)], [np.empty(0)]).insufficient
    assert classifier_auc([np.ones(3), np.empty(0)], [np.empty(0), np.ones(3)]).insufficient
    assert classifier_auc([np.ones(3)], [np.ones(3)]).p_value == 1


def squared_discrepancy(x, y):
    """Gretton et al. (2012), equation 3, pair by pair."""

    def squares(a, b):
        return ((a[:, None] - b[None]) ** 2).sum(axis=-1)

    width = np.median(squares(x, y))

    def kernel(a, b):
        return np.exp(-squares(a, b) / (2 * width))

    n, m = len(x), len(y)
    within = (kernel(x, x).sum() - n) / (n * (n - 1)) + (kernel(y, y).sum() - m) / (m * (m - 1))
    return within - 2 * kernel(x, y).mean()


@pytest.mark.parametrize("shift", [0.3, 1.0])
def test_discrepancy_is_the_published_estimator(rng, shift):
    x, y = rng.normal(size=(120, 4)), rng.normal(shift, 1, (150, 4))

    found = mmd(x, y, rng=rng)

    assert found.value == pytest.approx(max(squared_discrepancy(x, y), 0), abs=2e-6)
    assert (found.n_reference, found.n) == (120, 150)


def test_discrepancy_in_blocks_is_that_in_one_piece(rng):
    x, y = rng.normal(size=(700, 2)), rng.normal(0.2, 1, (600, 2))

    assert mmd(x, y, rng=rng, permutations=2).value == pytest.approx(
        squared_discrepancy(x, y), abs=2e-6
    )


def test_shuffles_reject_as_often_as_they_promise(rng):
    found = [
        mmd(rng.normal(size=(40, 3)), rng.normal(size=(40, 3)), rng=rng, permutations=39)
        for _ in range(200)
    ]

    rejected = np.mean([one.p_value is not None and one.p_value <= 0.1 for one in found])
    assert rejected == pytest.approx(0.1, abs=0.06)


def test_the_interval_of_the_discrepancy_covers_it(rng):
    truth = np.mean(
        [
            squared_discrepancy(rng.normal(size=(400, 2)), rng.normal(0.7, 1, (400, 2)))
            for _ in range(10)
        ]
    )
    found = [
        interval(mmd(rng.normal(size=(150, 2)), rng.normal(0.7, 1, (150, 2)), rng=rng))
        for _ in range(60)
    ]

    assert np.mean([low <= truth <= high for low, high in found]) > 0.85


def test_a_shift_is_seen_and_its_p_value_is_the_smallest_there_is(rng):
    found = mmd(rng.normal(size=(200, 5)), rng.normal(0.8, 1, (200, 5)), rng=rng)

    assert found.p_value == pytest.approx(1 / 101)


def test_discrepancy_needs_pairs(rng):
    assert mmd(np.zeros((0, 2)), np.zeros((5, 2)), rng=rng).insufficient
    assert mmd(np.zeros((1, 2)), np.zeros((5, 2)), rng=rng).insufficient
    same = mmd(np.zeros((30, 2)), np.zeros((30, 2)), rng=rng)
    assert same.value == 0
    assert same.p_value == 1


def test_reconstruction_is_scikit_learns_projection(rng):
    x, y = together(rng, n=500), together(rng, n=300, strength=0.2)
    scaler = StandardScaler().fit(x.T)
    pca = PCA(n_components=0.65, svd_solver="full").fit(scaler.transform(x.T))

    def expected(rows):
        standard = scaler.transform(rows.T)
        return np.linalg.norm(standard - pca.inverse_transform(pca.transform(standard)), axis=1)

    total = reconstruction.moments(x, pivot=np.zeros(6))
    onto = reconstruction.projection(total, rows=500)

    for rows in (x, y):
        assert reconstruction.errors(rows, onto=onto) == pytest.approx(expected(rows), rel=1e-9)
    found = reconstruction_error(*(error_sums(expected(rows)) for rows in (x, y)))
    assert found.value == pytest.approx(expected(y).mean() / expected(x).mean() - 1)
    p = stats.ttest_ind(expected(x), expected(y), equal_var=False).pvalue  # pyright: ignore[reportAttributeAccessIssue]
    assert found.p_value == pytest.approx(p, rel=1e-6, abs=1e-12)


@given(st.integers(0, 2**31), st.integers(1, 5))
def test_moments_of_batches_add_up_to_those_of_all_rows(seed, parts):
    rng = np.random.default_rng(seed)
    x = together(rng, n=60, d=4)
    x[rng.random(x.shape) < 0.1] = np.nan
    pivot = np.zeros(4)

    merged = reduce(
        add, (reconstruction.moments(p, pivot=pivot) for p in np.array_split(x, parts, axis=1))
    )

    whole = reconstruction.moments(x, pivot=pivot)
    for name in ("both", "sums", "products"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), abs=1e-9)


def test_a_missing_value_stands_at_its_columns_mean(rng):
    x = together(rng, n=400, d=5) + 1000
    x[rng.random(x.shape) < 0.2] = np.nan
    filled = np.where(np.isnan(x), np.nanmean(x, axis=1, keepdims=True), x)

    given_holes, given_means = (
        reconstruction.projection(reconstruction.moments(rows, pivot=np.full(5, 999.0)), rows=400)
        for rows in (x, filled)
    )

    assert given_holes.means == pytest.approx(given_means.means)
    assert given_holes.deviations == pytest.approx(given_means.deviations)
    assert reconstruction.errors(x, onto=given_holes) == pytest.approx(
        reconstruction.errors(filled, onto=given_means)
    )


def test_a_constant_column_is_left_out(rng):
    x = together(rng, n=200, d=4)
    x[2] = 7.1
    onto = reconstruction.projection(reconstruction.moments(x, pivot=x[:, 0]), rows=200)

    moved = x.copy()
    moved[2] = 8.0

    assert onto.deviations[2] == 0
    assert reconstruction.errors(moved, onto=onto) == pytest.approx(
        reconstruction.errors(x, onto=onto)
    )


def test_the_interval_of_the_change_covers_none_as_often_as_it_says(rng):
    found = [
        interval(
            reconstruction_error(
                error_sums(rng.exponential(size=150)), error_sums(rng.exponential(size=100))
            )
        )
        for _ in range(400)
    ]

    assert np.mean([low <= 0 <= high for low, high in found]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("rows", [3, 10])
def test_the_change_over_few_rows_is_as_sure_as_it_says(rng, rows):
    found = [
        reconstruction_error(error_sums(rng.normal(3, 1, 400)), error_sums(rng.normal(3, 1, rows)))
        for _ in range(600)
    ]

    inside = [low <= 0 <= high for low, high in map(interval, found)]
    assert np.mean(inside) == pytest.approx(0.945, abs=0.025)
    assert np.mean([(one.p_value or 0) < 0.05 for one in found]) == pytest.approx(0.055, abs=0.025)


def test_one_row_rebuilt_shows_no_spread():
    many, one = ErrorSums(100, 50.0, 30.0), ErrorSums(1, 5.0, 25.0)

    for sides in ((many, one), (one, many)):
        found = reconstruction_error(*sides)
        assert found.value is not None
        assert (found.interval, found.p_value) == (None, None)
    same = ErrorSums(10, 10.0, 10.0)
    assert reconstruction_error(same, same).p_value == 1


def test_nothing_hangs_together_with_itself():
    one = np.stack([np.arange(50.0), np.ones(50)])
    with pytest.raises(InsufficientData, match="fewer than two"):
        reconstruction.projection(reconstruction.moments(one, pivot=np.zeros(2)), rows=50)
    with pytest.raises(InvalidInput, match="pivots"):
        _ = reconstruction.moments(one, pivot=np.zeros(2)) + reconstruction.moments(
            one, pivot=np.ones(2)
        )


def test_sums_of_errors_add_up(rng):
    found = rng.exponential(size=90)

    parts = reduce(add, map(error_sums, np.split(found, 3)))

    assert parts.n == 90
    assert parts.mean == pytest.approx(found.mean())
    assert parts.error == pytest.approx(found.std(ddof=1) / np.sqrt(90))


def test_a_reference_without_error_has_no_change_to_measure():
    nothing, some = ErrorSums(0, 0.0, 0.0), ErrorSums(100, 50.0, 30.0)

    assert reconstruction_error(nothing, some).insufficient
    assert reconstruction_error(some, nothing).insufficient
    assert "without any error" in (reconstruction_error(ErrorSums(9, 0.0, 0.0), some).reason or "")
    assert nothing.error == 0
    loose = reconstruction_error(ErrorSums(2, 1.0, 1.0), some)
    assert loose.interval is None
    assert reconstruction_error(ErrorSums(9, 9.0, 9.0), ErrorSums(9, 9.0, 9.0)).p_value == 1
