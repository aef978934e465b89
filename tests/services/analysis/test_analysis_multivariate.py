"""Drift of all columns together, from files: what no column shows by itself is found."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from lifecycle.domain.measurement import State
from lifecycle.engines import choose
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis import multivariate
from lifecycle.services.analysis.drift import DriftOptions, measure_drift

TOGETHER = ("classifier_auc", "reconstruction_error", "mmd")


@pytest.fixture
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def write(tmp_path):
    def to(name, columns):
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(columns), file)
        return str(file)

    return to


def columns(rng, *, n=1500, sign=1.0):
    """Return columns of which three hang together; `sign` turns one of them around."""
    common = rng.normal(size=n)
    return {
        "a": common + 0.3 * rng.normal(size=n),
        "b": sign * common + 0.3 * rng.normal(size=n),
        "c": common + 0.3 * rng.normal(size=n),
        "d": rng.normal(size=n),
        "kind": np.array(["x", "y", "z"])[rng.choice(3, n, p=[0.5, 0.3, 0.2])],
    }


def measured(engine, reference, current, *, statistics=TOGETHER, **options):
    result = measure_drift(
        engine,
        reference=engine.open(reference),
        current=engine.open(current),
        options=DriftOptions(statistics=statistics, **options),
    )
    return {(m.statistic, m.window): m for m in result.measurements}


def test_nothing_is_found_where_nothing_changed(engine, write, rng):
    found = measured(engine, write("a", columns(rng)), write("b", columns(rng)))

    assert {m.state for m in found.values()} == {State.OK}
    assert found["classifier_auc", None].value == pytest.approx(0.5, abs=0.03)


def test_columns_that_hang_together_otherwise_are_found_though_none_of_them_moved(
    engine, write, rng
):
    reference, current = write("a", columns(rng)), write("b", columns(rng, sign=-1.0))

    apart = measured(engine, reference, current, statistics=("ks",))
    together = measured(engine, reference, current)

    assert {m.state for m in apart.values()} == {State.OK}
    assert {m.state for m in together.values()} == {State.BREACH}
    assert (together["classifier_auc", None].value or 0) > 0.8
    assert (together["reconstruction_error", None].value or 0) > 0.5


def test_a_numeric_reconstruction_is_scikit_learns(engine, write, rng):
    before, now = columns(rng), columns(rng, sign=0.2)
    for side in (before, now):
        del side["kind"]
    x, y = (np.column_stack(list(side.values())) for side in (before, now))
    scaler = StandardScaler().fit(x)
    pca = PCA(n_components=0.65, svd_solver="full").fit(scaler.transform(x))

    def mean_error(rows):
        z = scaler.transform(rows)
        return np.linalg.norm(z - pca.inverse_transform(pca.transform(z)), axis=1).mean()

    found = measured(engine, write("a", before), write("b", now))

    expected = mean_error(y) / mean_error(x) - 1
    assert found["reconstruction_error", None].value == pytest.approx(expected, rel=1e-6)


def test_each_window_is_measured_and_the_changed_one_found(engine, write, rng):
    same, turned = columns(rng, n=600), columns(rng, n=600, sign=-1.0)
    days = np.repeat(np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[us]"), 600)
    current = {name: np.concatenate([same[name], turned[name]]) for name in same}
    order = rng.permutation(1200)
    current = {name: values[order] for name, values in current.items()} | {"at": days[order]}

    found = measured(
        engine, write("a", columns(rng)), write("b", current), timestamp="at", window="1d"
    )

    by_day = {(name, w.start.day): m.state for (name, w), m in found.items() if w}
    assert {state for (_, day), state in by_day.items() if day == 1} == {State.OK}
    assert {state for (_, day), state in by_day.items() if day == 2} == {State.BREACH}


def test_a_seed_gives_the_same_numbers_again_and_another_one_others(
    engine, write, rng, monkeypatch
):
    monkeypatch.setattr(multivariate, "SAMPLE", {"classifier_auc": 500, "mmd": 400})
    reference, current = write("a", columns(rng)), write("b", columns(rng, sign=0.5))

    first, again, other = (
        measured(engine, reference, current, statistics=("mmd",), seed=seed) for seed in (1, 1, 2)
    )

    assert first == again
    assert first["mmd", None].value != other["mmd", None].value
    assert first["mmd", None].n == 400


def test_too_few_rows_are_said_and_judged_by_nobody(engine, write, rng):
    small = columns(rng, n=60)

    found = measured(engine, write("a", columns(rng)), write("b", small))

    assert {m.state for m in found.values()} == {State.INSUFFICIENT}
    assert "60 rows" in (found["mmd", None].reason or "")
    assert "200 are needed" in (found["reconstruction_error", None].reason or "")


def test_columns_that_never_vary_cannot_be_rebuilt(engine, write, rng):
    file = write("a", {"one": np.ones(300), "two": rng.normal(size=300)})

    found = measured(engine, file, file, statistics=("reconstruction_error",))

    measurement = found["reconstruction_error", None]
    assert measurement.state is State.INSUFFICIENT
    assert "fewer than two columns" in (measurement.reason or "")


def test_missing_unseen_and_infinite_values_are_looked_at(engine, write, rng):
    before, now = columns(rng), columns(rng)
    now["a"][::3] = np.nan
    now["d"][5] = np.inf
    now["kind"] = pa.array([None if i % 4 == 0 else "new" for i in range(1500)])

    found = measured(engine, write("a", before), write("b", now))

    assert (found["classifier_auc", None].value or 0) > 0.99
    assert found["mmd", None].state is State.BREACH
    assert found["reconstruction_error", None].value is not None


def test_statistics_of_columns_and_of_rows_are_corrected_together(engine, write, rng):
    result = measure_drift(
        engine,
        reference=engine.open(write("a", columns(rng))),
        current=engine.open(write("b", columns(rng))),
        options=DriftOptions(statistics=("ks", "mmd"), limits={"mmd": 0.3}),
    )

    assert result.settings["tests"] == 5
    assert result.settings["seed"] == 0
    assert [m.limit for m in result.measurements if m.statistic == "mmd"] == [0.3]
    with pytest.raises(InvalidInput, match="measures performance"):
        measured(engine, write("a", columns(rng)), write("b", columns(rng)), statistics=("rmse",))


def test_batches_hold_numbers_then_codes_and_the_start_of_the_window(engine, write):
    file = write(
        "rows",
        {
            "x": pa.array([1.5, None, np.inf]),
            "k": pa.array(["it's", "new", None]),
            "at": pa.array(["2024-03-01 10:00", "2024-03-02", None]),
        },
    )
    windowing = Windowing("at", parse_width("1d"))

    (batch,) = engine.batches(
        engine.open(file), numbers=["x"], categories={"k": ("b", "it's")}, windowing=windowing
    )

    assert np.array_equal(batch.values, [[1.5, np.nan, np.nan], [1, 2, np.nan]], equal_nan=True)
    day = 86_400_000_000
    assert batch.starts.tolist() == [19783 * day, 19784 * day, -(2**63)]
    (codes,) = engine.batches(engine.open(file), numbers=[], categories={"k": ()})
    assert np.array_equal(codes.values, [[0, 0, np.nan]], equal_nan=True)
    assert codes.starts is None
