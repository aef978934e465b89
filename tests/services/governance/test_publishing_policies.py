import pytest
from furniture import NOW, POLICY, ROOT, publish

from lifecycle.domain.model import Stage
from lifecycle.domain.usecase import Tier
from lifecycle.errors import Conflict, InvalidInput
from lifecycle.services import policies
from lifecycle.store import audit
from lifecycle.store import policies as published
from lifecycle.store.connection import Workspace


def test_a_published_policy_is_in_force_and_in_the_trail(workspace):
    newer = publish(workspace, POLICY.replace("test-1", "test-2"))

    assert published.current(workspace.cursor()) == newer
    event = audit.links(workspace.cursor())[-1].event
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
    assert kinds == {"documented", "traceable", "evidence", "limit", "healthy"}


def test_installing_publishes_what_is_missing_and_leaves_the_rest(tmp_path):
    with Workspace.create(tmp_path / "ws", at=NOW) as fresh:
        assert policies.install(fresh, by=ROOT, at=NOW) == policies.shipped()
        assert policies.install(fresh, by=ROOT, at=NOW) == []
        assert published.current(fresh.cursor()).sha256 == policies.shipped()[0].sha256
