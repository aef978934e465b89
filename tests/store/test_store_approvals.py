from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from lifecycle.domain.approval import Code, Decision, Request, Status, Vote
from lifecycle.domain.evidence import Evidence, Purpose
from lifecycle.domain.measurement import Measurement, State, Window
from lifecycle.domain.model import Stage
from lifecycle.domain.policy_text import parse
from lifecycle.domain.terms import Step, Terms
from lifecycle.errors import Conflict, DamagedStore, NotFound
from lifecycle.store import evidence, policies, requests


@pytest.fixture
def proof(at):
    window = Window(at - timedelta(days=7), at)
    return Evidence(
        version_id="credit/1",
        purpose=Purpose.FAIRNESS,
        snapshot_id="s-1",
        measurements=(
            Measurement("selection_rate", 0.25, State.OK, slice={"sex": "Female"}, n=10),
            Measurement(
                "accuracy", 1, State.OK, window=window, interval=(0.1, 0.3), confidence=0.95
            ),
            Measurement("recall", None, State.INSUFFICIENT, reason="no positives"),
        ),
        created_at=at,
        created_by="val",
        plan={"limits": {"accuracy": 0.8}, "at": ["x"]},
        method={"seed": 7},
        payload={"curve": [[0.0, 0.1], [1, 1e-300]]},
    )


@pytest.fixture
def request_(at):
    return Request(
        id="req-1",
        version_id="credit/1",
        before=Stage.DRAFT,
        to=Stage.CANDIDATE,
        reason="ready",
        requested_by="dev",
        requested_at=at,
        policy="house 1",
        policy_sha256="p",
        evidence=("ev-1", "ev-2"),
        bundle="bundle",
        barred=frozenset({"dev", "val"}),
        quorum=2,
    )


TWO = Terms(quorum=(Step(approvals=2),))


def cast(by, at, vote=Vote.APPROVE, *, reason=""):
    return Decision(by, at, vote, reason, "bundle", code=Code.OTHER)


def policy(version, approvals=1):
    gate = {"rules": [{"rule": "traceable"}], "approvals": approvals}
    return parse({"name": "house", "version": version, "tiers": {"high": {"candidate": gate}}})


def test_evidence_comes_back_with_the_same_hash(workspace, proof, at):
    newer = replace(proof, created_at=at + timedelta(seconds=1), payload={})
    other = replace(proof, purpose=Purpose.DRIFT)
    with workspace.transaction() as tx:
        for one in (proof, newer, other, proof):
            evidence.add(tx, one)
    con = workspace.cursor()
    assert evidence.get(con, proof.id) == proof
    assert evidence.get(con, proof.id).sha256 == proof.sha256
    assert evidence.of_version(con, "credit/1", Purpose.FAIRNESS) == [newer, proof]
    assert len(evidence.of_version(con, "credit/1")) == 3
    assert evidence.latest(con, "credit/1", Purpose.FAIRNESS) == newer
    assert evidence.latest(con, "credit/1", Purpose.QUALITY) is None
    with pytest.raises(NotFound, match=f"did you mean '{proof.id}'"):
        evidence.get(con, proof.id[:-1])


@pytest.mark.parametrize(
    "forgery",
    [
        "content = replace(content, '0.25', '0.35')",
        "content = 'no JSON'",
        "content = '{}'",
        "purpose = 'quality'",
        "sha256 = 'other'",
    ],
)
def test_evidence_that_was_changed_behind_its_hash_is_refused(workspace, proof, forgery):
    with workspace.transaction() as tx:
        evidence.add(tx, proof)
        tx.execute("DROP TRIGGER evidence_refuses_update ON evidence")
        tx.execute(f"UPDATE evidence SET {forgery}")
    with pytest.raises(DamagedStore, match=f"evidence {proof.id} was changed"):
        evidence.get(workspace.cursor(), proof.id)


@pytest.mark.parametrize("table", ["evidence", "policy", "decision", "audit"])
def test_what_was_kept_for_good_cannot_be_removed(workspace, table):
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(duckdb.Error, match="append-only"):
            workspace.cursor().execute(statement)


def test_the_policy_published_last_is_in_force(workspace, at):
    with workspace.transaction() as tx:
        policies.add(tx, policy("2"), at=at, by="adm")
        policies.add(tx, policy("1", approvals=3), at=at, by="adm")
    con = workspace.cursor()
    assert policies.current(con) == policy("1", approvals=3)
    assert policies.get(con, "house", "2").sha256 == policy("2").sha256
    assert [p.version for p in policies.every(con)] == ["1", "2"]
    with pytest.raises(NotFound, match="policy 'house 3'; did you mean 'house"):
        policies.get(con, "house", "3")
    with pytest.raises(NotFound, match="did you mean 'house'"):
        policies.current(con, "hous")
    with pytest.raises(Conflict, match="policy 'house 2'"), workspace.transaction() as tx:
        policies.add(tx, policy("2", approvals=9), at=at, by="eve")


def test_a_business_unit_has_one_policy_in_force_whatever_it_is_called(workspace, at):
    units = [parse({**policy("1").content, "name": name, "unit": "retail"}) for name in ("a", "b")]
    with workspace.transaction() as tx:
        for one in (policy("1"), *units):
            policies.add(tx, one, at=at, by="adm")
    con = workspace.cursor()

    found = {p.policy.name: p.in_force for p in policies.history(con)}

    assert found == {"house": True, "a": False, "b": True}
    assert policies.own(con, "retail") == units[1]


def test_a_policy_that_was_changed_behind_its_hash_is_refused(workspace, at):
    with workspace.transaction() as tx:
        policies.add(tx, policy("1"), at=at, by="adm")
        tx.execute("DROP TRIGGER policy_refuses_update ON policy")
        tx.execute("UPDATE policy SET content = replace(content, ':1', ':0')")
    with pytest.raises(DamagedStore, match="policy house 1 was changed"):
        policies.current(workspace.cursor())


def test_requests_are_numbered_and_listed_newest_first(workspace, request_):
    for number in range(1, 13):
        with workspace.transaction() as tx:
            name = requests.next_id(tx)
            assert name == f"req-{number}"
            requests.add(tx, replace(request_, id=name, version_id=f"credit/{number % 2}"))
    con = workspace.cursor()
    assert [r.id for r in requests.every(con)][:3] == ["req-12", "req-11", "req-10"]
    assert len(requests.every(con, version_id="credit/1")) == 6
    assert len(requests.every(con, status=Status.OPEN)) == 12
    assert requests.every(con, Status.APPROVED) == []
    with pytest.raises(NotFound, match="did you mean 'req-1"):
        requests.get(con, "req-100")
    with pytest.raises(Conflict, match="request 'req-3'"), workspace.transaction() as tx:
        requests.add(tx, replace(request_, id="req-3"))


def test_decisions_are_kept_in_their_order_with_the_request(workspace, request_, at):
    with workspace.transaction() as tx:
        requests.add(tx, request_)
    once, _ = request_.decide(cast("z", at), terms=TWO)
    twice, _ = once.decide(cast("a", at, reason="fine"), terms=TWO)
    with workspace.transaction() as tx:
        requests.update(tx, once, expected=0)
    assert requests.get(workspace.cursor(), "req-1") == once
    with workspace.transaction() as tx:
        requests.update(tx, twice, expected=1)
    assert requests.get(workspace.cursor(), "req-1") == twice
    assert twice.status is Status.APPROVED
    assert [d.by for d in requests.every(workspace.cursor())[0].decisions] == ["z", "a"]


def test_who_decides_on_an_old_reading_is_told_that_somebody_was_first(workspace, request_, at):
    with workspace.transaction() as tx:
        requests.add(tx, request_)
    mine, _ = request_.decide(cast("a", at), terms=TWO)
    theirs, _ = request_.decide(cast("b", at, Vote.REJECT, reason="no"), terms=TWO)
    withdrawn, _ = request_.withdraw(by="dev", at=at, reason="")
    with workspace.transaction() as tx:
        requests.update(tx, mine, expected=0)
    with pytest.raises(Conflict, match="req-1 first"), workspace.transaction() as tx:
        requests.update(tx, theirs, expected=0)
    with workspace.transaction() as tx:
        requests.update(tx, replace(withdrawn, decisions=mine.decisions), expected=1)
    with pytest.raises(Conflict, match="it is withdrawn"), workspace.transaction() as tx:
        requests.update(tx, theirs, expected=1)
    assert requests.get(workspace.cursor(), "req-1").decisions == mine.decisions
