"""Who may call what: every function of these services, for every role."""

import pytest
from furniture import NOW, POLICY, ROLES, Bench, actor, furnished

from lifecycle.domain.actor import GRANTS, Permission, Role
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.errors import LifecycleError, NotAllowed
from lifecycle.services import access, approvals, policies, trail, workspaces

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
            ws, "req-1", vote=Vote.ABSTAIN, reason="", by=by, at=NOW
        ),
    ),
    "withdraw": (
        Permission.REQUEST,
        lambda ws, by, _: approvals.withdraw(ws, "req-1", reason="", by=by, at=NOW),
    ),
    "publish": (
        Permission.ADMINISTER,
        lambda ws, by, _: policies.publish(ws, POLICY.replace("test-1", "t2"), by=by, at=NOW),
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
