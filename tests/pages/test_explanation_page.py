"""Does the Explanations page draw what jobs kept, and open single decisions for those who may?"""

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from skops import io

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.model import Columns
from lifecycle.errors import NotAllowed, NotFound
from lifecycle.services import explanation, registry, workspaces
from lifecycle.services.explanation import decisions, reading
from lifecycle.services.jobs import JobRunner
from lifecycle.store import audit, evidence
from tests.pages.conftest import AT, FULL, VIEWER, parquet, register, rows

AUDITOR = Actor("audra", frozenset({Role.AUDITOR}), via="sample")
THIS: Any = {"model": "credit-default", "version": "7"}
TABS = ("What drives it", "Along a column", "Groups", "One decision", "Compare")


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """Return a workspace with two explained versions and one explained decision."""
    folder = tmp_path_factory.mktemp("explained")
    ws, _ = workspaces.create(folder / "home", admin=None, at=AT, sample=True)
    with ws:
        snapshot = register(ws, folder)
        table = pq.read_table(parquet(folder, "training", rows(600, seed=1))).to_pandas()
        features = ["income", "age", "region"]
        for name, c in (("7", 1.0), ("8", 0.0005)):
            encode = ColumnTransformer(
                [("region", OneHotEncoder(), ["region"])], remainder="passthrough"
            )
            model = make_pipeline(encode, LogisticRegression(C=c, max_iter=2000))
            labels = table["approved"].astype(str)
            io.dump(model.fit(table[features], labels), folder / f"{name}.skops")
            columns = Columns(
                target="approved",
                positive="1",
                threshold=0.5,
                features=tuple(features),
                categorical=("region",),
                sensitive=("sex", "age") if name == "8" else ("sex",),
            )
            registry.add_version(
                ws,
                "credit-default",
                name,
                columns=columns,
                reference=snapshot.id,
                file=folder / f"{name}.skops",
                **FULL,
            )
        kinds = explanation.KINDS
        with JobRunner(ws, kinds=kinds, clock=lambda: AT, reuse=True) as runner:
            for name in ("7", "8"):
                explanation.run_now(
                    ws, "credit-default", name, snapshot=snapshot.id, runner=runner, **FULL
                )
            words = "columns: {region: {change: fixed}, income: {raises: Income is *high*}}"
            decisions.publish_reasons(ws, "credit-default", words, **FULL)
            job = decisions.explain_decision(
                ws, "credit-default", "7", row="3", source=snapshot.id, **FULL
            )
            ended = runner.wait(job.id)
            assert ended.result == "xd-1", ended.note
        yield ws


def said(page):
    return "\n".join(str(element.value) for element in (*page.title, *page.markdown))


def newest(ws, name):
    kept = evidence.latest(ws.cursor(), f"credit-default/{name}", Purpose.EXPLANATION)
    assert kept is not None
    return kept


def clean(page):
    assert not page.exception
    assert not page.error
    return page


def alts(page):
    return [chart.proto.alt for chart in page.get("plotly_chart")]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_by_its_address(open_page, explained, tab):
    clean(open_page("explanations", explained, tab=tab, **THIS))


def test_the_ranking_says_how_sure_it_is(open_page, explained):
    page = clean(open_page("explanations", explained, **THIS))

    assert "income drives the output most" in alts(page)[0]
    assert "The order is stable after" in said(page) or "The order is that of all" in said(page)


@pytest.mark.parametrize("view", ["SHAP values", "Average answer", "Accumulated effect"])
def test_a_column_is_drawn_in_every_view(open_page, explained, view):
    page = clean(
        open_page(
            "explanations", explained, tab="Along a column", column="income", view=view, **THIS
        )
    )

    assert "rises along income" in alts(page)[0]
    assert "side by side" in said(page)


OTHER: Any = {**THIS, "version": "8", "tab": "Along a column", "column": "age"}


@pytest.mark.parametrize("column", ["income", "age", "region"])
def test_no_row_is_drawn_along_any_column_for_who_may_not_open_rows(open_page, explained, column):
    page = clean(
        open_page("explanations", explained, by=VIEWER, **THIS, tab="Along a column", column=column)
    )

    assert "your roles do not let you open them" in said(page)
    assert "SHAP values" not in page.selectbox(key="view").options
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    names = {trace.get("name") for trace in drawn}
    assert "single rows" not in names
    assert column == "region" or {"mean", "95 % interval"} <= names


def test_rows_along_a_protected_attribute_are_hidden_from_who_may_not_read_it(open_page, explained):
    page = clean(open_page("explanations", explained, **OTHER))

    assert "would show a protected attribute" in said(page)
    assert page.selectbox(key="view").options == ["Average answer", "Accumulated effect"]
    with pytest.raises(NotAllowed):
        reading.single_rows(explained, newest(explained, "8"), "age", by=VIEWER, at=AT)
    with pytest.raises(NotFound, match="no column 'wings'"):
        reading.single_rows(explained, newest(explained, "8"), "wings", by=AUDITOR, at=AT)


def test_rows_along_a_protected_attribute_open_for_an_auditor_and_the_trail_keeps_it(
    open_page, explained
):
    page = clean(open_page("explanations", explained, by=AUDITOR, **OTHER))
    assert "SHAP values" not in page.selectbox(key="view").options

    page.button(key="rows_open").click().run()

    clean(page)
    assert "SHAP values" in page.selectbox(key="view").options
    last = audit.links(explained.cursor())[-1].event
    assert (last.action, last.by) == ("sensitive.read", "audra")
    assert last.details["purpose"] == "rows of an explanation"
    assert "age" in last.details["columns"]  # pyright: ignore[reportOperatorIssue] -- a list


def test_groups_are_those_of_sensitive_and_categorical_columns(open_page, explained):
    page = clean(open_page("explanations", explained, tab="Groups", cohort="sex", **THIS))

    assert page.selectbox(key="cohort").options == ["sex", "region"]
    assert alts(page)


def test_versions_are_compared_by_their_shares(open_page, explained):
    page = clean(open_page("explanations", explained, tab="Compare", **THIS))

    assert "Version 8" in alts(page)[0]
    assert "Explanation drift" in said(page)


def test_a_decision_opens_for_an_auditor_and_the_trail_keeps_it(open_page, explained):
    page = clean(open_page("explanations", explained, by=AUDITOR, tab="One decision", **THIS))
    assert "recorded in the audit trail" in said(page)
    assert not alts(page)

    page.button(key="decision_open").click().run()

    clean(page)
    assert "the threshold of 0.500" in alts(page)[0]
    assert "Principal reasons" in "".join(str(h.value) for h in page.subheader)
    last = audit.links(explained.cursor())[-1].event
    assert (last.action, last.by, last.details["explanation"]) == ("decision.read", "audra", "xd-1")


def test_a_viewer_is_not_shown_single_decisions(open_page, explained):
    page = clean(open_page("explanations", explained, by=VIEWER, tab="One decision", **THIS))

    assert "do not let you open single rows" in said(page)
    assert not page.button


@pytest.mark.parametrize("tab", TABS)
def test_what_is_not_known_in_the_address_falls_back(open_page, explained, tab):
    wrong = dict.fromkeys(("column", "view", "cohort", "against", "decision", "evidence"), "x")

    clean(open_page("explanations", explained, tab=tab, **wrong, **THIS))


def test_a_job_for_a_decision_and_new_words_are_asked_for_on_the_page(open_page, explained):
    page = clean(open_page("explanations", explained, tab="One decision", **THIS))
    (words,) = [area for area in page.text_area if "YAML" in area.label]
    words.set_value("adverse: sideways")
    next(button for button in page.button if button.label == "Put in force").click()
    page.run()

    assert "sideways" in page.error[0].value
