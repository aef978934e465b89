"""Who may call what: every function of these services, for every role."""

from datetime import timedelta

import pytest
from furniture import NOW, POLICY, ROLES, Bench, actor, furnished, proof_of

from lifecycle.domain.actor import GRANTS, Permission, Role
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.errors import LifecycleError, NotAllowed
from lifecycle.services import access, approvals, policies, trail, workspaces

DAY = timedelta(days=1)

CALLS = {
    "gate": (
        Permission.READ,
        lambda ws, by, _: approvals.gate(ws, "credit", "1", to=Stage.VALIDATED, by=by, at=NOW),
    ),
    "request": (
        Permission.REQUEST,
        lambda ws, by, _: approvals.request(
            ws, "credit", "2", to=Stage.VALIDATED, reason="r", by=by, at=NOW
        ),
    ),
    "decide": (
        Permission.DECIDE,
        lambda ws, by, _: approvals.decide(
            ws,
            "req-1",
            vote=Vote.ABSTAIN,
            reason="",
            by=by,
            at=NOW,
            proof=proof_of(ws, by.name),
        ),
    ),
    "withdraw": (
        Permission.REQUEST,
        lambda ws, by, _: approvals.withdraw(ws, "req-1", reason="", by=by, at=NOW),
    ),
    "decide_many": (
        Permission.DECIDE,
        lambda ws, by, _: approvals.decide_many(
            ws,
            ["req-1"],
            vote=Vote.ABSTAIN,
            reason="",
            by=by,
            at=NOW,
            proof=proof_of(ws, by.name),
        ),
    ),
    "comment": (
        Permission.DISCUSS,
        lambda ws, by, _: approvals.comment(ws, "req-1", "@app look", by=by, at=NOW),
    ),
    "delegate": (
        Permission.DECIDE,
        lambda ws, by, _: approvals.delegate(
            ws, "app", start=NOW, end=NOW + DAY, reason="leave", by=by, at=NOW
        ),
    ),
    "end_delegation": (
        Permission.READ,
        lambda ws, by, _: approvals.end_delegation(ws, "del-9", by=by, at=NOW),
    ),
    "answer_finding": (
        Permission.DISCUSS,
        lambda ws, by, _: approvals.answer_finding(ws, "find-9", "done", by=by, at=NOW),
    ),
    "close_finding": (
        Permission.DECIDE,
        lambda ws, by, _: approvals.close_finding(ws, "find-9", "seen", by=by, at=NOW),
    ),
    "extend_finding": (
        Permission.DECIDE,
        lambda ws, by, _: approvals.extend_finding(
            ws, "find-9", NOW + DAY, reason="later", by=by, at=NOW
        ),
    ),
    "ask": (
        Permission.READ,
        lambda ws, by, _: approvals.ask(ws, "credit", "1", to=Stage.VALIDATED, by=by, at=NOW),
    ),
    "break_glass": (
        Permission.REQUEST,
        lambda ws, by, _: approvals.break_glass(ws, "credit", "1", reason="down", by=by, at=NOW),
    ),
    "what_if": (Permission.READ, lambda ws, by, _: policies.what_if(ws, POLICY, by=by, at=NOW)),
    "draft": (
        Permission.RULE,
        lambda ws, by, _: policies.draft(ws, POLICY.replace("test-1", "t2"), by=by, at=NOW),
    ),
    "publish": (
        Permission.RULE,
        lambda ws, by, _: policies.publish(ws, "house", "t9", by=by, at=NOW),
    ),
    "discard": (
        Permission.RULE,
        lambda ws, by, _: policies.discard(ws, "house", "t9", reason="no", by=by, at=NOW),
    ),
    "install": (Permission.ADMINISTER, lambda ws, by, _: policies.install(ws, by=by, at=NOW)),
    "verify": (Permission.READ_TRAIL, lambda ws, by, _: trail.verify(ws, by=by)),
    "export": (
        Permission.READ_TRAIL,
        lambda ws, by, tmp: trail.export(ws, tmp / "t.jsonl", by=by, at=NOW),
    ),
    "backup": (
        Permission.ADMINISTER,
        lambda ws, by, tmp: workspaces.backup(ws, tmp / "b.zip", by=by, at=NOW),
    ),
    "restore": (
        Permission.ADMINISTER,
        lambda _ws, by, tmp: workspaces.restore(tmp / "none.zip", tmp / "back", by=by, at=NOW),
    ),
    "add_person": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.add_person(ws, "zoe", roles={Role.VIEWER}, by=by, at=NOW),
    ),
    "set_roles": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.set_roles(ws, "vera", roles={Role.AUDITOR}, by=by, at=NOW),
    ),
    "deactivate": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.deactivate(ws, "vera", by=by, at=NOW),
    ),
    "reactivate": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.reactivate(ws, "app2", by=by, at=NOW),
    ),
    "invite": (Permission.ADMINISTER, lambda ws, by, _: access.invite(ws, "dev", by=by, at=NOW)),
    "set_password": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.set_password(ws, "app2", "correct horse battery", by=by, at=NOW),
    ),
    "add_token": (
        Permission.READ,
        lambda ws, by, _: access.add_token(ws, label="ci", scopes={"read"}, days=1, by=by, at=NOW),
    ),
    "add_token for another": (
        Permission.ADMINISTER,
        lambda ws, by, _: access.add_token(
            ws, label="ci", scopes={"read"}, days=1, by=by, person="app2", at=NOW
        ),
    ),
    "revoke_token": (
        Permission.READ,
        lambda ws, by, _: access.revoke_token(ws, "tok-none", by=by, at=NOW),
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with furnished(tmp_path_factory.mktemp("matrix") / "ws") as made:
        bench = Bench(made)
        bench.version("1")
        bench.version("2")
        approvals.request(
            made, "credit", "1", to=Stage.VALIDATED, reason="r", by=actor("dev"), at=NOW
        )
        yield made


@pytest.mark.parametrize("who", [name for name in ROLES if name != "app2"])
@pytest.mark.parametrize("call", CALLS)
def test_a_service_refuses_exactly_the_roles_that_lack_its_permission(home, tmp_path, who, call):
    permission, act = CALLS[call]
    by = actor(who)

    try:
        act(home, by, tmp_path)
    except NotAllowed as error:
        allowed = "may not" not in str(error) and "cannot approve" not in str(error)
    except LifecycleError:
        allowed = True  # another rule, behind the door
    else:
        allowed = True

    assert allowed == (permission in GRANTS[ROLES[who]])


@pytest.mark.parametrize("call", CALLS)
def test_a_token_without_scopes_opens_nothing(home, tmp_path, call):
    _, act = CALLS[call]
    for name in ("adm", "dev", "app"):
        scopeless = type(actor(name))(name, actor(name).roles, "token", frozenset())
        with pytest.raises(NotAllowed):
            act(home, scopeless, tmp_path)
