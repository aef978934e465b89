"""Is a number that nothing limits told from one that keeps its limit and one that is missing?"""

from lifecycle.charts import tables
from lifecycle.domain.measurement import NO_LIMIT, Measurement, State, judgement
from lifecycle.services.reports import words

FREE = Measurement("selection_rate", 0.3, State.OK)
KEPT = Measurement("impact_ratio", 0.9, State.OK, limit=0.8)
BROKEN = Measurement("impact_ratio", 0.7, State.BREACH, limit=0.8)
MISSING = Measurement("impact_ratio", None, State.INSUFFICIENT, reason="few rows")


def test_without_a_limit_no_state_applies_and_a_missing_value_never_passes():
    assert judgement([FREE]) is State.NOT_APPLICABLE
    assert judgement([FREE, KEPT]) is State.OK
    assert judgement([FREE, KEPT, MISSING]) is State.INSUFFICIENT
    assert judgement([KEPT, BROKEN]) is State.BREACH
    assert [m.judged for m in (FREE, KEPT, BROKEN, MISSING)] == [False, True, True, True]


def test_tables_of_pages_and_of_reports_say_the_same_of_a_number_that_nothing_limits():
    (row,) = tables.rows([FREE])

    assert row["state"].endswith(NO_LIMIT)
    assert NO_LIMIT in words.cells(FREE, evidence="ev-1")
    assert "ok" in words.cells(KEPT, evidence="ev-1")
