"""Every page of ours opens in a filled and in an empty workspace and says its answer first."""

from datetime import UTC, datetime, timedelta

import pytest

from app import words
from lifecycle.charts import checks
from lifecycle.charts.theme import Mark
from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.errors import NotAllowed
from lifecycle.services import data_quality
from lifecycle.services import portfolio as overviews
from lifecycle.stats import catalogue
from lifecycle.store import health, logs, measurements

APPROVER = Actor("ada", frozenset({Role.APPROVER}), via="sample")
VIEWER = Actor("vik", frozenset({Role.VIEWER}), via="sample")
OURS = (
    "overview",
    "inventory",
    "model",
    "drift",
    "quality",
    "performance",
    "fairness",
    "explanations",
)
ALARMS = overviews.alarms
AFTER = datetime(2027, 6, 7, tzinfo=UTC)
LIVE = {"model": "credit-default", "version": "1"}


def said(page):
    return "\n".join(str(element.value) for element in (*page.title, *page.markdown))


def titles(page) -> list[str]:
    return [chart.proto.alt for chart in page.get("plotly_chart")]


def clean(page):
    assert not page.exception
    assert not page.error
    return page


@pytest.mark.parametrize("name", OURS)
def test_a_page_opens_on_a_filled_workspace(open_page, portfolio, name):
    page = clean(open_page(name, portfolio, **LIVE))

    assert page.get("plotly_chart") or page.dataframe


@pytest.mark.parametrize("name", OURS)
def test_a_page_of_an_empty_workspace_says_what_fills_it(open_page, empty, name):
    page = clean(open_page(name, empty))

    assert page.title
    assert "No model" in said(page)
    assert "`lifecycle " in said(page)
    assert not page.get("plotly_chart")


@pytest.mark.parametrize("name", OURS)
def test_a_page_of_a_model_without_versions_opens(open_page, portfolio, name):
    clean(open_page(name, portfolio, model="credit-limit"))


@pytest.mark.parametrize("name", ["drift", "quality", "performance", "fairness", "explanations"])
def test_a_version_without_records_names_the_command_that_makes_them(open_page, portfolio, name):
    page = clean(open_page(name, portfolio, model="credit-default", version="2"))

    assert "`lifecycle " in said(page)
    assert not page.get("plotly_chart")


@pytest.mark.parametrize("name", ["model", "drift", "performance", "fairness", "explanations"])
def test_simulated_records_say_so(open_page, portfolio, name):
    assert "simulator" in said(open_page(name, portfolio, **LIVE))


@pytest.mark.parametrize("name", OURS)
def test_what_is_not_known_in_an_address_falls_back_to_what_is(open_page, portfolio, name):
    clean(
        open_page(
            name, portfolio, model="nobody", version="x", statistic="guess", tab="?", slice="?"
        )
    )


@pytest.mark.parametrize("name", ["model", "drift", "performance", "fairness", "explanations"])
def test_a_model_that_is_not_there_is_said_aloud(open_page, portfolio, name):
    page = open_page(name, portfolio, model="nobody")

    assert "There is no model 'nobody' here" in page.warning[0].value


def test_a_window_that_is_not_over_says_how_far_it_reaches(open_page, portfolio, monkeypatch):
    logged = logs.first_last(portfolio.cursor(), "/".join(LIVE.values()))
    assert logged is not None
    first, last = logged
    monkeypatch.setattr("app.session.now", lambda: last)
    text = said(open_page("drift", portfolio, **LIVE))
    assert "The window of 7 days to 15 Nov 2026 is not over" in text

    monkeypatch.setattr("app.session.now", lambda: last + (last - first))
    assert "not over" not in said(open_page("drift", portfolio, **LIVE))


def test_the_overview_counts_breaches_and_links_to_what_shows_them(open_page, portfolio):
    page = clean(open_page("overview", portfolio))

    assert "1 of 2 models in breach, 1 of them high-risk" in said(page)
    links = [link.proto for link in page.get("page_link")]
    assert "of income was" in said(page)
    assert any("column=income" in link.query_string for link in links if link.page == "drift")


def test_the_overview_says_how_many_are_beyond_a_limit_when_it_lists_fewer(
    open_page, portfolio, monkeypatch
):
    everything = ALARMS(portfolio.cursor(), at=AFTER)
    monkeypatch.setattr(overviews, "alarms", lambda con, *, at: ALARMS(con, at=at, limit=2))

    page = clean(open_page("overview", portfolio))

    assert f"{len(everything)} measurements in all" in said(page)
    assert f"The newest and worst 2 of {len(everything)} as a table" in [
        expander.label for expander in page.expander
    ]


def test_a_request_waits_for_the_approver_and_not_for_a_viewer(open_page, portfolio):
    waits = said(open_page("overview", portfolio, by=APPROVER)).replace("\\", "")  # typed is text
    assert "to move credit-default/2" in waits
    assert "no open request is yours" in said(open_page("overview", portfolio, by=VIEWER))


def test_the_inventory_names_missing_fields_and_filters_by_address(open_page, portfolio):
    page = clean(open_page("inventory", portfolio, stage="candidate"))

    table = page.dataframe[0].value
    assert list(table["version"]) == ["2"]
    assert "KPIs" in table["missing"].iloc[0]


def test_the_inventory_searches_words_anywhere(open_page, portfolio):
    page = clean(open_page("inventory", portfolio, q="limit credit"))

    assert list(page.dataframe[0].value["model"]) == ["Credit Limit"]


def test_a_search_without_a_match_says_so(open_page, portfolio):
    assert "matches" in said(open_page("inventory", portfolio, q="zeppelin"))


def test_the_model_page_gives_the_answer_that_made_the_tier(open_page, portfolio):
    text = said(open_page("model", portfolio, model="credit-default"))

    assert "version 1 is in production" in text
    assert "Creditworthiness of people" in text


TABS = (
    "Summary",
    "Versions",
    "Data",
    "Evidence",
    "Monitoring",
    "Fairness",
    "Explanations",
    "Validation",
    "Approvals",
    "Card",
    "Audit",
)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("model", ["credit-default", "credit-limit"])
def test_every_tab_of_the_model_page_opens_by_its_address(open_page, portfolio, tab, model):
    clean(open_page("model", portfolio, by=APPROVER, model=model, tab=tab))


@pytest.mark.parametrize(
    ("tab", "sentence"),
    [
        ("Fairness", "1 gap of 1 is beyond the limit: demographic parity ratio 0.6"),
        ("Explanations", "Evidence `"),
        ("Validation", "No version was measured against a plan yet"),
    ],
)
def test_the_assurance_tabs_say_what_came_out_and_where_the_rest_is(
    open_page, portfolio, tab, sentence
):
    page = clean(open_page("model", portfolio, model="credit-default", tab=tab))

    assert sentence in said(page)


def test_the_trail_is_for_those_who_may_read_it(open_page, portfolio):
    page = clean(open_page("model", portfolio, by=VIEWER, model="credit-default", tab="Audit"))

    assert "do not include the audit trail" in said(page)


def test_drift_names_the_column_that_moved_and_since_when(open_page, portfolio):
    text = said(clean(open_page("drift", portfolio, **LIVE)))

    assert "most of all income" in text
    assert "since 19 Oct 2026" in text
    assert "2,000 rows" in text
    assert "Benjamini-Hochberg" in text


def test_drift_opens_the_column_and_window_of_its_address(open_page, portfolio):
    page = clean(open_page("drift", portfolio, column="age", window="2026-09-07", **LIVE))

    assert page.selectbox(key="column").value == "age"
    assert page.selectbox(key="window").value == "2026-09-07"
    assert any("age" in title and "13 Sep 2026" in title for title in titles(page))


def test_drift_shows_which_slices_brought_it_and_ranks_by_importance(open_page, portfolio):
    page = clean(open_page("drift", portfolio, column="income", window="2026-11-02", **LIVE))

    assert any("of the movement of income" in title for title in titles(page))
    ranked = page.dataframe[0].value
    assert ranked["column"].iloc[0] == "income"
    assert ranked["importance"].iloc[0] == 0.9
    assert "in the reference" in ranked["what changed"].iloc[0]


def test_drift_of_one_slice_is_drawn_where_its_address_names_it(open_page, portfolio):
    asked = {"column": "income", "statistic": "psi", "window": "2026-11-02"}
    everyone = clean(open_page("drift", portfolio, **asked, **LIVE))
    page = clean(open_page("drift", portfolio, **asked, slice="region north", **LIVE))

    assert everyone.selectbox(key="slice").value == "all rows"
    assert page.selectbox(key="slice").value == "region north"
    drawn = [title for title in titles(page) if "region north" in title]
    assert len([title for title in drawn if title.startswith("Population stability index")]) == 2
    assert any("mean" in title and "8 Nov 2026" in title for title in drawn)
    assert not any(", region north" in title for title in titles(everyone))


def test_a_series_that_ended_is_drawn_below_the_one_that_goes_on(open_page, portfolio):
    before = Window(AFTER - timedelta(weeks=200), AFTER - timedelta(weeks=199))
    old = Measurement("psi", 0.123, State.OK, column="income", window=before, limit=0.2)
    asked = {"column": "income", "statistic": "psi", **LIVE}
    assert "series" not in [box.key for box in open_page("drift", portfolio, **asked).selectbox]
    try:
        with portfolio.transaction() as tx:
            measurements.put(tx, "credit-default/1", [old], series=0)
        page = clean(open_page("drift", portfolio, **asked, series="Series 0"))
    finally:
        with portfolio.transaction() as tx:
            measurements.replace(tx, "credit-default/1", [], windows=None, series=0)

    assert any("of income, series 0 is 0.123" in title for title in titles(page))


def test_a_slice_that_was_only_counted_has_its_distribution(open_page, portfolio):
    page = clean(open_page("drift", portfolio, column="income", slice="sex Female", **LIVE))

    assert "was not measured in these rows alone" in said(page)
    assert any(title.startswith("income: mean") and "sex Female" in title for title in titles(page))


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("Answers and outcomes", "Concept drift"),
        ("Answers and outcomes", "of the score"),
        ("Explanations", "fewer than two explanations"),
        ("Columns together", "Columns were not measured together"),
        ("Columns together", "`lifecycle monitor define credit-default 1 --from FILE`"),
    ],
)
def test_every_tab_of_drift_opens_by_its_address(open_page, portfolio, tab, shown):
    page = clean(open_page("drift", portfolio, tab=tab, **LIVE))

    assert any(shown in text for text in (*titles(page), said(page)))


def test_performance_judges_the_newest_window_whose_outcomes_are_known(open_page, portfolio):
    text = said(clean(open_page("performance", portfolio, **LIVE)))

    assert "7 days to 1 Nov 2026" in text
    assert "2 newer windows cannot be judged yet" in text


def test_performance_names_first_what_is_beyond_its_limit_whatever_is_drawn(open_page, portfolio):
    declared = (*catalogue.PERFORMANCE, *catalogue.ESTIMATED, *catalogue.VALUE, *catalogue.SERVICE)
    names, newest = [statistic.name for statistic in declared], {}
    con = portfolio.cursor()
    for m in measurements.history(con, "credit-default/1", statistics=names, slice="{}"):
        if m.limit is not None and m.state in {State.OK, State.WARNING, State.BREACH}:
            newest[m.statistic] = m.state
    beyond = sum(state is State.BREACH for state in newest.values())
    near = sum(state is State.WARNING for state in newest.values())

    text = said(clean(open_page("performance", portfolio, statistic="roc_auc", **LIVE)))

    assert beyond or near, "the portfolio holds something to be named"
    shown = f"{beyond or near} of {len(newest)} statistics {'beyond' if beyond else 'near'}"
    assert f"{shown} the limit in the newest judged window" in text


def test_performance_shows_the_estimate_with_its_own_past_error(open_page, portfolio):
    text = said(clean(open_page("performance", portfolio, statistic="accuracy", **LIVE)))

    assert "The estimate of Accuracy was off by" in text
    assert "over 10 windows with outcomes" in text
    assert "what a decision" not in text


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("Calibration and mistakes", "rows that were"),
        ("By group", " lowest "),
        ("Value", "EUR in 10 windows with outcomes, and an estimated"),
        ("Service", "Latency within which 95 % of answers came is"),
        ("Outcomes to come", "10 of 12 windows can be judged"),
    ],
)
def test_every_tab_of_performance_opens_by_its_address(open_page, portfolio, tab, shown):
    page = clean(open_page("performance", portfolio, tab=tab, **LIVE))

    assert any(shown in title for title in titles(page))


def test_performance_by_group_leaves_out_windows_whose_outcomes_are_not_known(open_page, portfolio):
    asked = {"tab": "By group", "statistic": "accuracy", "slice": "sex Male"}
    page = clean(open_page("performance", portfolio, **asked, **LIVE))

    assert any(t.startswith("Accuracy, sex Male") and "1 Nov 2026" in t for t in titles(page))
    whole = next(f.value for f in page.dataframe if "all rows" in f.value.to_string())
    assert "3,000" in whole.to_string() or "3000" in whole.to_string()  # ten weeks of 300 rows


def test_fairness_shows_production_and_the_assessment(open_page, portfolio):
    production = clean(open_page("fairness", portfolio, **LIVE))
    assessed = clean(open_page("fairness", portfolio, source="assessment", **LIVE))

    assert any("lowest" in title and "sex Female" in title for title in titles(production))
    assert "Evidence `ev-" in said(assessed)
    assert any("lowest 0.310 for sex Female" in title for title in titles(assessed))


@pytest.mark.parametrize("tab", ["Gaps", "Thresholds", "Over time"])
def test_every_tab_of_fairness_opens_by_its_address(open_page, portfolio, tab):
    page = clean(open_page("fairness", portfolio, tab=tab, **LIVE))

    assert titles(page)


def test_fairness_crosses_attributes_and_draws_what_narrowing_a_gap_costs(open_page, portfolio):
    counted = clean(open_page("fairness", portfolio, tab="Intersections", **LIVE))
    pairs = clean(
        open_page("fairness", portfolio, source="assessment", tab="Intersections", **LIVE)
    )
    ways = clean(open_page("fairness", portfolio, tab="Ways to narrow", **LIVE))

    assert "`intersect: 2`" in said(counted)
    assert any("lowest 0.280 for region north, sex Female" in title for title in titles(pairs))
    assert any("“strict” leaves a gap of 0.01" in title for title in titles(ways))
    assert "Ask counsel." in said(ways)


def test_explanations_say_what_they_rest_on(open_page, portfolio):
    page = clean(open_page("explanations", portfolio, **LIVE))

    assert any("income drives the output most, 90 % of it" in title for title in titles(page))
    facts = page.table[0].value.to_string()
    for fact in ("tree", "log-odds", "abababababab", "seed", "additivity", "forest"):
        assert fact in facts


def test_a_viewer_is_not_offered_to_compute(open_page, portfolio):
    page = clean(open_page("explanations", portfolio, by=VIEWER, **LIVE))

    assert not page.button
    assert "A developer or validator" in said(page)


def test_a_version_without_a_file_is_refused_in_one_sentence(open_page, portfolio):
    page = open_page("explanations", portfolio, **LIVE)
    page.button[0].click().run()

    assert not page.exception
    assert "it has no file" in page.error[0].value


def test_data_quality_names_what_fails_and_opens_rows_for_those_who_may(open_page, portfolio):
    page = clean(open_page("quality", portfolio, **LIVE, column="income", span="everything"))

    assert "Newest row:" in said(page)
    assert len(titles(page)) == 2
    assert "columns:" in page.code[-1].value
    (opens,) = [button for button in page.button if button.label.startswith("Open failing rows")]
    opens.click().run()
    rows = page.dataframe[-1].value
    assert list(rows.columns) == ["id", "time (UTC)", "income"]
    assert len(rows) > 0
    assert (rows["income"].astype(float) > 73).all()
    hidden = clean(open_page("quality", portfolio, by=VIEWER, **LIVE, column="income"))
    assert "do not let you open single rows" in said(hidden)


def test_a_refusal_to_open_rows_leaves_no_other_columns_rows_behind(
    open_page, portfolio, monkeypatch
):
    page = open_page("quality", portfolio, **LIVE, column="income", span="everything")
    (opens,) = [button for button in page.button if button.label.startswith("Open failing rows")]
    opens.click().run()
    assert "income" in page.dataframe[-1].value.columns

    def refuse(*_, **__):
        raise NotAllowed("the column is kept apart")

    monkeypatch.setattr(data_quality, "failing_rows", refuse)
    page.selectbox(key="column").set_value("age").run()
    (opens,) = [button for button in page.button if button.label.startswith("Open failing rows")]
    opens.click().run()

    assert "kept apart" in page.error[0].value
    assert not [f for f in page.dataframe if "time (UTC)" in f.value.columns]


def test_data_quality_opens_the_window_that_it_judges_with_what_happened_on_its_axes(
    open_page, portfolio, monkeypatch
):
    at = datetime(2026, 10, 20, tzinfo=UTC)
    monkeypatch.setattr("app.marks.of_version", lambda *_: [Mark(at, "a new sensor")])
    con, names = portfolio.cursor(), [s.name for s in (*catalogue.QUALITY, *catalogue.ROW_CHECKS)]
    now = checks.newest(
        checks.cells_of(measurements.history(con, "credit-default/1", statistics=names))
    )
    window = checks.worst(now).window
    assert window is not None

    page = clean(open_page("quality", portfolio, **LIVE))

    assert page.selectbox(key="window").value == window.start.date().isoformat()
    drawn = [chart.proto.spec for chart in page.get("plotly_chart")]
    assert ["a new sensor" in spec for spec in drawn] == [True, True]


def test_data_quality_of_all_rows_is_their_number(open_page, portfolio):
    page = clean(open_page("quality", portfolio, **LIVE, column="(all rows)", span="everything"))

    assert "Volume against usual" in titles(page)[1]
    assert "No single row fails this check" in said(page)


def test_the_monitoring_tab_is_as_well_as_the_head_of_its_page(open_page, portfolio):
    id_, con = "credit-default/1", portfolio.cursor()
    after = Window(AFTER, AFTER + timedelta(weeks=1))
    thin = Measurement("psi", None, State.INSUFFICIENT, column="age", window=after, limit=0.2)
    known = health.states(con, version_id=id_)[id_]
    try:
        with portfolio.transaction() as tx:
            measurements.put(tx, id_, [thin], series=1)
        page = clean(open_page("model", portfolio, model="credit-default", tab="Monitoring"))
    finally:
        with portfolio.transaction() as tx:
            measurements.replace(tx, id_, [], windows=[after])

    (tab,) = [m.value for m in page.markdown if "as every series was last judged" in m.value]
    assert words.badge(known) in tab
    assert [m for m in page.markdown if words.badge(known) in m.value and "owner" in m.value]


def test_the_monitoring_tab_says_how_it_does_and_what_to_expect(open_page, portfolio):
    page = clean(open_page("model", portfolio, model="credit-default", tab="Monitoring"))
    text = said(page)
    assert "credit-default/1" in [heading.value for heading in page.subheader]
    assert "as every series was last judged" in text
    assert "tests corrected together" in text

    page.button(key="expect_1").click().run()

    assert "It would " in said(clean(page))
    viewed = clean(
        open_page("model", portfolio, by=VIEWER, model="credit-default", tab="Monitoring")
    )
    assert not [button for button in viewed.button if button.label == "What to expect"]
