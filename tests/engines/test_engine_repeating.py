"""Are repeated, known and uncovered rows counted as pandas counts them, over every row?"""

import numpy as np
import pandas as pd
import pytest

from lifecycle.engines import repeating

COLUMNS = ("size", "kind", "flag")


@pytest.fixture
def files(tmp_path):
    """Return rows and the rows before them, as frames and as files."""
    rng = np.random.default_rng(4)

    def made(n, values):
        return pd.DataFrame(
            {
                "size": rng.integers(0, values, n).astype(float),
                "kind": rng.choice(["a", "b", "c", "d"][: values // 4], n),
                "flag": rng.choice([True, False], n),
                "y": rng.integers(0, 2, n).astype(float),
            }
        )

    now, before = made(30_000, 16), made(25_000, 12)
    now.loc[:99, "size"], before.loc[:9, "size"] = np.nan, np.nan
    now.loc[100:199, "y"] = np.nan
    before = before.astype({"flag": int})
    for name, frame in (("now", now), ("before", before)):
        frame.to_parquet(tmp_path / f"{name}.parquet")
    return now.dropna(subset="y"), before, tmp_path / "now.parquet", tmp_path / "before.parquet"


def test_rows_that_repeat_are_those_pandas_calls_duplicated(files):
    now, _, file, _ = files
    found = repeating.repeated(file, columns=COLUMNS, target="y")
    assert (found.rows, found.hits) == (len(now), now.duplicated([*COLUMNS]).sum())


def test_rows_known_from_before_are_those_pandas_merges_in_any_type(files):
    now, before, file, other = files
    found = repeating.seen(file, other, columns=COLUMNS, target="y")
    alike = now.astype({"flag": int}).merge(before[[*COLUMNS]].drop_duplicates(), on=[*COLUMNS])
    assert (found.rows, found.hits) == (len(now), len(alike))
    assert 0 < found.hits < found.rows


def test_rows_beyond_what_was_before_are_counted_by_column_and_once_together(files):
    now, before, file, other = files
    found = repeating.outside(file, other, columns=COLUMNS, target="y")
    far = (now["size"] > before["size"].max()) | (now["size"] < before["size"].min())
    new = ~now["kind"].isin(before["kind"].unique())
    assert found.by_column == {"size": far.sum(), "kind": new.sum(), "flag": 0}
    assert (found.rows, found.hits) == (len(now), (far | new).sum())


def test_a_number_is_beyond_a_column_that_held_none(tmp_path):
    pd.DataFrame({"size": [1.0, np.nan], "y": [0, 1]}).to_parquet(tmp_path / "now.parquet")
    pd.DataFrame({"size": [np.nan, np.nan], "y": [0, 1]}).to_parquet(tmp_path / "before.parquet")
    found = repeating.outside(
        tmp_path / "now.parquet", tmp_path / "before.parquet", columns=("size",), target="y"
    )
    assert (found.rows, found.hits) == (2, 1)
