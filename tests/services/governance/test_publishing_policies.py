from dataclasses import replace

import pytest
from furniture import NOW, POLICY, ROOT, Bench, actor, publish

from lifecycle.domain.model import Stage
from lifecycle.domain.reach import Reach
from lifecycle.domain.rules import Outcome
from lifecycle.domain.usecase import Tier
from lifecycle.errors import Conflict, FourEyesViolation, InvalidInput, NotFound, StaleEvidence
from lifecycle.services import policies
from lifecycle.store import audit, people, policy_drafts
from lifecycle.store import policies as published
from lifecycle.store.connection import Workspace


def test_a_unit_whose_people_cannot_meet_its_policy_is_told_so(workspace):
    with workspace.transaction() as tx:
        for name in ("app", "app2"):
            found = people.get(tx, name)
            people.update(tx, replace(found, reach=Reach(units=frozenset({"retail"}))))
    local = "name: local\nversion: v1\nunit: {}\ntiers: {{high: {{approved: {{approvals: 2}}}}}}"

    with pytest.raises(InvalidInput, match="takes 2 of approver by different people"):
        policies.draft(workspace, local.format("wards"), by=ROOT, at=NOW)
    assert policies.draft(workspace, local.format("retail"), by=ROOT, at=NOW).name == "local"


def test_a_policy_counts_only_who_decides_in_that_tier(workspace):
    with workspace.transaction() as tx:
        for name in ("app", "app2"):
            found = people.get(tx, name)
            people.update(tx, replace(found, reach=Reach(tiers=frozenset({Tier.MINIMAL}))))

    with pytest.raises(InvalidInput, match="there are 0 approver"):
        policies.draft(workspace, POLICY.replace("test-1", "test-2"), by=ROOT, at=NOW)


def test_a_published_policy_is_in_force_and_in_the_trail(workspace):
    newer = publish(workspace, POLICY.replace("test-1", "test-2"))

    assert published.current(workspace.cursor()) == newer
    event = audit.search(workspace.cursor(), limit=1)[0].event
    assert (event.action, event.subject) == ("policy.publish", "policy:house test-2")
    assert event.details["sha256"] == newer.sha256


def test_what_is_published_never_changes(workspace):
    with pytest.raises(Conflict, match="published already, with the same content"):
        policies.draft(workspace, POLICY, by=ROOT, at=NOW)
    with pytest.raises(Conflict, match="cannot change; give this one a new version"):
        policies.draft(workspace, POLICY + "      roles: [approver]\n", by=ROOT, at=NOW)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "a policy must hold keys and values"),
        ("- a", "a policy must hold keys and values"),
        ("name: [", "the policy cannot be read: line 1"),
        ("name: a\nname: b", "line 2: the key 'name' stands here twice"),
        ("a: &x {b: 1}\nc: *x", "line 2: aliases are not allowed"),
        ("name: !!python/object:os.system x", "could not determine a constructor"),
        ("name: \x00", "cannot be read"),
        ("? [a]\n: b", "the policy cannot be read: line 1: a key must be text"),
        ("x" * 200_001, "at most 200000 characters"),
        ("name: house\nversion: 1.10\ntiers: {}", "write it in quotes, not 1.1"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(workspace, content, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        policies.draft(workspace, content, by=ROOT, at=NOW)


def test_a_date_stays_the_text_it_was_written_as():
    assert policies.read("name: house\nversion: 2026-11-01\ntiers: {}").version == "2026-11-01"


def test_the_shipped_policies_cover_every_tier_and_gate_and_say_why():
    (house,) = policies.shipped()

    assert house.name == "house"
    assert set(house.gates) == {Tier.HIGH, Tier.LIMITED, Tier.MINIMAL}
    for stages in house.gates.values():
        assert set(stages) == {Stage.VALIDATED, Stage.APPROVED, Stage.PRODUCTION}
        for gate in stages.values():
            assert all(len(rule.rationale) > 20 for rule in gate.rules)
    kinds = {r.rule.kind for s in house.gates.values() for g in s.values() for r in g.rules}
    assert kinds == {"documented", "traceable", "evidence", "limit", "plan", "healthy"}


def test_installing_publishes_what_is_missing_and_leaves_the_rest(tmp_path):
    with Workspace.create(tmp_path / "ws", at=NOW) as fresh:
        assert policies.install(fresh, by=ROOT, at=NOW) == policies.shipped()
        assert policies.install(fresh, by=ROOT, at=NOW) == []
        assert published.current(fresh.cursor()).sha256 == policies.shipped()[0].sha256


NEXT = POLICY.replace("test-1", "test-2")


def test_who_wrote_a_policy_cannot_publish_it_however_little_they_wrote(workspace):
    policies.draft(workspace, NEXT, by=ROOT, at=NOW)
    policies.draft(workspace, NEXT.replace("decide by", "judge by"), by=actor("risk"), at=NOW)

    for by in (ROOT, actor("risk")):
        with pytest.raises(FourEyesViolation, match="so a second person publishes"):
            policies.publish(workspace, "house", "test-2", by=by, at=NOW)
    policies.publish(workspace, "house", "test-2", by=actor("adm"), at=NOW)
    event = audit.search(workspace.cursor(), limit=1)[0].event
    assert event.details["authors"] == ["root@local", "risk"]
    assert event.details["supersedes"] == "house test-1"
    assert policy_drafts.every(workspace.cursor()) == []


def test_a_draft_that_changed_since_it_was_shown_is_not_published(workspace):
    seen = policies.draft(workspace, NEXT, by=ROOT, at=NOW).sha256
    policies.draft(workspace, NEXT.replace("decide by", "judge by"), by=ROOT, at=NOW)

    with pytest.raises(StaleEvidence, match="not what the page showed"):
        policies.publish(workspace, "house", "test-2", by=actor("adm"), at=NOW, seen=seen)


def test_a_dropped_draft_is_gone_and_stays_in_the_trail(workspace):
    policies.draft(workspace, NEXT, by=ROOT, at=NOW)
    policies.discard(workspace, "house", "test-2", reason="too strict", by=ROOT, at=NOW)

    with pytest.raises(NotFound):
        policies.publish(workspace, "house", "test-2", by=actor("adm"), at=NOW)
    assert audit.search(workspace.cursor(), limit=1)[0].event.reason == "too strict"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("approvals: 2", "approvals: 3", "line 7: tiers.high.approved.quorum: nobody could meet"),
        ("statistic: roc_auc", "statistic: luck", "line 16: .*'luck' is no statistic"),
        ("minimum: 0.7", "minimum: 0.7\n          maximum: 0.6", "line 14: .*no roc_auc can keep"),
        ("approvals: 2", "aprovals: 2", "line 8: tiers.high.approved has the unknown key"),
        ("approvals: 2", "valid_days: 999999", "line 8: .*must lie between 0 and 36500"),
        ("healthy", "healthy\n          worst: ill", "line 21: .*'ill' is not one of ok"),
    ],
)
def test_what_could_never_be_met_is_found_with_its_line(workspace, old, new, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        policies.draft(workspace, NEXT.replace(old, new, 1), by=ROOT, at=NOW)


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        ("approvals: 1", "quorum: 1 of approver is looser"),
        ("stale: {version: keep}", "stale.version: keep is looser than the central policy"),
        ("override: {roles: [approver]}", "override: 2 of approver"),
    ],
)
def test_a_unit_may_not_ask_for_less_than_the_central_policy(workspace, gate, sentence):
    local = f"name: local\nversion: v1\nunit: retail\ntiers: {{high: {{approved: {{{gate}}}}}}}"

    with pytest.raises(InvalidInput, match=sentence):
        policies.draft(workspace, local, by=ROOT, at=NOW)


def test_only_the_central_policy_is_without_a_unit():
    for content in (
        "name: other\nversion: v\ntiers: {}",
        "name: house\nunit: x\nversion: v\ntiers: {}",
    ):
        with pytest.raises(InvalidInput, match="line 1: policy name"):
            policies.read(content)


def test_trying_a_draft_says_which_versions_would_be_judged_differently_and_why(workspace):
    bench = Bench(workspace)
    for name, auc in (("1", 0.72), ("2", 0.9), ("3", 0.5)):
        bench.evidence(bench.version(name), auc=auc)
    bench.version("4", stage=Stage.RETIRED)

    trial = policies.what_if(
        workspace, NEXT.replace("minimum: 0.7", "minimum: 0.8"), by=actor("vera"), at=NOW
    )

    assert (trial.policy, trial.against, trial.versions) == ("house test-2", "house test-1", 3)
    (shift,) = trial.shifts
    assert (shift.version_id, shift.before, shift.after) == ("credit/1", "pass", "fail")
    assert shift.reasons == ("limit would refuse: roc_auc is 0.72, wanted at least 0.8",)
    assert published.current(workspace.cursor()).version == "test-1"


def test_trying_a_draft_without_a_gate_says_so(workspace):
    Bench(workspace).version("1")

    trial = policies.what_if(
        workspace, "name: house\nversion: x\ntiers: {}", by=actor("vera"), at=NOW
    )

    assert [s.reasons for s in trial.shifts] == [("there would be no gate",)]


def test_a_version_is_tried_at_the_gates_it_came_through_too(workspace):
    bench = Bench(workspace)
    bench.evidence(bench.version("1", stage=Stage.PRODUCTION), auc=0.72)

    trial = policies.what_if(
        workspace, NEXT.replace("minimum: 0.7", "minimum: 0.8"), by=actor("vera"), at=NOW
    )

    assert [(s.stage, s.to, s.after) for s in trial.shifts] == [
        (Stage.PRODUCTION, Stage.VALIDATED, Outcome.FAIL)
    ]
    assert trial.shifted == 1
