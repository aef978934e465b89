"""Is what somebody wrote gone once they are forgotten, and does every proof still hold?"""

import json
import zipfile
from datetime import timedelta

import pytest
from furniture import NOW, ROOT, Bench, actor, furnished, proof_of

from lifecycle.domain.actor import Role
from lifecycle.domain.approval import Code, Vote
from lifecycle.domain.finding import Obligation, Severity
from lifecycle.domain.model import Stage
from lifecycle.errors import InvalidInput
from lifecycle.services import (
    access,
    approvals,
    asof,
    erasure,
    evidence_pack,
    portfolio,
    sealing,
    trail,
    workspaces,
)
from lifecycle.services.approvals import signing
from lifecycle.services.evidence_pack import verify
from lifecycle.store import approvals as kept
from lifecycle.store import audit, people, requests, shredding

DAY = timedelta(days=1)
AT = NOW + DAY
WORDS = ("Zoraya", "marigold", "verbena", "larkspur", "foxglove")
"""Her name, and a word of her own in everything she wrote."""


def _written(ws):
    """Let Zoraya Quist vote, comment, delegate and ask for something, and then leave."""
    bench = Bench(ws)
    version = bench.version()
    bench.evidence(version)
    roles = {Role.APPROVER}
    access.add_person(ws, "p-117", display="Zoraya Quist", roles=roles, by=ROOT, at=NOW)
    zoe = people.get(ws.cursor(), "p-117").acting(via="session")
    access.set_password(ws, "p-117", "four words nobody guesses", by=ROOT, at=NOW)
    asked = approvals.request(
        ws, "credit", "1", to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=NOW
    )
    approvals.comment(ws, asked.id, "the marigold worries me, @dev", by=zoe, at=NOW)
    approvals.delegate(ws, "app", start=NOW, end=AT, reason="verbena leave", by=zoe, at=NOW)
    approvals.decide(
        ws,
        asked.id,
        vote=Vote.CONDITIONAL,
        code=Code.MANAGEABLE,
        reason="larkspur is fine",
        conditions=[Obligation("count the foxglove", Severity.LOW, "dev", AT + 9 * DAY)],
        proof=proof_of(ws, "p-117"),
        by=zoe,
        at=AT,
    )
    access.deactivate(ws, "p-117", by=ROOT, at=AT)
    ws.checkpoint()
    return asked


@pytest.fixture(scope="module")
def forgotten(tmp_path_factory):
    """Return workspace, request and the copies taken before Zoraya was forgotten."""
    folder = tmp_path_factory.mktemp("forgotten")
    with sealing.attach(furnished(folder / "ws")) as ws:
        asked = _written(ws)
        trail.export(ws, folder / "before.jsonl", by=actor("aud"), at=AT)
        evidence_pack.pack(ws, "credit", "1", folder / "before.zip", by=actor("aud"), at=AT)
        workspaces.backup(ws, folder / "before.tar", by=ROOT, at=AT)
        shown = [k.event.reason for k in audit.search(ws.cursor(), by="p-117")]
        assert {"larkspur is fine", "the marigold worries me, @dev"} <= set(shown)
        con = ws.cursor()
        for seen in (portfolio.changes(con, since=NOW), portfolio.timeline(con, "credit")):
            assert "larkspur is fine" in {happening.reason for happening in seen}
        erasure.erase(ws, "p-117", reason="she asked", by=actor("adm"), at=AT + DAY)
        trail.export(ws, folder / "after.jsonl", by=actor("aud"), at=AT + DAY)
        evidence_pack.pack(ws, "credit", "1", folder / "after.zip", by=actor("aud"), at=AT + DAY)
        yield ws, asked, folder


def _inside(pack):
    with zipfile.ZipFile(pack) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def test_no_word_of_hers_is_left_in_records_trail_exports_and_packs(forgotten):
    ws, asked, folder = forgotten
    con = ws.cursor()
    told = repr(
        (
            requests.get(con, asked.id),
            kept.comments(con),
            kept.findings(con),
            kept.delegations(con),
            signing.lines(con, requests.get(con, asked.id)),
            audit.search(con, limit=1000),
            portfolio.changes(con, since=NOW),
            asof.as_of(ws, AT + DAY, by=actor("aud"), now=AT + DAY),
        )
    )
    after = (folder / "after.jsonl").read_text() + _inside(folder / "after.zip")

    assert not [word for word in WORDS if word in told + after]
    assert all(word in _inside(folder / "before.zip") for word in ("larkspur", "foxglove"))
    assert kept.comments(con)[0].text == shredding.GONE
    assert shredding.GONE in {seen.reason for seen in portfolio.changes(con, since=NOW)}
    assert "erased person (p-117), approver" in signing.lines(con, requests.get(con, asked.id))[0]


def test_the_tables_hold_none_of_it_in_the_clear(forgotten):
    con = forgotten[0].cursor()
    names = [row[0] for row in con.execute("SHOW TABLES").fetchall()]

    rows = "".join(repr(con.execute(f'FROM "{name}"').fetchall()) for name in names)

    assert not [word for word in WORDS if word in rows]


def test_chain_exports_and_packs_verify_before_and_after(forgotten):
    ws, _, folder = forgotten

    assert trail.verify(ws, by=actor("aud")) == []
    for name in ("before", "after"):
        assert trail.verify_file(folder / f"{name}.jsonl") == []
        assert verify.main([str(folder / f"{name}.zip")]) == 0


def test_a_text_beside_the_seal_that_is_not_the_sealed_one_is_named(forgotten, tmp_path):
    lines = (forgotten[2] / "before.jsonl").read_text().splitlines()
    forged = tmp_path / "forged.jsonl"
    forged.write_text("\n".join(lines).replace("larkspur is fine", "larkspur is bad") + "\n")

    found = trail.verify_file(forged)

    assert {f.kind for f in found} == {"changed"}
    number = next(json.loads(k)["sequence"] for k in lines[1:] if "larkspur" in k)
    assert number in {f.sequence for f in found}


def test_a_backup_from_before_gives_nothing_of_it_away(forgotten, tmp_path):
    workspaces.restore(forgotten[2] / "before.tar", tmp_path / "back", by=ROOT, at=AT)

    with workspaces.open(tmp_path / "back") as back:
        con = back.cursor()
        told = repr((kept.comments(con), requests.every(con), audit.search(con, limit=1000)))
        assert not [word for word in WORDS[1:] if word in told]
        assert trail.verify(back, by=actor("aud")) == []


def test_what_others_wrote_is_found_and_read_as_before(forgotten):
    con = forgotten[0].cursor()

    assert [k.event.by for k in audit.search(con, text="READY")] == ["dev"]
    assert audit.count(con, text="larkspur") == 0
    opened = audit.search(con, action="request.open")[0].event
    assert opened.details["barred"] == ["dev", "val"]
    raw = next(k for k in audit.links(con) if k.event.action == "request.open").event
    assert "dev" not in json.dumps(dict(raw.details)["barred"])


def test_somebody_forgotten_is_not_sealed_for_again(forgotten):
    ws, asked, _ = forgotten
    files = set(erasure.folder(ws).iterdir())

    approvals.comment(ws, asked.id, "as p-117 said", by=actor("app2"), at=AT + DAY)

    assert len(set(erasure.folder(ws).iterdir()) - files) <= 1  # that of app2
    with pytest.raises(InvalidInput, match="give a reason"):
        erasure.erase(ws, "p-117", reason="", by=actor("adm"), at=AT)
