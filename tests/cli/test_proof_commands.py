"""Proof, dates, reports and forgetting on the command line, with their exit codes."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from lifecycle.cli import main


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command on the workspace of this test; return code, JSON or text, and stderr."""
    for name in list(os.environ):
        if name.startswith("LIFECYCLE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "home"))

    def command(*arguments, table=False):
        given = [str(a) for a in arguments]
        code = main(given if table else [*given, "--format", "json"])
        printed = capsys.readouterr()
        try:
            return code, json.loads(printed.out), printed.err
        except json.JSONDecodeError:
            return code, printed.out, printed.err

    assert command("init", "--admin", "ana", table=True)[0] == 0
    return command


@pytest.fixture
def kept(run, tmp_path):
    """Public key, checkpoint and export, as somebody keeps them elsewhere."""
    files = [tmp_path / name for name in ("public.pem", "checkpoint.json", "trail.jsonl")]
    assert run("audit", "key", "--out", files[0], table=True)[0] == 0
    assert run("audit", "checkpoint", "--out", files[1], table=True)[0] == 0
    assert run("audit", "export", files[2], table=True)[0] == 0
    return files


def registered(run):
    answers = ["practice=no", "domain=customer", "effect=informs", "interaction=no"]
    code, _, err = run(
        *("usecase", "add", "credit", "--name", "Credit", "--problem", "losses"),
        *("--owner", "ana", "--sponsor", "board"),
        *(part for answer in answers for part in ("--answer", answer)),
    )
    assert code == 0, err
    code, _, err = run(
        *("model", "add", "card", "--use-case", "credit", "--name", "Card", "--task", "binary"),
        *("--owner", "ana", "--purpose", "rank"),
    )
    assert code == 0, err
    code, _, err = run("version", "add", "card", "1", "--target", "bad", "--features", "age")
    assert code == 0, err


def test_an_export_is_verified_with_key_and_checkpoint_and_the_claims_stand_apart(run, kept):
    key, checkpoint, trail = kept

    code, found, _ = run("audit", "verify", trail, "--key", key, "--checkpoint", checkpoint)

    assert code == 0
    assert [claim["name"] for claim in found["claims"]] == ["integrity", "authenticity", "time"]
    assert found["authenticity"]["trusted"]
    assert found["authenticity"]["signed"] == found["events"]
    assert found["intact"]


def test_a_wrong_key_and_a_cut_off_end_are_found_and_named(run, kept, tmp_path):
    key, _, trail = kept
    later = tmp_path / "later.json"
    run("user", "add", "bob", "--roles", "viewer")
    run("audit", "checkpoint", "--out", later, table=True)
    other = tmp_path / "other.pem"
    run("init", "--admin", "eve", "--home", tmp_path / "other", table=True)
    run("audit", "key", "--home", tmp_path / "other", "--out", other, table=True)

    code, _, err = run("audit", "verify", trail, "--key", key, "--checkpoint", later)
    assert (code, "at the end are gone" in err) == (1, True)
    code, _, err = run("audit", "verify", trail, "--key", other)
    assert (code, "signed by none of the keys given" in err) == (1, True)


def test_files_that_are_no_key_or_checkpoint_are_bad_input(run, kept, tmp_path):
    _, _, trail = kept
    nonsense = tmp_path / "x"
    nonsense.write_text("{}")

    assert run("audit", "verify", trail, "--key", nonsense)[0] == 2
    assert run("audit", "verify", trail, "--checkpoint", nonsense)[0] == 2
    assert run("audit", "verify", "--key", nonsense)[0] == 2


def test_a_date_a_card_and_a_pack_tell_of_a_version(run, tmp_path):
    registered(run)

    code, found, _ = run("asof", datetime.now(UTC).isoformat(), "card")
    assert (code, [v["stage"] for v in found["versions"]]) == (0, ["draft"])
    assert run("asof", "2020-01-01")[1]["versions"] == []
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    assert run("asof", tomorrow)[0] == 2
    assert run("asof", "noon")[0] == 2
    code, text, _ = run("report", "card", "card", "1", table=True)
    assert (code, text.splitlines()[0]) == (0, "# Card, version 1")
    pack = tmp_path / "pack.zip"
    assert run("report", "evidence-pack", "card", "1", "--out", pack, table=True)[0] == 0
    assert run("report", "evidence-pack", "card", "1", "--out", pack, table=True)[0] == 2
    with zipfile.ZipFile(pack) as archive:
        (tmp_path / "verify.py").write_bytes(archive.read("verify.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "verify.py", pack],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_roles_reach_units_and_a_person_is_forgotten_unless_held(run):
    reach = ("--units", "retail", "--tiers", "high")
    made = run("user", "add", "bob", "--roles", "approver", "--display", "Bob B.", *reach)[1]
    assert made["reach"] == {"units": ["retail"], "tiers": ["high"]}
    assert run("user", "changes")[1]["items"] == []
    assert run("user", "sign-out", "bob")[1] == {"name": "bob", "ended": 0}
    assert run("user", "erase", "bob", "--reason", "asked")[0] == 5, "the account is open"
    run("user", "deactivate", "bob")
    held = run("hold", "place", "person:bob", "--reason", "court")[1]["id"]
    assert run("user", "erase", "bob", "--reason", "asked")[0] == 5
    assert run("hold", "release", held, "--reason", "over")[0] == 4, "a second person releases it"
    assert [one["id"] for one in run("hold", "list")[1]["items"]] == [held]
    classes = {one["class"]: one["due"] for one in run("retention", "status")[1]["items"]}
    assert classes["trail"] == classes["personal"] == 0
    assert run("retention", "apply")[1] == dict.fromkeys(
        ("personal", "responses", "messages", "sensitive"), 0
    )
    run("user", "add", "zoe", "--roles", "viewer", "--display", "Zoe Z.")
    run("user", "deactivate", "zoe")
    assert run("user", "erase", "zoe", "--reason", "asked")[1]["display"] == "erased person"
    assert run("audit", "verify")[1]["intact"]


def test_a_person_of_another_unit_gets_exit_4_and_one_sentence(run, tmp_path, monkeypatch):
    registered(run)
    run("user", "add", "rita", "--roles", "auditor", "--units", "retail")
    _, made, _ = run("token", "add", "tests", "--scopes", "read", "--person", "rita")
    monkeypatch.setenv("LIFECYCLE_TOKEN", made["secret"])

    for command in (
        ("report", "evidence-pack", "card", "1", "--out", tmp_path / "pack.zip"),
        ("audit", "export", tmp_path / "trail.jsonl"),
    ):
        code, out, err = run(*command, table=True)
        assert (code, out) == (4, "")
        assert "in unit retail, all tiers; this is" in err
    assert not (tmp_path / "pack.zip").exists()


def test_no_command_writes_over_what_is_there_or_into_the_workspace(run, tmp_path):
    registered(run)
    home, there = tmp_path / "home", tmp_path / "there"
    there.write_text("mine")

    for command in (
        ("audit", "export", home / "lifecycle.duckdb"),
        ("audit", "key", "--out", home / "audit.head.json"),
        ("report", "card", "card", "1", "--out", home / "keys" / "signing.pem"),
        ("report", "card", "card", "1", "--out", home / "messages" / "note.jsonl"),
        ("backup", home / "lifecycle.duckdb"),
    ):
        code, _, err = run(*command, table=True)
        assert (code, err.count("\n")) == (2, 1), err
        assert "belongs to the workspace in" in err
    for command in (("audit", "export", there), ("backup", there)):
        code, _, err = run(*command, table=True)
        assert code == 2
        assert "exists already; name another file" in err
    assert there.read_text() == "mine"
    assert run("audit", "verify")[0] == 0


def test_an_export_takes_its_file_as_argument_or_as_option_and_not_twice(run, tmp_path):
    file = tmp_path / "t.jsonl"
    code, out, err = run("audit", "export", "--out", file, table=True)
    assert (code, out) == (0, "")
    assert f"saved {file}" in err
    assert run("audit", "verify", file)[0] == 0
    for wrong in (("audit", "export"), ("audit", "export", "a", "--out", "b")):
        code, _, err = run(*wrong, table=True)
        assert (code, err) == (2, "name the one file to write, such as trail.jsonl\n")


def test_a_gate_knows_four_formats_and_names_them(run):
    registered(run)
    gate = ("gate", "card", "1", "--to", "candidate", "--format")

    code, _, err = run(*gate, "xml", table=True)

    assert code == 2
    assert "'xml' is not one of 'table', 'json', 'csv', 'junit'" in err


@pytest.mark.parametrize(
    "command",
    [
        ("policy", "list"),
        ("policy", "drafts"),
        ("policy", "show", "house"),
        ("policy", "schema"),
        ("audit", "log"),
        ("audit", "verify"),
        ("asof", "2099-01-01"),
        ("report", "card", "card", "1"),
        ("retention", "status"),
        ("requests",),
    ],
)
def test_what_is_printed_can_be_written_to_a_file_instead(run, tmp_path, command):
    registered(run)
    file = tmp_path / "out.txt"

    code, out, err = run(*command, "--out", file, table=True)

    if command[0] == "asof":
        assert (code, file.exists()) == (2, False)
        assert "is in the future" in err
    else:
        assert (code, out) == (0, ""), err
        assert file.read_text()


def test_a_gate_that_cannot_be_asked_leaves_no_older_answer_behind(run, tmp_path, monkeypatch):
    old, token = tmp_path / "gate.xml", tmp_path / "pass.jwt"
    for file in (old, token):
        file.write_text("<testsuite failures='0'/>")
    monkeypatch.setenv("LIFECYCLE_SERVER", "http://127.0.0.1:9")
    monkeypatch.delenv("LIFECYCLE_HOME", raising=False)

    gate = ("gate", "card", "1", "--to", "candidate", "--format", "junit")
    code, _, _ = run(*gate, "--out", old, "--token", token, table=True)

    assert code not in {0, 1}
    assert not old.exists()
    assert not token.exists()
