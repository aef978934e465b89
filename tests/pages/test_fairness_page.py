"""Does the Fairness page say what limits made of every number, and why there is none?"""

from dataclasses import replace

import pytest
from tried_version import AT, register

from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State
from lifecycle.services import workspaces
from lifecycle.store import evidence

ERROR = Measurement("mae", 9.0, State.BREACH, unit="outcome", limit=8.0, n=90)
GAP = Measurement("mean_error_difference", 2.0, State.OK, unit="outcome", column="day", n=180)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    ws, _ = workspaces.create(folder / "home", admin=None, at=AT, sample=True)
    with ws:
        snapshot = register(ws, folder)
        found = (
            replace(ERROR, slice={"day": "free"}),
            replace(ERROR, value=7.0, state=State.OK, slice={"day": "working"}),
            GAP,
        )
        found += (
            replace(
                ERROR,
                value=None,
                state=State.INSUFFICIENT,
                limit=None,
                n=0,
                slice={"day": "single"},
                reason="no row has an outcome",
            ),
        )
        told = [f"group day={n} has {n} rows, fewer than 30, and is in no gap" for n in (1, 2, 3)]
        kept = Evidence(
            "m/1",
            Purpose.FAIRNESS,
            snapshot,
            found,
            AT,
            "val",
            method={"settings": {}},
            payload={"notices": ["groups are compared", *told]},
        )
        with ws.transaction() as tx:
            evidence.add(tx, kept)
        yield ws


def said(page):
    assert not page.exception
    return "\n".join(str(e.value) for e in (*page.title, *page.subheader, *page.markdown))


def test_a_groups_rate_beyond_its_limit_is_in_the_verdict_though_no_gap_has_one(
    open_page, compared
):
    text = said(open_page("fairness", compared, model="m", version="1"))

    assert "breach" in text
    assert "1 gap measured, no limit set. By group: 1 of 2 limits is not kept: " in text
    assert "Mean absolute error: day free 9" in text


def test_the_models_tab_says_the_same(open_page, compared):
    text = said(open_page("model", compared, model="m", tab="Fairness"))

    assert "By group: 1 of 2 limits is not kept: Mean absolute error: day free 9" in text


def test_rates_and_gaps_are_picked_by_their_names(open_page, compared):
    page = open_page("fairness", compared, model="m", version="1", tab="Gaps")
    assert page.selectbox(key="explained").options == ["Mean error difference"]
    page = open_page("fairness", compared, model="m", version="1")
    assert page.selectbox(key="rate").options == ["Mean absolute error"]


def test_a_version_without_sensitive_columns_says_so_and_how_to_compare(open_page, compared):
    text = said(open_page("fairness", compared, model="m", version="2"))

    assert "Version 2 names no sensitive column" in text
    assert "lifecycle assess m 2" in text


def test_a_group_without_a_number_says_why_below_the_chart(open_page, compared):
    text = said(open_page("fairness", compared, model="m", version="1"))

    assert "day single: no row has an outcome." in text


def test_many_sentences_on_small_groups_are_folded_under_their_number(open_page, compared):
    page = open_page("fairness", compared, model="m", version="1")

    folded = [e for e in page.expander if e.label == "3 groups are too small for any gap"]
    assert len(folded) == 1
    assert len(folded[0].markdown) == 3
    assert "Groups are compared" in said(page)
