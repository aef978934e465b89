from dataclasses import replace
from datetime import timedelta

import pytest

from lifecycle.domain.dataset import Column, ColumnRole, Dataset, Snapshot
from lifecycle.domain.model import Columns, Model, ModelKind, Stage, Task, Version
from lifecycle.domain.usecase import Kpi, Mode, Tier, UseCase
from lifecycle.errors import Conflict, InvalidInput, NotFound
from lifecycle.store import datasets, models, usecases


@pytest.fixture
def use_case(at):
    return UseCase(
        id="credit-risk",
        name="Crédit risk",
        problem="Loans default",
        owner="ada",
        sponsor="bob",
        created_at=at,
        tier=Tier.HIGH,
        questionnaire="2026-11",
        answers={"practice": "no", "domain": "credit"},
        mode=Mode.AUTOMATION,
        kpis=(Kpi("Default rate", "%", 2.5, baseline=4, better="lower"), Kpi("Calls", "1", 10)),
        value=1.5e6,
        cost=None,
        affected="applicants",
        simulated=True,
        tags={"line": "retail"},
    )


@pytest.fixture
def model(at):
    return Model(
        id="credit-default",
        use_case_id="credit-risk",
        name="Default",
        kind=ModelKind.VENDOR,
        task=Task.BINARY,
        owner="ada",
        purpose="score",
        created_at=at,
        vendor="Acme",
        tags={"a": "b"},
    )


@pytest.fixture
def version(at):
    return Version(
        model_id="credit-default",
        name="2026-05",
        stage=Stage.DRAFT,
        developer="dev",
        created_at=at,
        columns=Columns(target="y", score="p", threshold=0.4, features=("a", "b"), positive="1"),
        artifact="f" * 64,
        artifact_format="skops",
        reference="s-1",
        metrics={"auc": 0.91, "n": 7},
        parameters={"depth": "3"},
        environment={"python": "3.11"},
    )


def test_a_use_case_comes_back_as_it_went_in(workspace, use_case):
    plain = replace(use_case, id="plain", name="A", kpis=(), tags={}, value=None, cost=0.1)
    with workspace.transaction() as tx:
        usecases.add(tx, use_case)
        usecases.add(tx, plain)
    con = workspace.cursor()
    assert usecases.get(con, "credit-risk") == use_case
    assert usecases.every(con) == [plain, use_case]


def test_a_changed_use_case_is_saved_also_twice_in_one_transaction(workspace, use_case):
    with workspace.transaction() as tx:
        usecases.add(tx, use_case)
        usecases.update(tx, replace(use_case, name="First"))
        usecases.update(tx, replace(use_case, name="Second", kpis=()))
    assert usecases.get(workspace.cursor(), "credit-risk") == replace(
        use_case, name="Second", kpis=()
    )


def test_what_is_not_there_is_named_with_the_closest_name(workspace, use_case, model, version, at):
    with workspace.transaction() as tx:
        usecases.add(tx, use_case)
        models.add(tx, model)
        models.add_version(tx, version)
    con = workspace.cursor()
    with pytest.raises(NotFound, match="use case 'credit-rsk'; did you mean 'credit-risk'"):
        usecases.get(con, "credit-rsk")
    with pytest.raises(NotFound, match=r"no use case 'zzz'$"):
        usecases.update(con, replace(use_case, id="zzz"))
    with pytest.raises(NotFound, match="did you mean 'credit-default'"):
        models.get(con, "credit-defaults")
    with pytest.raises(NotFound, match="no model 'zzz'"):
        models.update(con, replace(model, id="zzz"))
    with pytest.raises(NotFound, match="version of credit-default '2026-06'; did you mean '2026-"):
        models.version(con, "credit-default", "2026-06")
    with pytest.raises(NotFound, match="no model 'zzz'"):
        models.version(con, "zzz", "1")
    with pytest.raises(NotFound, match="did you mean 'credit-default/2026-05'"):
        models.version_by_id(con, "credit-default/2026-5")
    with pytest.raises(NotFound, match="version of credit-default 'x'"):
        models.update_version(con, replace(version, name="x"))
    with pytest.raises(NotFound, match="no dataset 'adult'"):
        datasets.get(con, "adult")
    with pytest.raises(NotFound, match="no snapshot 's'"):
        datasets.snapshot(con, "s")


def test_a_name_is_given_once(workspace, use_case, model, version):
    with workspace.transaction() as tx:
        usecases.add(tx, use_case)
        models.add(tx, model)
        models.add_version(tx, version)
    for add, value, words in (
        (usecases.add, use_case, "a use case 'credit-risk'"),
        (models.add, model, "a model 'credit-default'"),
        (models.add_version, version, "a version 'credit-default/2026-05'"),
    ):
        with pytest.raises(Conflict, match=words), workspace.transaction() as tx:
            add(tx, value)


def test_models_come_back_by_use_case(workspace, model):
    other = replace(model, id="other", use_case_id="else", name="Another", tags={})
    with workspace.transaction() as tx:
        models.add(tx, model)
        models.add(tx, other)
        models.update(tx, replace(model, purpose="rank"))
    con = workspace.cursor()
    assert models.get(con, "credit-default") == replace(model, purpose="rank")
    assert models.every(con) == [other, replace(model, purpose="rank")]
    assert models.every(con, "else") == [other]


def test_of_a_version_only_the_stage_ever_changes(workspace, model, version, at):
    newer = replace(version, name="2026-06", created_at=at + timedelta(days=1))
    with workspace.transaction() as tx:
        models.add(tx, model)
        models.add_version(tx, version)
        models.add_version(tx, newer)
        moved, _ = version.move(Stage.CANDIDATE, by="ada", at=at, reason="ready")
        models.update_version(tx, replace(moved, developer="eve", metrics={"auc": 1.0}))
    con = workspace.cursor()
    assert models.version(con, "credit-default", "2026-05") == moved
    assert models.version_by_id(con, "credit-default/2026-06") == newer
    assert models.versions(con, "credit-default") == [newer, moved] == models.versions(con)
    assert models.versions(con, "other") == []


def test_datasets_and_snapshots_come_back_as_they_went_in(workspace, at):
    dataset = Dataset("adult", "Adult", "census", "UCI", "ada", at, personal_data=True)
    full = Snapshot(
        id="adult-1",
        dataset_id="adult",
        artifact="a" * 64,
        rows=48842,
        columns=(Column("age", "BIGINT", ColumnRole.FEATURE), Column("y", "x", ColumnRole.TARGET)),
        created_at=at,
        created_by="ada",
        start=at - timedelta(days=9),
        end=at,
        notes="n",
    )
    bare = replace(full, id="adult-2", start=None, end=None, columns=(), notes="")
    with workspace.transaction() as tx:
        datasets.add(tx, dataset)
        datasets.add_snapshot(tx, full)
        datasets.add_snapshot(tx, bare)
    con = workspace.cursor()
    assert datasets.get(con, "adult") == dataset
    assert datasets.every(con) == [dataset]
    assert datasets.snapshot(con, "adult-1") == full
    assert datasets.snapshots(con) == datasets.snapshots(con, "adult") == [full, bare]
    assert datasets.snapshots(con, "other") == []
    with pytest.raises(Conflict, match="dataset 'adult'"), workspace.transaction() as tx:
        datasets.add(tx, dataset)
    with pytest.raises(Conflict, match="snapshot 'adult-1'"), workspace.transaction() as tx:
        datasets.add_snapshot(tx, full)


def test_a_time_without_a_zone_is_refused(workspace, use_case, at):
    with pytest.raises(InvalidInput, match="no time zone"), workspace.transaction() as tx:
        usecases.add(tx, replace(use_case, created_at=at.replace(tzinfo=None)))
    assert usecases.every(workspace.cursor()) == []
