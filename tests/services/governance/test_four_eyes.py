"""Whatever people do in whatever order, nobody approves what they should not."""

from datetime import timedelta

from furniture import NOW, POLICY, Bench, furnished, proof_of, publish
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lifecycle.domain.actor import Actor, Permission, Role
from lifecycle.domain.approval import Status, Vote
from lifecycle.domain.evidence import Purpose
from lifecycle.domain.model import Stage
from lifecycle.errors import LifecycleError
from lifecycle.services import approvals
from lifecycle.store import audit, evidence, models, requests
from lifecycle.store.connection import Workspace

NAMES = ("app", "app2", "risk", "val", "dev")
ACTORS = st.builds(
    Actor,
    st.sampled_from(NAMES),
    st.frozensets(st.sampled_from(list(Role)), min_size=1, max_size=3),
)

APPROVERS = st.builds(Actor, st.sampled_from(NAMES), st.just(frozenset({Role.APPROVER})))
ASKERS = st.builds(Actor, st.sampled_from(NAMES), st.just(frozenset({Role.DEVELOPER})))


class Life(RuleBasedStateMachine):
    """One version; people ask, measure, vote, withdraw and publish as they like."""

    workspace: Workspace
    turns = 0
    granted = 0

    @initialize(
        developer=st.sampled_from(NAMES), stage=st.sampled_from([Stage.CANDIDATE, Stage.VALIDATED])
    )
    def begin(self, developer, stage):
        Life.turns += 1
        self.bench = Bench(self.workspace)
        self.version = self.bench.version(f"v{Life.turns}", stage=stage, developer=developer)
        self.stage = stage
        self.minute = 0
        self.measure(by="val", auc=0.8, purpose=Purpose.PERFORMANCE)
        to = Stage.VALIDATED if stage is Stage.CANDIDATE else Stage.APPROVED
        self.ask(by=Actor("dev", frozenset({Role.DEVELOPER})), to=to)

    def attempt(self, act):
        self.minute += 1
        try:
            return act(NOW + timedelta(minutes=self.minute))
        except LifecycleError:
            return None

    def asked(self):
        return requests.every(self.workspace.cursor(), version_id=self.version.id)

    @rule(by=ASKERS | ACTORS, to=st.sampled_from([Stage.VALIDATED, Stage.APPROVED]))
    def ask(self, by, to):
        self.attempt(
            lambda at: approvals.request(
                self.workspace, "credit", self.version.name, to=to, reason="r", by=by, at=at
            )
        )

    @rule(
        by=st.sampled_from(NAMES),
        auc=st.sampled_from([0.8, 0.9, 0.6]),
        purpose=st.sampled_from([Purpose.PERFORMANCE, Purpose.FAIRNESS]),
    )
    def measure(self, by, auc, purpose):
        self.bench.evidence(self.version, auc=auc, by=by, purpose=purpose)

    @precondition(lambda self: self.asked())
    @rule(
        by=APPROVERS | ACTORS,
        vote=st.sampled_from([Vote.APPROVE, Vote.APPROVE, *Vote]),
        blind=st.booleans(),
    )
    def vote(self, by, vote, blind):
        request = self.asked()[0]
        before = requests.get(self.workspace.cursor(), request.id)
        stage = self.bench.stage(self.version)
        stale = approvals.is_stale(self.workspace, request)
        seen = None if blind else request.bundle
        decided = self.attempt(
            lambda at: approvals.decide(
                self.workspace,
                request.id,
                vote=vote,
                reason="r",
                by=by,
                at=at,
                seen=seen,
                proof=proof_of(self.workspace, by.name),
            )
        )
        if decided is None:
            assert requests.get(self.workspace.cursor(), request.id) == before
            assert self.bench.stage(self.version) is stage
        else:
            assert by.may(Permission.DECIDE)
            assert vote is not Vote.APPROVE or not stale
            Life.granted += decided.status is Status.APPROVED

    @precondition(lambda self: self.asked())
    @rule(name=st.sampled_from(NAMES))
    def approve(self, name):
        self.vote(by=Actor(name, frozenset({Role.APPROVER})), vote=Vote.APPROVE, blind=False)

    @precondition(lambda self: self.asked())
    @rule(by=ACTORS)
    def withdraw(self, by):
        request = self.asked()[0]
        self.attempt(
            lambda at: approvals.withdraw(self.workspace, request.id, reason="", by=by, at=at)
        )

    @precondition(lambda self: self.minute % 6 == 5)
    @rule()
    def publish(self):
        name = f"t{Life.turns}-{self.minute}"
        self.attempt(lambda at: publish(self.workspace, POLICY.replace("test-1", name), at=at))

    @invariant()
    def approvals_have_their_quorum_of_unbarred_people_and_passing_evidence(self):
        con = self.workspace.cursor()
        for request in self.asked():
            agreeing = [d for d in request.decisions if d.vote is Vote.APPROVE]
            people = {d.by for d in agreeing}
            producers = {evidence.get(con, e).created_by for e in request.evidence}
            barred = {request.requested_by, self.version.developer} | producers
            assert not {d.by for d in request.decisions} & barred
            assert len(people) == len(agreeing)
            assert all(d.bundle == request.bundle for d in agreeing)
            assert (request.status is Status.APPROVED) == (len(people) >= request.quorum)
            assert request.quorum == (2 if request.to is Stage.APPROVED else 1)

    @invariant()
    def every_step_forward_has_an_approved_request_of_its_own(self):
        con = self.workspace.cursor()
        moves = audit.search(con, action="version.move", subject=f"version:{self.version.id}")
        forward = [m.event for m in moves if m.event.details["after"] != Stage.REJECTED]
        granted = [r for r in self.asked() if r.status is Status.APPROVED]
        assert [m.details["request"] for m in forward] == [r.id for r in granted]
        stage = models.version_by_id(con, self.version.id).stage
        assert stage == (moves[0].event.details["after"] if moves else self.stage)


def test_no_sequence_of_actions_approves_against_the_rules(tmp_path):
    with furnished(tmp_path / "ws") as made:
        Life.workspace, Life.turns, Life.granted = made, 0, 0
        run_state_machine_as_test(
            Life,
            settings=settings(
                derandomize=True,
                max_examples=15,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
    assert Life.granted, "no run reached an approval, so nothing was tested"
