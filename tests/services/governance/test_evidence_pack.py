"""Can a third party verify a pack with nothing of ours, and does every tampering show?"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from furniture import NOW, Bench, actor, proof_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.adapters import keys
from lifecycle.domain.approval import Vote
from lifecycle.domain.model import Stage
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import approvals, evidence_pack, reports, sealing
from lifecycle.services.evidence_pack import verify
from lifecycle.store import audit, requests

LATER = NOW + timedelta(hours=1)
AUDITOR = actor("aud")


@pytest.fixture(scope="module")
def approved(shared):
    sealing.attach(shared)
    bench = Bench(shared)
    version = bench.version()
    bench.evidence(version)
    asked = approvals.request(
        shared, "credit", "1", to=Stage.VALIDATED, reason="ready", by=actor("dev"), at=LATER
    )
    approvals.decide(
        shared,
        asked.id,
        vote=Vote.APPROVE,
        reason="sound",
        by=actor("app"),
        at=LATER,
        proof=proof_of(shared, "app"),
    )
    return shared


@pytest.fixture(scope="module")
def packed(approved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    evidence_pack.pack(approved, "credit", "1", folder / "pack.zip", by=AUDITOR, at=LATER)
    (folder / "public.pem").write_text(keys.pem(sealing.signing_key(approved).public))
    return folder


def contents(packed):
    return verify.read(packed / "pack.zip")


def found(files, packed):
    public = verify.key_of((packed / "public.pem").read_text())
    return list(verify.problems(files, public))


def run(*arguments, cwd):
    # -I and -S: no site packages and nothing of this project can be imported.
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_third_party_verifies_it_with_the_standard_library_alone(packed, tmp_path):
    with zipfile.ZipFile(packed / "pack.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    script = tmp_path / "unpacked" / "verify.py"

    by_folder = run(script, "--key", packed / "public.pem", cwd=tmp_path)
    by_file = run(script, packed / "pack.zip", cwd=tmp_path)

    assert (by_folder.returncode, by_file.returncode) == (0, 0), by_folder.stdout + by_file.stdout
    assert "0 problems, by the key you gave" in by_folder.stdout
    assert "compare it with the one you keep" in by_file.stdout


def test_it_holds_what_the_decision_stood_on(packed, approved):
    files = contents(packed)
    asked = json.loads(files["requests/req-1.json"])
    kept = requests.get(approved.cursor(), "req-1")
    actions = [
        json.loads(line)["link"]["event"]["action"]
        for line in files["trail/events.jsonl"].decode().splitlines()
    ]

    assert asked["sha256"] == kept.bundle
    assert [d["by"] for d in asked["request"]["decisions"]] == ["app"]
    assert {f"evidence/{one}.json" for one in kept.evidence} <= set(files)
    assert "policies/house-test-1.json" in files
    assert {"policy.publish", "request.open", "request.approve", "version.move"} <= set(actions)
    rows = list(csv.DictReader(io.StringIO(files[f"reports/{kept.evidence[0]}.csv"].decode())))
    assert [(row["statistic"], float(row["value"])) for row in rows] == [("roc_auc", 0.8)]
    assert b"roc_auc" in files["card.md"]
    assert kept.evidence[0].encode() in files["card.md"]


def test_taking_a_pack_is_itself_an_event(packed, approved):
    (taken,) = [
        link for link in audit.links(approved.cursor()) if link.event.action == "pack.export"
    ]

    assert taken.event.by == "aud"
    assert taken.event.details["manifest"] == verify.sha256(contents(packed)["manifest.json"])


NAMES = [
    "card.md",
    "evidence/",
    "policies/",
    "reports/",
    "requests/",
    "trail/events.jsonl",
    "trail/checkpoint.json",
    "verify.py",
    "manifest.json",
]


@pytest.mark.parametrize("start", NAMES)
def test_a_changed_file_is_named(packed, start):
    files = contents(packed)
    name = next(name for name in files if name.startswith(start))
    files[name] = files[name].replace(b"1", b"2", 1) if b"1" in files[name] else b"x"

    said = "manifest.json is not signed" if start == "manifest.json" else f"{name} was changed"
    assert any(said in problem for problem in found(files, packed))


def test_a_missing_and_an_added_file_are_named(packed):
    files = contents(packed)
    del files["card.md"]
    files["extra.txt"] = b"x"

    assert found(files, packed) == [
        "card.md is missing",
        "extra.txt does not belong to the pack",
    ]


def resigned(files, key):
    """Write manifest, checkpoint and key anew, as somebody without the real key would."""
    signed = json.loads(files["trail/checkpoint.json"])
    del signed["signature"]
    signed["signature"] = key.sign(verify.canonical(signed)).hex()
    files["trail/checkpoint.json"] = json.dumps(signed).encode()
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        entry["sha256"] = verify.sha256(files[entry["path"]])
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sig"] = key.sign(files["manifest.json"]).hex().encode()


def test_a_pack_signed_with_another_key_fails_by_the_key_kept_elsewhere(packed):
    files = contents(packed)
    key = Ed25519PrivateKey.generate()
    resigned(files, key)

    assert list(verify.problems(files, key.public_key().public_bytes_raw())) == []
    assert len(found(files, packed)) == 2


def edited(files, name, before, after):
    key = Ed25519PrivateKey.generate()
    assert before in files[name]
    files[name] = files[name].replace(before, after)
    resigned(files, key)
    return list(verify.problems(files, key.public_key().public_bytes_raw()))


def test_even_whoever_holds_the_key_cannot_change_a_record_under_its_hash(packed):
    def said(start, before, after):
        files = contents(packed)
        name = next(name for name in files if name.startswith(start))
        return " ".join(edited(files, name, before, after))

    assert "is not what its hash says" in said("evidence/", b"0.8", b"0.9")
    assert "is not what its hash says" in said("policies/", b"0.7", b"0.1")
    assert "the vote of eve is not in the trail" in said("requests/", b'"app"', b'"eve"')
    assert "was changed" in said("trail/events.jsonl", b'"by":"app"', b'"by":"eve"')
    assert "is not in the trail that was signed" in said(
        "trail/checkpoint.json", b'"root": "', b'"root": "0'
    )


def test_what_is_no_pack_is_said_with_code_2(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    script = verify.__file__

    assert run(script, tmp_path / "x.zip", cwd=tmp_path).returncode == 2
    assert run(script, tmp_path, cwd=tmp_path).returncode == 2


@settings(max_examples=15, deadline=None)
@given(message=st.binary(max_size=99), flip=st.integers(0, 511), where=st.booleans())
def test_our_few_lines_of_ed25519_agree_with_the_library(message, flip, where):
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert verify.is_signed(public, message, bytes(signature))
    if where:
        signature[flip // 8] ^= 1 << flip % 8
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
        holds = True
    except InvalidSignature:
        holds = False

    assert verify.is_signed(public, message, bytes(signature)) is holds


def test_only_those_who_may_read_the_trail_take_a_pack_and_only_of_what_there_is(
    approved, tmp_path
):
    with pytest.raises(NotAllowed):
        evidence_pack.pack(approved, "credit", "1", tmp_path / "p", by=actor("dev"), at=LATER)
    with pytest.raises(NotFound):
        evidence_pack.pack(approved, "credit", "9", tmp_path / "p", by=AUDITOR, at=LATER)
    with pytest.raises(InvalidInput, match="cannot be written"):
        evidence_pack.pack(approved, "credit", "1", tmp_path / "no" / "p", by=AUDITOR, at=LATER)
    assert list(tmp_path.iterdir()) == []


def test_the_card_names_evidence_and_decision_and_what_is_not_filled(approved):
    card = reports.card(approved, "credit", "1", by=actor("vera"), at=LATER)
    text = reports.as_markdown(card)

    assert "| roc_auc |" in text
    assert "**out of scope**: not filled" in text
    assert json.dumps(reports.as_json(card))


def test_a_record_that_can_no_longer_be_read_is_named(packed):
    files = contents(packed)
    name = next(name for name in files if name.startswith("evidence/"))

    told = found(files | {name: files[name][:-9]}, packed)

    assert told[0] == f"{name} was changed"
    assert "cannot be read any more" in told[1]
