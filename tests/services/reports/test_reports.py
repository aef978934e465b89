"""Are reports made from records, every number with its evidence, in every format, and honest?"""

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from tumour_life import AT

from lifecycle.domain.actor import Actor, Role
from lifecycle.domain.measurement import Measurement, State
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import assessment, plans, policies, reports
from lifecycle.services.reports import words
from lifecycle.services.reports.marks import chart
from lifecycle.store import audit, evidence

PLAN = """name: board
rationale: what <b>the board</b> asked for
statistics: {performance: [accuracy, roc_auc], fairness: [selection_rate, impact_ratio]}
sensitive: [sex]
limits:
  accuracy: {minimum: 0.999, rationale: nothing less will do}
  roc_auc: {minimum: 0.5}
"""
VITO = Actor("vito", frozenset({Role.VALIDATOR}))


@pytest.fixture
def registered(registered, ws):
    policies.install(ws, by=Actor("root", frozenset({Role.ADMINISTRATOR})), at=AT)
    return registered


@pytest.fixture
def assessed(registered, ws):
    assessment.assess(
        ws, "tumour", "1", snapshot=registered.id, plan=plans.parse(PLAN), by=VITO, at=AT
    )
    return ws


def made(ws, kind="card", at=AT, audience=reports.Audience.ENGINEER):
    return reports.KINDS[kind](ws, "tumour", "1", by=VITO, at=at).to(audience)


class Page(HTMLParser):
    """Collects tags and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.loads = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [v for k, v in attrs if k in {"src", "href"}]

    def handle_data(self, data):
        self.texts.append(data.strip())


def test_every_number_of_a_card_stands_in_the_row_of_its_evidence(assessed):
    kept = {e.id: e for e in evidence.of_version(assessed.cursor(), "tumour/1")}
    found: Any = reports.as_json(made(assessed))
    rows = [
        row
        for section in found["sections"]
        for block in section["blocks"]
        if block["kind"] == "measured"
        for row in block["measurements"]
    ]
    assert {row["evidence"] for row in rows} == set(kept)
    for row in rows:
        values = [m.value for m in kept[row["evidence"]].measurements]
        assert row["value"] in values
    text = reports.as_markdown(made(assessed))
    for row in text.splitlines():
        if row.startswith("| accuracy"):
            assert row.rstrip(" |").split("| ")[-1] in kept


@pytest.mark.parametrize("kind", list(reports.KINDS))
def test_no_report_shows_groups_of_fewer_rows_than_the_workspace_says(assessed, kind):
    def by_group():
        found: Any = reports.as_json(made(assessed, kind))
        blocks = [b for section in found["sections"] for b in section["blocks"]]
        rows = [row for b in blocks if b["kind"] == "measured" for row in b["measurements"]]
        return [row["value"] for row in rows if "sex" in row["slice"]]

    assert None not in by_group()
    assessed.shown_from = 10_000
    assert set(by_group()) == {None}


def test_a_page_is_whole_escapes_everything_and_loads_nothing(assessed):
    text = reports.FORMATS["html"].render(made(assessed, "validation")).decode()
    page = Page(text)
    assert page.loads == []
    assert {"svg", "table", "dl", "h1", "title"} <= set(page.tags)
    assert "b" not in page.tags
    assert "what <b>the board</b> asked for" in page.texts
    assert text.count("<svg") == 2
    for part in text.split("<svg")[1:]:
        ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")  # noqa: S314 -- our own text


def test_a_pdf_is_the_same_every_time_and_holds_odd_letters(assessed):
    reports.write(assessed, "tumour", "1", "summary", "Größe <i>& 你好\x00\n\nZwei", by=VITO, at=AT)
    for kind in reports.KINDS:
        first, second = (reports.as_pdf(made(assessed, kind)) for _ in range(2))
        assert first.startswith(b"%PDF-")
        assert first.rstrip().endswith(b"%%EOF")
        assert first == second


def test_the_verdict_names_what_is_beyond_its_limit_and_the_plan_when_it_was_fixed(assessed):
    text = reports.as_markdown(made(assessed, "validation"))
    assert "- **outcome**: fail, the worst of its parts" in text
    verdict = text.partition("## Plan")[0]
    assert "- **beyond its limit**: 1, listed below" in verdict
    assert "| accuracy |  | " in verdict
    assert "| 0.999 | breach | ev-" in verdict
    assert "| accuracy | at least 0.999 | block | nothing less will do |" in text
    assert f"- **fixed**: {AT:%Y-%m-%d %H:%M} UTC by vito" in text
    assert "numpy " in text
    assert "not tried; `lifecycle assess" in text


def test_a_number_in_the_outcomes_unit_says_so(assessed):
    error = Measurement("mae", 9.5, State.OK, unit="outcome", n=90)
    count = Measurement("file_size", 2.0, State.OK, unit="MB")

    assert words.cells(error, evidence="ev-1")[2] == "9.5 (outcome's unit)"
    assert words.cells(count, evidence="ev-1")[2] == "2 MB"


def test_an_override_stands_in_the_report(assessed, registered):
    changed = plans.parse(PLAN.replace("0.999", "0.5"))
    assessment.assess(
        assessed,
        "tumour",
        "1",
        snapshot=registered.id,
        plan=changed,
        override="the board changed its mind",
        by=VITO,
        at=AT + timedelta(hours=1),
    )
    text = reports.as_markdown(made(assessed, "validation", at=AT + timedelta(hours=2)))
    assert "## Plan of performance: overridden after results" in text
    assert "because: the board changed its mind" in text
    assert "- accuracy: at least 0.999, now at least 0.5" in text
    card = reports.as_markdown(made(assessed, "card", at=AT + timedelta(hours=2)))
    assert "- accuracy: at least 0.999, now at least 0.5" in card


def test_old_evidence_and_texts_of_another_version_are_marked_stale(assessed, dev, registered):
    from tumour_life import COLUMNS

    from lifecycle.services import registry

    reports.write(assessed, "tumour", "1", "limitations", "Adults only.", by=VITO, at=AT)
    fresh = reports.as_markdown(made(assessed))
    assert "Stale" not in fresh
    late = reports.as_markdown(made(assessed, at=AT + timedelta(days=500)))
    assert late.count("> **Stale**: ev-") == 2
    assert "500 days old, and the policy takes" in late
    registry.add_version(
        assessed, "tumour", "2", columns=COLUMNS, reference=registered.id, by=dev, at=AT
    )
    other = reports.card(assessed, "tumour", "2", by=VITO, at=AT)
    assert "Stale: it was written about tumour/1." in reports.as_markdown(other)


def test_what_people_write_is_kept_by_revision_and_recorded(assessed, viewer):
    write: Any = {"by": VITO, "at": AT}
    first = reports.write(assessed, "tumour", "1", "opinion", "Fine.", **write)
    second = reports.write(assessed, "tumour", "1", "opinion", "Fine, but small.", **write)
    assert (first.revision, second.revision) == (1, 2)
    text = reports.as_markdown(made(assessed, "validation"))
    assert "Fine, but small." in text
    assert "Written by vito" in text
    assert len(audit.search(assessed.cursor(), action="report.write")) == 2
    for part, said, by, error in (
        ("jokes", "x", VITO, InvalidInput),
        ("opinion", "  ", VITO, InvalidInput),
        ("opinion", "x" * 30_000, VITO, InvalidInput),
        ("opinion", "x", viewer, NotAllowed),
    ):
        with pytest.raises(error):
            reports.write(assessed, "tumour", "1", part, said, by=by, at=AT)


def test_the_public_reads_no_names_of_people_who_decided(assessed):
    public = reports.as_markdown(made(assessed, audience=reports.Audience.PUBLIC))
    whole = reports.as_markdown(made(assessed))
    assert "## Approval" in whole
    assert "## Approval" not in public
    assert "## Version" not in public
    assert "## Performance" in public


def test_the_hub_header_is_yaml_with_results_by_dataset(assessed, registered):
    text = reports.FORMATS["huggingface"].render(made(assessed)).decode()
    _, header, body = text.split("---\n", 2)
    read: Any = yaml.safe_load(header)
    assert read["pipeline_tag"] == "tabular-classification"
    (result,) = read["model-index"][0]["results"]
    assert result["dataset"] == {"name": registered.id, "type": "cancer"}
    metrics = {m["type"]: m["value"] for m in result["metrics"]}
    kept = evidence.of_version(assessed.cursor(), "tumour/1")
    performance = next(e for e in kept if e.purpose == "performance")
    assert metrics == {m.statistic: m.value for m in performance.measurements}
    assert body.lstrip().startswith("# ")


def test_reports_of_nothing_say_so_and_of_what_is_not_there_are_refused(registered, ws):
    for kind in reports.KINDS:
        made_now = reports.KINDS[kind](ws, "tumour", "1", by=VITO, at=AT)
        text = reports.as_markdown(made_now)
        assert "othing" in text
        for how in reports.FORMATS.values():
            assert how.render(made_now)
        with pytest.raises(NotFound):
            reports.KINDS[kind](ws, "tumour", "9", by=VITO, at=AT)


def test_a_chart_places_values_between_its_ends_and_needs_one_unit():
    given = [
        Measurement("a", 0.5, State.OK, interval=(0.25, 1.0)),
        Measurement("b", 1.0, State.BREACH, limit=0.75),
        Measurement("c", 90.0, State.OK, unit="ms"),
        Measurement("d", None, State.INSUFFICIENT, reason="too few"),
    ]
    laid = chart(given)
    assert laid is not None
    assert [m.at for m in laid.marks] == [0.5, 1.0]
    assert (laid.marks[0].low, laid.marks[0].high) == (0.25, 1.0)
    assert laid.marks[1].limit == 0.75
    assert (laid.start, laid.end) == (0.0, 1.0)
    assert chart(given[3:]) is None
    flat = chart([Measurement("a", 0.0, State.OK)])
    assert flat is not None
    assert flat.marks[0].at == 0.0


def test_json_holds_no_nan(assessed):
    json.loads(reports.FORMATS["json"].render(made(assessed)), parse_constant=pytest.fail)
