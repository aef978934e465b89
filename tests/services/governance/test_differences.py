"""What is not as it was when the model was last approved, field by field and number by number."""

from datetime import timedelta

from furniture import Bench, actor, publish
from terms_bench import DAY, HOUSE, NOW, vote

from lifecycle.domain.approval import Vote
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Columns, Stage, Version
from lifecycle.services import approvals
from lifecycle.store import evidence, models


def measured(workspace, version, *measurements, purpose=Purpose.PERFORMANCE, at=NOW):
    made = Evidence(version.id, purpose, "d@1", measurements, at, "val")
    with workspace.transaction() as tx:
        evidence.add(tx, made)


def ask(workspace, name, *, at):
    return approvals.request(
        workspace, "credit", name, to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=at
    )


def registered(workspace, name, **more):
    made = Version("credit", name, Stage.CANDIDATE, "dev", NOW, **more)
    with workspace.transaction() as tx:
        models.add_version(tx, made)
    return made


def test_a_request_is_compared_with_the_last_one_that_was_approved(workspace):
    first = Bench(workspace).version()
    auc = Measurement("roc_auc", 0.81234, State.OK, interval=(0.80, 0.82), n=1200)
    gap = Measurement("selection_rate", 0.2, State.OK, slice={"sex": "F"}, n=600)
    january = Measurement("roc_auc", 0.7, State.OK, window=Window(NOW, NOW + DAY), n=40)
    measured(workspace, first, auc, gap, january)
    asked = ask(workspace, "1", at=NOW)
    assert approvals.since_last_approval(workspace.cursor(), asked) is None
    vote(workspace, asked, "app")
    rules = "rules: [{rule: evidence, purpose: performance}]"
    publish(workspace, HOUSE.format(version="stricter", terms=rules), at=NOW + DAY)
    second = registered(
        workspace,
        "2",
        columns=Columns(target="y", sensitive=("sex",)),
        artifact="ab" * 32,
        parameters={"depth": 3, "alpha": 0.5},
    )
    lower = Measurement("roc_auc", 0.79, State.OK, n=1300)
    absent = Measurement("ks", None, State.INSUFFICIENT, column="age", n=12)
    measured(workspace, second, lower, absent, at=NOW + timedelta(seconds=1))
    asked_again = ask(workspace, "2", at=NOW + 2 * DAY)

    compared = approvals.since_last_approval(workspace.cursor(), asked_again)

    assert compared is not None
    before, found = compared
    assert before.id == asked.id
    assert {d.what: (d.before, d.after) for d in found} == {
        "version": ("1", "2"),
        "sensitive": ("", "sex"),
        "artifact": ("", "abababababab…"),
        "parameters": ("", "alpha=0.5, depth=3"),
        "policy": ("house test-1", "house stricter"),
        "rules of the gate": ("limit", "evidence"),
        "performance: roc auc": ("0.8123 (0.8 to 0.82), n 1,200", "0.79, n 1,300"),
        "performance: ks by age": ("", "insufficient"),
    }


def test_another_model_another_stage_and_what_was_turned_down_are_no_measure(workspace):
    bench = Bench(workspace)
    for model in ("credit", "fraud"):
        bench.evidence(bench.version(model=model))
    publish(workspace, HOUSE.format(version="open", terms="approvals: 1"), at=NOW)
    elsewhere = approvals.request(
        workspace, "fraud", "1", to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=NOW
    )
    vote(workspace, elsewhere, "app")
    vote(workspace, ask(workspace, "1", at=NOW), "app", Vote.REJECT)
    registered(workspace, "2", columns=Columns(target="y"))

    asked = ask(workspace, "2", at=NOW + 2 * DAY)

    assert approvals.since_last_approval(workspace.cursor(), asked) is None
