"""Changes of a model's error level in files: in order of time, without rows still to mature."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose
from lifecycle.engines.contract import Coding
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis import streams
from lifecycle.services.analysis.streams import change_points

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def source(engine, tmp_path):
    def write(**columns):
        file = tmp_path / "log.parquet"
        pq.write_table(pa.table(columns), file)
        return engine.open(str(file))

    return write


def worsening(rng, *, n=6000):
    """Return answers that are wrong three times as often from the middle on, a row a minute."""
    wrong = rng.random(n) < np.where(np.arange(n) < n // 2, 0.1, 0.35)
    label = rng.choice(["yes", "no"], n)
    other = np.where(label == "yes", "no", "yes")
    return {
        "at": [START + timedelta(minutes=i) for i in range(n)],
        "label": label,
        "answer": np.where(wrong, other, label),
    }


def found(engine, source, **options):
    names = {"timestamp": "at", "target": "label", "prediction": "answer"}
    return change_points(engine, source, **names, **options)


def test_every_detector_finds_the_change_soon_after_it_with_both_levels(engine, source):
    stream = found(engine, source(**worsening(np.random.default_rng(1))))

    assert stream.n == 6000
    assert {change.detector for change in stream.changes} == {"adwin", "page_hinkley", "cusum"}
    for change in stream.changes:
        assert 3000 <= change.row < 3400
        assert change.at == START + timedelta(minutes=change.row)
        assert change.before < 0.2 < change.after


def test_a_change_of_hardly_any_size_is_left_out_and_its_levels_become_one():
    errors = np.repeat([0.1, 0.101, 0.4, 0.4], 1000)

    assert streams._levels(errors, [1000, 2000, 3000]) == [
        (2000, pytest.approx(0.1005), pytest.approx(0.4))
    ]
    assert streams._levels(errors, []) == []
    assert streams._levels(errors[:2000] + np.tile([0.0, 1.0], 1000), [1000]) == []


def test_rows_are_taken_in_order_of_time_whatever_the_file_says(engine, source):
    rng = np.random.default_rng(1)
    rows = worsening(rng)
    order = rng.permutation(6000)
    mixed = {
        name: np.asarray(values, dtype=object)[order].tolist() for name, values in rows.items()
    }

    assert found(engine, source(**mixed)) == found(engine, source(**rows))


def test_rows_whose_outcome_is_not_known_yet_are_left_out(engine, source):
    rows = worsening(np.random.default_rng(1))
    late = rows | {
        "label": pa.array([v if i < 5000 else None for i, v in enumerate(rows["label"])])
    }

    stream = found(engine, source(**late))

    assert (stream.n, stream.left_out) == (5000, 1000)
    assert stream.changes


def test_numbers_err_by_their_distance(engine, source):
    rng = np.random.default_rng(2)
    error = rng.normal(0, np.where(np.arange(4000) < 2000, 1, 3))
    rows = {
        "at": [START + timedelta(minutes=i) for i in range(4000)],
        "label": np.zeros(4000),
        "answer": error,
    }

    stream = found(engine, source(**rows), detectors=("cusum",))

    assert stream.mean == pytest.approx(np.abs(error).mean())
    assert 2000 <= stream.changes[0].row < 2100


def test_what_cannot_be_watched_is_refused_in_one_sentence(engine, source):
    short = {name: values[:50] for name, values in worsening(np.random.default_rng(1)).items()}
    with pytest.raises(InsufficientData, match=r"50 rows of .* at least 1000"):
        found(engine, source(**short))
    with pytest.raises(InvalidInput, match="no detector is called 'ddm'"):
        found(engine, source(**short), detectors=("ddm",))
    texts = short | {"label": [f"t{i}" for i in range(50)], "answer": [f"u{i}" for i in range(50)]}
    many = {name: list(values) * 3 for name, values in texts.items()}
    many["label"] = [f"t{i}" for i in range(150)]
    with pytest.raises(InvalidInput, match="more than 100 different values"):
        found(engine, source(**many))


def test_an_outcome_that_its_coding_does_not_know_is_left_out(engine, source):
    rows = worsening(np.random.default_rng(1))
    unclear = ["unclear" if i % 6 == 0 else label for i, label in enumerate(rows["label"])]
    codings = (Coding("label", "yes", ("no",)), Coding("answer", "yes", ("no",)))

    stream = found(engine, source(**{**rows, "label": unclear}), codings=codings)

    assert (stream.n, stream.left_out) == (5000, 1000)
