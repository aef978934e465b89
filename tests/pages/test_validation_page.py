"""Does the Validation page say the answer first, and offer to measure, repeat and take along?"""

import pytest
from tried_version import AT, measure, register

from lifecycle.domain.actor import Actor, Role
from lifecycle.services import workspaces
from lifecycle.store import jobs, report_texts

VIEWER = Actor("vik", frozenset({Role.VIEWER}), via="sample")
TRIED = {"model": "m", "version": "1"}


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried")
    ws, _ = workspaces.create(folder / "home", admin=None, at=AT, sample=True)
    with ws:
        measure(ws, register(ws, folder))
        yield ws


def said(page):
    return "\n".join(str(e.value) for e in (*page.title, *page.subheader, *page.markdown))


def clean(page):
    assert not page.exception
    assert not page.error
    return page


def test_the_verdict_comes_first_with_what_is_beyond_its_limit_and_an_override(open_page, tried):
    page = clean(open_page("validation", tried, **TRIED))

    text = said(page)
    assert "**Performance.** 1 of 1 limit is not kept: " in text
    assert "**Validation.** 1 of 1 limit is kept" in text
    assert "Plan changed by dana after results were known" in text
    assert r"\*board\*" in text
    assert any("roc_auc" in frame.value.to_string() for frame in page.dataframe)


def test_trials_are_charts_by_kind_and_what_could_not_be_tried_says_why(open_page, tried):
    page = clean(open_page("validation", tried, tab="Trials", **TRIED))
    assert page.get("plotly_chart")
    assert "Gain over the champion" in said(page) or page.get("plotly_chart")
    robust = clean(open_page("validation", tried, tab="Trials", tried="Robustness", **TRIED))
    assert r"Loss when a column is missing: x: it raises \*" in said(robust)


def test_reproducibility_shows_method_findings_and_what_a_rerun_said(open_page, tried):
    page = clean(open_page("validation", tried, tab="Reproducibility", **TRIED))

    assert "It does not reproduce ev" in said(page)
    assert "4 values compared" in said(page)
    assert "3 of 400 scores differ" in said(page)
    assert "numpy 2.4" in "".join(t.value.to_string() for t in page.table)
    assert any(b.label == "Measure again" for b in page.button)


def test_the_report_can_be_taken_along(open_page, tried):
    page = clean(open_page("validation", tried, tab="Report", **TRIED))

    labels = {button.label for button in page.get("download_button")}
    assert {"HTML", "Markdown", "JSON", "PDF"} <= labels
    assert "Hugging Face" not in labels


def test_a_plan_with_a_typo_is_refused_by_its_line_and_a_good_one_becomes_a_job(open_page, tried):
    page = clean(open_page("validation", tried, model="m", version="2"))
    assert "Nothing was measured against a plan yet" in said(page)

    plan = page.text_area(key="plan_text")
    plan.set_value(plan.value.replace("brier", "bryer"))
    page = next(b for b in page.button if b.label == "Measure").click().run()
    assert "line 4" in page.error[0].value
    assert "did you mean brier" in page.error[0].value

    plan = page.text_area(key="plan_text")
    plan.set_value(plan.value.replace("bryer", "brier"))
    next(t for t in page.text_input if t.label == "Why limits change").set_value("another look")
    page = clean(next(b for b in page.button if b.label == "Measure").click().run())
    (job,) = jobs.every(tried.cursor(), live=True)
    assert (job.kind, job.subject) == ("assess", "version:m/2")
    assert f"{job.id}: waits for a worker" in said(page)


def test_a_viewer_reads_and_is_offered_nothing(open_page, tried):
    page = clean(open_page("validation", tried, by=VIEWER, **TRIED))

    assert not [b for b in page.button if b.label in {"Measure", "Measure again"}]


def test_the_card_of_a_version_is_a_tab_of_its_model_and_is_written_by_hand(open_page, tried):
    page = clean(open_page("model", tried, model="m", tab="Card", card="1"))
    text = said(page)
    assert "Performance: breach" in text
    assert "Evidence ev\\-" in text or "Evidence ev-" in text
    assert {"HTML", "PDF", "Hugging Face"} <= {b.label for b in page.get("download_button")}

    page.text_area(key="card_text").set_value("Adults <b>only</b>.")
    page = clean(next(b for b in page.button if b.label == "Keep").click().run())
    assert report_texts.newest(tried.cursor(), "m")["summary"].text == "Adults <b>only</b>."
    assert any("Adults <b>only</b>." in str(t.value) for t in page.text)
    assert "Adults <b>only</b>." not in [area.value for area in page.text_area]
