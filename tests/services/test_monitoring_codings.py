"""Which values of a log mean something, and what is said of the others."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lifecycle.engines import choose
from lifecycle.engines.contract import Coding, Grouping
from lifecycle.services.monitoring import codings
from lifecycle.services.monitoring.counting import BY_DAY
from lifecycle.services.monitoring.reference import DERIVED, Codes
from lifecycle.stats import counting

DAY = date(2026, 1, 5)


@pytest.fixture
def engine():
    with choose("duckdb") as opened:
        yield opened


@pytest.fixture
def log(engine, tmp_path):
    def opened(**columns):
        n = len(next(iter(columns.values())))
        file = tmp_path / "log.parquet"
        at = [datetime(2026, 1, 5, 12, tzinfo=UTC)] * n
        pq.write_table(pa.table({"lc_at": at, **columns}), file)
        return engine.open(str(file))

    return opened


def found(engine, source, codes):
    groupings = [Grouping((), BY_DAY), Grouping(("sex",), BY_DAY)]
    return codings.strange(engine, source, codes=codes, groupings=groupings, levels={"sex": ["F"]})


def test_a_class_that_the_reference_never_held_is_told_of(engine, log):
    source = log(outcome=["a", "z", "z", None], prediction=["a", "b", "b", "z"], sex=["F"] * 4)

    strange = found(engine, source, Codes(classes=("a", "b")))

    rest = "such as 'z', where the reference knows 'a', 'b': they count as not known"
    assert codings.sentences(strange, label="the log") == [
        f"2 rows of the log hold an outcome {rest}",
        f"1 rows of the log hold a decision {rest}",
    ]


def test_strange_rows_are_written_into_the_tally_of_their_day_and_slice(engine, log):
    label = Coding("outcome", "1", ("0",))
    source = log(outcome=["1", "yes", "no", None], prediction=["1"] * 4, sex=["F", "M", "F", "F"])
    strange = found(engine, source, Codes(label=label))
    tally = counting.binary_tally([1, 2, 2, 2], [1, 1, 1, 1])

    whole: Any = codings.marked(tally, strange, day=DAY, key="{}")
    women: Any = codings.marked(tally, strange, day=DAY, key='{"sex":"F"}')

    assert (whole.strange_labels, whole.strange_decisions) == (2, 0)
    assert women.strange_labels == 1


def test_a_decision_is_read_by_the_reference_or_else_by_its_own_coding(engine, log):
    label = Coding("outcome", "good", ("bad",))
    told = Coding("prediction", "go", ("stay",))

    def read(values, codes):
        source = log(**{"prediction": values} if values else {"lc_decision": [1]})
        return codings.decision_of(engine, source, codes=codes)

    assert read(None, Codes(label=label)) == DERIVED
    assert read(["0", "1"], Codes(label=label, decision=told)) == told
    assert read(["0", "1"], Codes(label=label)) == Coding("prediction", "1", ("0",))
    assert read(["true"], Codes(label=label)) == Coding("prediction", "true", ("false",))
    assert read(["good", "1"], Codes(label=label)) == Coding("prediction", "good", ("bad",))
