"""A whole life on the command line, with the exit codes of each step."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from skops.io import dump

from lifecycle.cli import main
from lifecycle.client import Client
from lifecycle.settings import Settings
from lifecycle.store.connection import Workspace

PLAN = """
name: validation
rationale: what the house policy asks for
statistics:
  performance: [roc_auc, accuracy]
limits:
  roc_auc: {minimum: %s, rationale: better than chance}
"""


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


def applications(count, *, start, days, seed):
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, count).round(1)
    p = 1 / (1 + np.exp(-0.1 * (age - 40)))
    at = pd.Timestamp(start, tz="UTC") + pd.to_timedelta(
        np.arange(count) * days * 86400 / count, "s"
    )
    return pd.DataFrame(
        {
            "id": [f"{start}-{i}" for i in range(count)],
            "at": at,
            "age": age,
            "income": rng.normal(3000, 500, count).round(),
            "p": p.round(4),
            "bad": (rng.random(count) < p).astype(int),
        }
    )


def registered(run, tmp_path):
    """Register use case, model, dataset, snapshot and version 1; return the snapshot's id."""
    answers = ["practice=no", "domain=customer", "effect=informs", "interaction=no"]
    code, case, _ = run(
        *("usecase", "add", "credit", "--name", "Credit", "--problem", "losses"),
        *("--owner", "ana", "--sponsor", "board", "--kpi", "saved:EUR:1000000"),
        *(part for answer in answers for part in ("--answer", answer)),
    )
    assert (code, case["tier"]) == (0, "limited")
    code, _, _ = run(
        *("model", "add", "scorecard", "--use-case", "credit", "--name", "Scorecard"),
        *("--task", "binary", "--owner", "ana", "--purpose", "rank", "--intended-use", "desk"),
    )
    assert code == 0
    code, _, _ = run(
        *("dataset", "add", "loans", "--name", "Loans", "--description", "rows"),
        *("--source", "made for this test", "--owner", "ana"),
    )
    assert code == 0
    reference = applications(1500, start="2026-01-05", days=28, seed=1)
    reference.to_parquet(tmp_path / "reference.parquet", index=False)
    roles = ["bad=target", "at=timestamp", "id=id", "p=score"]
    code, snapshot, err = run(
        *("dataset", "snapshot", "loans", tmp_path / "reference.parquet"),
        *(part for role in roles for part in ("--role", role)),
    )
    assert (code, snapshot["rows"]) == (0, 1500), err
    features = reference[["age", "income"]]
    dump(LogisticRegression().fit(features, reference["bad"]), tmp_path / "model.skops")
    code, version, err = run(
        *("version", "add", "scorecard", "1", "--file", tmp_path / "model.skops"),
        *("--target", "bad", "--timestamp", "at", "--id", "id", "--score", "p"),
        *("--positive", "1", "--threshold", "0.5", "--features", "age,income"),
        *("--reference", snapshot["id"], "--training", snapshot["id"], "--commit", "0a1b2c3"),
        *("--metric", "roc_auc=0.7"),
    )
    assert (code, version["artifact_format"]) == (0, "skops"), err
    return snapshot["id"]


def monitored(run, tmp_path):
    """Send four weeks of rows with outcomes and run the monitor."""
    live = applications(2000, start="2026-03-02", days=28, seed=2)
    live.drop(columns="bad").to_parquet(tmp_path / "live.parquet", index=False)
    live[["id", "bad"]].to_csv(tmp_path / "outcomes.csv", index=False)
    code, sent, err = run(
        *("ingest", "predictions", "scorecard", "1", tmp_path / "live.parquet"),
        *("--timestamp", "at", "--id", "id", "--score", "p"),
    )
    assert (code, sent["rows"]) == (0, 2000), err
    code, sent, err = run(
        *("ingest", "outcomes", "scorecard", tmp_path / "outcomes.csv"),
        *("--id", "id", "--target", "bad"),
    )
    assert (code, sent["matched"]) == (0, 2000), err
    assert run("monitor", "define", "scorecard", "1", "--limit", "wasserstein=0.3")[0] == 0
    return run("monitor", "run", "scorecard")


def test_a_life_from_nothing_to_a_gate(run, tmp_path):
    snapshot = registered(run, tmp_path)
    code, ran, err = monitored(run, tmp_path)
    assert code == 0, err
    assert ran["items"][0]["rows"] == 2000
    code, listed, _ = run("monitor", "list")
    assert (code, listed["items"][0]["limits"]) == (0, {"wasserstein": 0.3})

    move = ("version", "move", "scorecard", "1", "--to", "candidate", "--reason", "ready")
    assert run(*move)[0] == 0
    code, report, err = run("gate", "scorecard", "1", "--to", "validated")
    assert (code, report["outcome"]) == (3, "insufficient")
    assert "no performance evidence" in err

    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN % "0.99")
    assess = ("assess", "scorecard", "1", "--snapshot", snapshot, "--plan", plan)
    assert run(*assess)[0] == 1, "the snapshot's AUC is below the plan's limit"
    code, report, err = run("gate", "scorecard", "1", "--to", "validated")
    assert (code, report["outcome"]) == (1, "fail")
    verdict = next(r["verdict"] for r in report["results"] if r["rule"] == "plan-met")
    assert verdict["limit"] == 0.99
    assert verdict["interval"][0] < verdict["value"] < verdict["interval"][1] < 1
    for said in ("plan-met: roc_auc is 0.", "limit 0.99 of plan", verdict["evidence"]):
        assert said in err

    plan.write_text(PLAN % "0.6")
    code, _, err = run(*assess)
    assert (code, "roc_auc: at least 0.99, now at least 0.6" in err) == (2, True), err
    code, kept, err = run(*assess, "--override", "the board accepts 0.6")
    assert (code, kept["items"][0]["outcome"]) == (0, "pass"), err
    code, again, err = run("assess", "scorecard", "1", "--again", kept["items"][0]["id"])
    assert (code, again["items"][0]["payload"]["reproduction"]["reproduced"]) == (0, True), err
    code, listed, _ = run("plan", "list")
    assert (code, [p["version"] for p in listed["items"]]) == (0, ["2", "1"])

    code, report, err = run("gate", "scorecard", "1", "--to", "validated")
    assert (code, report["outcome"]) == (0, "pass"), err
    junit = tmp_path / "gate.xml"
    gate = ("gate", "scorecard", "1", "--to", "validated", "--format", "junit", "--out", junit)
    assert run(*gate, table=True)[0] == 0
    assert 'failures="0"' in junit.read_text()

    code, asked, _ = run(
        *("request", "scorecard", "1", "--to", "validated", "--reason", "first version")
    )
    assert (code, asked["status"]) == (0, "open")
    code, _, err = run("decide", asked["id"], "approve", "--reason", "fine")
    assert code == 4
    assert "administrators cannot approve" in err
    code, listed, _ = run("requests", "--status", "open")
    assert [item["id"] for item in listed["items"]] == [asked["id"]]


def test_explaining_runs_in_a_worker_and_leaves_evidence(run, tmp_path):
    registered(run, tmp_path)

    code, job, err = run("version", "explain", "scorecard", "1", "--rows", "60")

    assert (code, job["state"]) == (0, "done"), err
    assert job["result"].startswith("ev-")
    assert run("job", "show", job["id"])[1]["result"] == job["result"]

    words = tmp_path / "reasons.yaml"
    words.write_text("columns: {age: {raises: Age, change: fixed}}")
    assert run("model", "reasons", "scorecard", "--file", words)[1]["version"] == 1
    assert run("model", "reasons", "scorecard")[1]["columns"]["age"]["change"] == "fixed"
    source = job["settings"]["snapshot"]
    row = ("--row", "2026-01-05-5", "--source", source)
    code, one, err = run("version", "decision", "scorecard", "1", *row)
    assert (code, one["state"]) == (0, "done"), one
    code, opened, err = run("version", "explained", one["result"])
    assert (code, opened["dictionary"], opened["source"]) == (0, 1, source), err
    assert set(opened["shares"]) >= {"age"}


def test_a_pickle_is_refused_with_the_reason(run, tmp_path):
    registered(run, tmp_path)
    pickled = tmp_path / "model.pkl"
    pd.to_pickle({"a": 1}, pickled)

    code, _, err = run("version", "add", "scorecard", "2", "--file", pickled, "--target", "bad")

    assert code == 2
    assert "pickle" in err
    assert "any program" in err
    assert len(run("version", "list", "scorecard")[1]["items"]) == 1


def test_bad_rows_leave_nothing_behind(run, tmp_path):
    registered(run, tmp_path)
    good = applications(50, start="2026-04-01", days=2, seed=3).drop(columns="bad")
    good.to_csv(tmp_path / "good.csv", index=False)
    bad = good.astype({"at": str})
    bad["id"] = "n" + bad["id"]
    bad.loc[7, "at"] = "yesterday"
    bad.to_csv(tmp_path / "bad.csv", index=False)

    code, _, err = run(
        *("ingest", "predictions", "scorecard", "1", tmp_path / "good.csv", tmp_path / "bad.csv"),
        *("--timestamp", "at", "--id", "id", "--score", "p"),
    )

    assert code == 2
    assert "bad.csv" in err
    assert "yesterday" in err
    assert str(tmp_path) not in err
    with Workspace.open(tmp_path / "home") as workspace:
        assert workspace.cursor().execute("SELECT count(*) FROM audit").fetchone()
    with Client(Settings(home=tmp_path / "home")) as client:
        assert client.get("/models/scorecard/versions/1/predictions")["items"] == []


def test_the_trail_is_verified_here_and_offline(run, tmp_path):
    registered(run, tmp_path)
    exported = tmp_path / "trail.jsonl"

    assert run("audit", "verify")[1]["intact"]
    assert run("audit", "export", exported, table=True)[0] == 0
    assert run("audit", "verify", exported)[0] == 0
    lines = exported.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "usecase.add" in line)
    changed = [*lines[:at], lines[at].replace("usecase.add", "usecase.ad"), *lines[at + 1 :]]
    exported.write_text("\n".join(changed) + "\n")
    code, found, err = run("audit", "verify", exported)
    assert code == 1
    assert found["findings"][0]["kind"] == "changed"
    assert "usecase.ad" in err
    code, log, _ = run("audit", "log", "--by", "init@local")
    assert {row["action"] for row in log["items"]} >= {"workspace.create", "person.add"}


def test_people_tokens_and_policies(run):
    code, made, _ = run("user", "add", "bob", "--roles", "approver", "--display", "Bob")
    assert (code, made["roles"]) == (0, ["approver"])
    assert "/auth/link?secret=" in made["invitation"]
    assert run("user", "roles", "bob", "approver,auditor")[1]["roles"] == ["approver", "auditor"]
    code, token, _ = run("token", "add", "reports", "--person", "bob", "--scopes", "read")
    assert (code, token["secret"][:3]) == (0, "lc_")
    assert [t["label"] for t in run("token", "list")[1]["items"]] == ["reports"]
    assert run("token", "revoke", token["id"])[1]["revoked_at"]
    assert run("token", "add", "votes", "--person", "bob", "--scopes", "decide")[0] == 4
    assert "/auth/link" in run("user", "invite", "bob", table=True)[1]
    assert run("user", "deactivate", "bob")[1]["active"] is False
    assert {p["name"] for p in run("user", "list")[1]["items"]} == {"ana", "bob"}
    assert run("policy", "list")[1]["items"][0]["name"] == "house"
    assert run("policy", "show", table=True)[1]["name"] == "house"


def test_a_backup_comes_back_whole(run, tmp_path, monkeypatch):
    snapshot = registered(run, tmp_path)
    saved = tmp_path / "saved.tar"

    assert run("backup", saved, table=True)[0] == 0
    assert run("backup", saved, table=True)[0] == 2, "a file that exists is not overwritten"
    assert run("restore", saved, "--home", tmp_path / "restored", table=True)[0] == 0
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "restored"))
    assert run("dataset", "show", "loans")[1]["snapshots"][0]["id"] == snapshot
    assert run("audit", "verify")[1]["intact"]
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(saved.read_bytes()[:-20_000])
    code, _, err = run("restore", damaged, "--home", tmp_path / "nothing", table=True)
    assert code in {1, 2}, err
    assert not (tmp_path / "nothing" / "lifecycle.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("usecase", "show", "nothing"), 2, "nothing"),
        (("usecase", "add", "x", "--name", "X"), 2, "--problem"),
        (("version", "list", "nothing"), 2, "nothing"),
        (("decide", "req-1", "shrug"), 2, "shrug"),
        (("gate", "m", "1", "--to", "heaven"), 2, "heaven"),
        (("token", "add", "x", "--scopes", "everything"), 2, "everything"),
        (("assess", "m", "1", "--snapshot", "s", "--plan", "missing.yaml"), 2, "missing.yaml"),
        (("dataset", "snapshot", "d", "missing.csv"), 2, "missing.csv"),
        (("usecase", "list", "--as", "april"), 4, "sample"),
        (("nonsense",), 2, "nonsense"),
        (("usecase", "list", "--out", "/no/such/folder/x.json"), 2, "cannot be written"),
        (("audit", "export", "/no/such/folder/x.jsonl"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_with_its_exit_code(run, arguments, code, words):
    got, out, err = run(*arguments, table=arguments[:2] == ("audit", "export"))

    assert got == code
    assert words in err
    assert err.count("\n") == 1
    assert out == ""


def test_no_workspace_is_named_with_what_makes_one(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LIFECYCLE_HOME", str(tmp_path / "nowhere"))

    code, _, err = run("serve", table=True)

    assert code == 2
    assert "lifecycle init" in err
    assert run("usecase", "list")[0] == 2
    assert not (tmp_path / "nowhere").exists()


def test_tables_and_csv_show_the_same_records(run, tmp_path):
    registered(run, tmp_path)

    code, table, _ = run("usecase", "list", table=True)
    assert (code, "credit" in table) == (0, True)
    code, lines, _ = run("usecase", "list", "--format", "csv", table=True)
    assert lines.splitlines()[0].startswith("id,name,tier")
    out = tmp_path / "cases.json"
    assert run("usecase", "list", "--out", out)[0] == 0
    assert json.loads(out.read_text())["items"][0]["id"] == "credit"
    assert not [p for p in Path(tmp_path).iterdir() if p.suffix == ".part"]
    for group in ("model", "version", "dataset", "user", "token", "job", "monitor", "policy"):
        listing = [group, "list", *(["scorecard"] if group == "version" else [])]
        assert run(*listing, table=True)[0] == 0, group
    for shown in (("model", "show", "scorecard"), ("model", "timeline", "scorecard")):
        assert run(*shown, table=True)[0] == 0
    assert run("model", "inventory")[1]["items"][0]["model_id"] == "scorecard"
    assert run("version", "show", "scorecard", "1")[1]["code_commit"] == "0a1b2c3"
    kpis = ("usecase", "kpis", "credit", "--kpi", "saved:EUR:2000000", "--reason", "plan")
    assert run(*kpis)[1]["kpis"][0]["target"] == 2e6


def test_a_monitor_is_changed_by_what_is_named_and_shown_with_its_runs(run, tmp_path):
    registered(run, tmp_path)
    monitored(run, tmp_path)
    more = tmp_path / "more.yaml"
    more.write_text("costs: {currency: EUR, false_negative: -900}\nestimation: false\n")
    named = ("monitor", "define", "scorecard", "1")

    code, changed, err = run(
        *named,
        *("--reference", "rolling:14:7", "--limit", "age:ks=0.4", "--persistence", "3/4"),
        *("--owner", "dora", "--schedule", "6h", "--from", more, "--reason", "seasons"),
    )

    assert code == 0, err
    assert changed["reference"] == {"kind": "rolling", "days": 14, "gap": 7}
    assert changed["limits"] == {"wasserstein": 0.3}
    assert changed["column_limits"] == {"age": {"ks": 0.4}}
    assert (changed["series"], changed["revision"]) == (2, 2)
    assert (changed["alerts"]["k"], changed["alerts"]["owner"]) == (3, "dora")
    assert changed["costs"]["false_negative"] == -900
    code, shown, err = run("monitor", "show", "scorecard", "1")
    assert (code, [r["rows"] for r in shown["runs"]]) == (0, [2000]), err
    assert [r["revision"] for r in shown["revisions"]] == [1, 2]


def test_a_monitor_takes_what_a_file_sets_and_what_the_data_quality_page_shows(run, tmp_path):
    registered(run, tmp_path)
    named = ("monitor", "define", "scorecard", "1")
    assert run(*named, "--limit", "ks=0.3", "--owner", "olga", "--explain")[1]["explanations"]
    file, shown = tmp_path / "more.yaml", tmp_path / "shown.yaml"
    file.write_text(
        "together: [reconstruction_error]\nchanges: [adwin]\nexplanations: false\n"
        "expectations:\n  - {check: missing, column: age, limit: 0.1}\n"
        "limits: {psi: 0.5}\nalerts: {silence: 3}\n"
    )
    shown.write_text("columns:\n  age: {min: 18, max: 99, tolerate: {range: 0.01}}\n")

    code, made, err = run(*named, "--from", file, "--persistence", "3/4")

    assert code == 0, err
    assert (made["together"], made["changes"]) == (["reconstruction_error"], ["adwin"])
    assert (made["explanations"], made["expectations"][0]["limit"]) == (False, 0.1)
    assert made["limits"] == {"ks": 0.3, "psi": 0.5}
    kept = {"owner": "olga", "silence": 3, "k": 3, "m": 4}
    assert {name: made["alerts"][name] for name in kept} == kept
    code, made, err = run(*named, "--from", shown)
    assert code == 0, err
    (expected,) = made["expectations"]
    assert (expected["check"], expected["low"], expected["limit"]) == ("range", 18, 0.01)


def test_what_was_measured_is_listed_and_switching_on_says_what_to_expect(run, tmp_path):
    registered(run, tmp_path)
    _, _, told = run("monitor", "define", "scorecard", "1", "--on", "--runbook", "https://run/7")
    assert "note: what to expect is not known: " in told
    monitored(run, tmp_path)
    listed = ("monitor", "measurements", "scorecard", "1")

    code, every, err = run(*listed, "--statistic", "ks", "--column", "age")
    _, later, _ = run(*listed, "--statistic", "ks", "--column", "age", "--from", "2026-03-16")
    code_of_none, none, _ = run(*listed, "--slice", "age=1", "--limit", "3")

    assert (code, code_of_none, none["items"]) == (0, 0, []), err
    assert [m["window"]["start"][:10] for m in every["items"]] == [
        f"2026-03-{day:02}" for day in (2, 9, 16, 23)
    ]
    assert [m["value"] for m in later["items"]] == [m["value"] for m in every["items"][2:]]
    assert "2026-03-02" in run(*listed, table=True)[1]
    quiet = ("--cooldown", "48", "--renotify", "0")
    _, made, told = run("monitor", "define", "scorecard", "1", "--on", *quiet)
    assert "fired" in told
    assert "false alarms" in told
    kept = {"runbook": "https://run/7", "cooldown_hours": 48, "renotify_hours": 0}
    assert {name: made["alerts"][name] for name in kept} == kept


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (("--reference", "rolling:two"), "--reference wants rolling:DAYS:GAP"),
        (("--persistence", "3"), "--persistence wants K/M"),
        (("--grain", "day"), "say why with a reason"),
        (("--limit", "kss=1"), "no statistic is called 'kss'"),
    ],
)
def test_a_monitor_that_cannot_be_is_refused_in_a_sentence(run, tmp_path, option, sentence):
    registered(run, tmp_path)
    assert run("monitor", "define", "scorecard", "1")[0] == 0

    code, _, err = run("monitor", "define", "scorecard", "1", *option)

    assert code == 2
    assert sentence in err
