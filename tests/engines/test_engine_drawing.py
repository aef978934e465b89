"""Rows are drawn from their windows, each as likely as any other, and come as they are."""

from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from lifecycle.domain.measurement import Window
from lifecycle.engines import rows as log_rows
from lifecycle.engines.windows import EPOCH, Windowing, parse_width

BY_DAY = Windowing("at", parse_width("1d"))


@pytest.fixture
def drawn(engine):
    """Return a way to draw rows by a seed, from blocks of so many."""

    def rows(source, *, size, seed=1, block=1_000, windowing=None):
        with patch.object(engine._columns, "block", block):
            engine._partitions.clear()
            found = engine.drawn(
                source,
                numbers=["row", "x"],
                categories={"g": ("a", "b")},
                size=size,
                rng=np.random.default_rng(seed),
                windowing=windowing,
            )
        engine._partitions.clear()
        return found

    return rows


@pytest.fixture
def rows(source):
    """Write 90 rows in no order of their three days, ten of them without a time."""
    days = np.random.default_rng(2).permutation(np.repeat([0, 1, 2, -1], [40, 30, 10, 10]))
    at = [None if d < 0 else 86_400_000_000 * int(d) for d in days]
    table = source(
        row=np.arange(90.0),
        x=[None if i % 5 == 0 else np.inf if i % 7 == 0 else float(i) for i in range(90)],
        g=[("a", "b", "new", None)[i % 4] for i in range(90)],
        at=pa.array(at, pa.timestamp("us")),
    )
    return table, days


@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_each_window_gives_rows_of_its_own_as_they_are(drawn, rows, block):
    table, days = rows

    found = drawn(table, size=20, block=block, windowing=BY_DAY)

    assert [part.rows for part in sorted(found.values(), key=lambda p: -p.rows)] == [40, 30, 10]
    for window, part in found.items():
        assert isinstance(window, Window)
        row, x, g = part.values
        assert len(set(row)) == len(row) == min(20, part.rows)
        assert set(days[row.astype(int)]) == {(window.start - EPOCH).days}
        known = (row % 5 != 0) & (row % 7 != 0)
        assert np.array_equal(x, np.where(known, row, np.nan), equal_nan=True)
        assert np.array_equal(g, np.array([0, 1, 2, np.nan])[row.astype(int) % 4], equal_nan=True)


def test_a_seed_draws_the_same_rows_from_blocks_of_any_size(drawn, rows):
    first, *others = (drawn(rows[0], size=30, block=block)[None].values[0] for block in (90, 8, 1))

    assert all(np.array_equal(first, other) for other in others)
    assert not np.array_equal(first, drawn(rows[0], size=30, seed=2)[None].values[0])


def test_no_more_rows_are_drawn_than_there_are(drawn, rows):
    everything = drawn(rows[0], size=1_000)[None]
    nothing = drawn(rows[0], size=0)[None]

    assert sorted(everything.values[0]) == list(range(90))
    assert (everything.rows, nothing.rows) == (90, 90)
    assert nothing.values.shape == (3, 0)


def test_every_row_is_as_likely_to_be_drawn_and_to_come_first(drawn, rows):
    draws = [drawn(rows[0], size=9, seed=seed)[None].values[0] for seed in range(400)]

    for held in (np.concatenate(draws), np.array([draw[0] for draw in draws])):
        assert stats.chisquare(np.bincount(held.astype(int), minlength=90)).pvalue > 0.001


def test_rows_of_a_log_are_drawn_by_their_ids_whatever_file_they_lie_in(tmp_path):
    ids = [f"c{i}" for i in range(100)]
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"lc_id": ids, "x": list(range(100))}), whole)
    parts = [tmp_path / f"part-{i}.parquet" for i in range(2)]
    for i, part in enumerate(parts):
        pq.write_table(pa.table({"lc_id": ids[i::2], "x": list(range(100))[i::2]}), part)

    def drawn(files, most):
        into = tmp_path / "drawn.parquet"
        written = log_rows.draw(files, columns=["x", "gone"], most=most, into=into)
        found = pq.read_table(into)
        assert (written, found.column_names) == (min(most, 100), ["x"])
        return found["x"].to_pylist()

    assert drawn(parts[::-1], 30) == drawn([whole], 30)
    assert sorted(drawn([whole], 500)) == list(range(100))
    assert drawn([whole], 30) != list(range(30))
