import hashlib
import pickle
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from skops import io as skops_io
from tumour_life import ANSWERS, AT, COLUMNS, add_case, add_model

from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.model import Columns, Stage
from lifecycle.domain.policy_text import parse
from lifecycle.domain.usecase import Kpi, Tier
from lifecycle.errors import CheckFailed, Conflict, InvalidInput, NotAllowed, NotFound
from lifecycle.services import registry
from lifecycle.store import artifacts, audit, datasets, models, policies, sensitive, usecases


def test_the_answers_decide_the_tier_of_a_use_case(ws, dev):
    made = add_case(ws, dev)

    assert made.tier is Tier.HIGH
    assert usecases.get(ws.cursor(), "tumour") == made
    (link,) = audit.links(ws.cursor())
    assert link.event.details["drivers"] == ["domain"]


@pytest.mark.parametrize("wrong", ["Tumour", "a b", "", "-a", "a--b", "a/b", "../x", "x" * 65])
def test_an_id_that_is_no_slug_is_refused(ws, dev, wrong):
    with pytest.raises(InvalidInput, match="lower-case letters and digits"):
        add_case(ws, dev, key=wrong)
    assert audit.links(ws.cursor()) == []


def test_an_id_is_given_once(registered, ws, dev):
    before = audit.head(ws.cursor())
    with pytest.raises(Conflict, match="already a use case 'tumour'"):
        add_case(ws, dev)
    with pytest.raises(Conflict, match="already a model 'tumour'"):
        add_model(ws, dev)
    with pytest.raises(Conflict, match="already a dataset 'cancer'"):
        registry.add_dataset(
            ws, id="cancer", name="x", description="", source="x", owner="x", by=dev, at=AT
        )
    with pytest.raises(Conflict, match="already a version of tumour called '1'"):
        registry.add_version(ws, "tumour", "1", columns=COLUMNS, by=dev, at=AT)
    assert audit.head(ws.cursor()) == before


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": " "}, "use case u needs name"),
        ({"mode": "magic"}, "mode must be one of automation, augmentation"),
        ({"value": float("inf")}, "value must be a finite number"),
        ({"answers": {"domain": "health"}}, "question 'practice' needs one of"),
        ({"kpis": [Kpi("", "%", 1.0)]}, "a KPI needs name"),
        ({"kpis": [Kpi("k", "%", float("nan"))]}, "target of KPI k must be a finite"),
        ({"kpis": [Kpi("k", "%", 1.0, baseline=float("nan"))]}, "baseline of KPI k"),
        ({"kpis": [Kpi("k", "%", 1.0, better="up")]}, "better higher or lower"),
    ],
)
def test_a_use_case_that_makes_no_sense_is_refused(ws, dev, more, sentence):
    given = {"name": "n", "problem": "p", "owner": "o", "sponsor": "s", "answers": ANSWERS} | more
    with pytest.raises(InvalidInput, match=sentence):
        registry.add_use_case(ws, id="u", **given, by=dev, at=AT)
    assert usecases.every(ws.cursor()) == []


def test_changed_targets_keep_the_old_ones_in_the_trail(ws, dev):
    add_case(ws, dev)
    kpis = [Kpi("recall", "%", 95.0, baseline=80.0)]

    changed = registry.set_kpis(ws, "tumour", kpis=kpis, reason="board asked", by=dev, at=AT)

    assert usecases.get(ws.cursor(), "tumour").kpis == tuple(kpis) == changed.kpis
    event = audit.search(ws.cursor(), limit=1)[0].event
    assert (event.action, event.reason) == ("usecase.kpis", "board asked")
    with pytest.raises(InvalidInput, match="give a reason"):
        registry.set_kpis(ws, "tumour", kpis=[], reason=" ", by=dev, at=AT)


def test_a_model_needs_its_use_case_and_a_known_task(ws, dev):
    with pytest.raises(NotFound):
        add_model(ws, dev)
    add_case(ws, dev)
    with pytest.raises(InvalidInput, match="task must be one of"):
        add_model(ws, dev, task="ranking")
    assert models.every(ws.cursor()) == []


def test_a_snapshot_keeps_rows_schema_roles_and_hash(registered, ws, tumours):
    reference, _ = tumours
    kept = datasets.snapshot(ws.cursor(), registered.id)

    assert kept == registered
    assert kept.rows == len(reference)
    assert kept.named(ColumnRole.TARGET) == ("benign",)
    assert kept.named(ColumnRole.SENSITIVE) == ("sex",)
    assert "mean radius" in kept.named(ColumnRole.FEATURE)
    file = artifacts.path(ws, kept.artifact)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == kept.artifact
    (apart,) = sensitive.parts(ws.cursor(), kept.id)
    assert kept.id == f"cancer@{str(apart.was)[:10]}"  # the hash of the file as it was given
    assert apart.columns == ("sex",)
    assert "sex" not in pq.read_schema(file).names
    pd.testing.assert_frame_equal(
        pd.read_parquet(file),
        reference.drop(columns="sex"),
        check_dtype=False,
        check_column_type=False,
    )


def test_any_readable_file_becomes_the_same_parquet_rows(registered, ws, dev, tmp_path):
    rows = pd.DataFrame({"when": ["2026-01-02 10:00", "2026-01-01"], "x": [1.5, 2.5]})
    rows.to_csv(tmp_path / "a.csv", index=False)
    rows.to_json(tmp_path / "b.jsonl", orient="records", lines=True)
    for name in ("a.csv", "b.jsonl"):
        kept: Any = registry.add_snapshot(
            ws,
            "cancer",
            tmp_path / name,
            roles={"when": ColumnRole.TIMESTAMP},
            by=dev,
            at=AT,
        )
        assert kept.rows == 2
        assert kept.start.isoformat() == "2026-01-01T00:00:00+00:00"
        assert kept.end.isoformat() == "2026-01-02T10:00:00+00:00"
        assert pd.read_parquet(artifacts.path(ws, kept.artifact))["x"].tolist() == [1.5, 2.5]


def test_the_same_content_is_one_snapshot(registered, ws, dev, tmp_path):
    with pytest.raises(Conflict, match="already: its content is the same"):
        registry.add_snapshot(ws, "cancer", tmp_path / "reference.parquet", roles={}, by=dev, at=AT)


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ({"nope": ColumnRole.TARGET}, "has no column 'nope'"),
        ({"x": "hero"}, "role must be one of"),
        ({"x": ColumnRole.TARGET, "t": ColumnRole.TARGET}, "2 columns of .* are called target"),
        ({"t": ColumnRole.TIMESTAMP}, "row 2 of .*rows.csv: column t holds 'soon'"),
    ],
)
def test_a_snapshot_with_wrong_roles_is_refused(registered, ws, dev, tmp_path, roles, sentence):
    file = tmp_path / "rows.csv"
    file.write_text("t,x\n2026-01-01,1\nsoon,2\n")
    with pytest.raises(InvalidInput, match=sentence):
        registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT)
    assert len(datasets.snapshots(ws.cursor())) == 1
    assert list(ws.tmp.iterdir()) == []


def test_damaged_and_empty_files_are_refused_by_name(registered, ws, dev, tmp_path):
    whole = (tmp_path / "reference.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.csv").write_text("a,b\n")
    pd.DataFrame({"a": []}).to_parquet(tmp_path / "none.parquet")
    for name, sentence in (
        ("cut.parquet", "cut.parquet is not readable as Parquet"),
        ("none.csv", "none.csv holds no rows"),
        ("none.parquet", "none.parquet holds no rows"),
        ("gone.csv", "gone.csv does not exist"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            registry.add_snapshot(ws, "cancer", tmp_path / name, roles={}, by=dev, at=AT)


def test_personal_data_needs_a_lawful_basis(ws, dev):
    with pytest.raises(InvalidInput, match="needs a lawful basis"):
        registry.add_dataset(
            ws,
            id="people",
            name="People",
            description="",
            source="HR",
            owner="dora",
            personal_data=True,
            by=dev,
            at=AT,
        )


def test_a_version_keeps_its_skops_file_and_lineage(registered, ws, dev, tmp_path, tumours):
    reference, _ = tumours
    model = LogisticRegression().fit(reference[["mean radius"]], reference["benign"])
    file = tmp_path / "model.skops"
    skops_io.dump(model, file)

    made: Any = registry.add_version(
        ws,
        "tumour",
        "2",
        columns=COLUMNS,
        file=file,
        reference=registered.id,
        training=registered.id,
        code_commit="abc123",
        metrics={"auc": 0.9},
        parameters={"C": "1"},
        environment={"scikit-learn": "1.7"},
        by=dev,
        at=AT,
    )

    assert made.stage is Stage.DRAFT
    assert made.developer == dev.name
    assert made.artifact_format == "skops"
    assert artifacts.path(ws, made.artifact).read_bytes() == file.read_bytes()
    assert models.version(ws.cursor(), "tumour", "2") == made
    assert made.parameters == {"C": "1"}


def test_a_pickle_is_refused_with_the_reason(registered, ws, dev, tmp_path):
    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(InvalidInput, match="a pickle can run any program"):
        registry.add_version(ws, "tumour", "2", columns=COLUMNS, file=file, by=dev, at=AT)
    assert len(models.versions(ws.cursor())) == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": "a/b"}, "version name 'a/b' must be"),
        ({"metrics": {"auc": float("nan")}}, "metric auc must be a finite number"),
        ({"metrics": {"auc": "good"}}, "metric auc must be a finite number"),
        ({"columns": Columns(target="")}, "a version needs target"),
        ({"columns": Columns(target="y", features=("y",))}, "is the target, so it cannot be"),
        ({"columns": Columns(target="y", categorical=("z",))}, "neither a feature nor a"),
    ],
)
def test_a_version_that_makes_no_sense_is_refused(registered, ws, dev, more, sentence):
    given = {"name": "2", "columns": COLUMNS} | more
    with pytest.raises(InvalidInput, match=sentence):
        registry.add_version(ws, "tumour", given.pop("name"), **given, by=dev, at=AT)
    assert len(models.versions(ws.cursor())) == 1


def test_a_versions_columns_are_checked_against_its_reference(registered, ws, dev):
    missing = Columns(target="benign", features=("mean raduis",), positive="1")
    with pytest.raises(InvalidInput, match="no column 'mean raduis'; there is: mean radius"):
        registry.add_version(
            ws, "tumour", "2", columns=missing, reference=registered.id, by=dev, at=AT
        )
    silent = Columns(target="benign")
    with pytest.raises(InvalidInput, match="needs the positive label of benign"):
        registry.add_version(
            ws, "tumour", "2", columns=silent, reference=registered.id, by=dev, at=AT
        )
    for role in ("reference", "training"):
        named: Any = {role: "gone@1"}
        with pytest.raises(NotFound):
            registry.add_version(ws, "tumour", "2", columns=COLUMNS, **named, by=dev, at=AT)


def test_arrows_without_a_gate_are_free_and_others_need_a_request(registered, ws, dev):
    def move(to):
        return registry.move_version(ws, "tumour", "1", to=to, reason="first look", by=dev, at=AT)

    assert move(Stage.CANDIDATE).stage is Stage.CANDIDATE
    assert models.version(ws.cursor(), "tumour", "1").stage is Stage.CANDIDATE
    with pytest.raises(CheckFailed, match="only through a request"):
        move(Stage.VALIDATED)
    with pytest.raises(Conflict, match="from there it can become"):
        move(Stage.PRODUCTION)
    assert move(Stage.RETIRED).stage is Stage.RETIRED


def test_a_policy_may_put_a_gate_before_a_free_arrow(registered, ws, dev):
    gated = parse(
        {"name": "house", "version": "1", "tiers": {"high": {"candidate": {"rules": []}}}}
    )
    with ws.transaction() as tx:
        policies.add(tx, gated, at=AT, by="root")
    with pytest.raises(CheckFailed, match="only through a request"):
        registry.move_version(ws, "tumour", "1", to=Stage.CANDIDATE, reason="", by=dev, at=AT)


def test_a_viewer_may_register_nothing(registered, ws, viewer, dev, tmp_path):
    before = audit.head(ws.cursor())
    writes = [
        lambda: add_case(ws, viewer, key="other"),
        lambda: add_model(ws, viewer, key="other"),
        lambda: registry.set_kpis(ws, "tumour", kpis=[], reason="r", by=viewer, at=AT),
        lambda: registry.add_version(ws, "tumour", "2", columns=COLUMNS, by=viewer, at=AT),
        lambda: registry.move_version(
            ws, "tumour", "1", to=Stage.CANDIDATE, reason="", by=viewer, at=AT
        ),
        lambda: registry.add_dataset(
            ws, id="d", name="d", description="", source="s", owner="o", by=viewer, at=AT
        ),
        lambda: registry.add_snapshot(
            ws, "cancer", tmp_path / "reference.parquet", roles={}, by=viewer, at=AT
        ),
    ]
    for write in writes:
        with pytest.raises(NotAllowed, match="may not register"):
            write()
    assert audit.head(ws.cursor()) == before
