"""Commands on what is registered: use cases, models, versions."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lifecycle.cli.options import (
    ActingAs,
    Columns,
    Home,
    Model,
    Out,
    Printed,
    Reason,
    ShortName,
    Version,
    Yearly,
)
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, listed, numbers, pairs, scores, without
from lifecycle.cli.work import ended
from lifecycle.errors import InvalidInput

usecase = typer.Typer(no_args_is_help=True, help="Business cases and their risk tier.")
model = typer.Typer(no_args_is_help=True, help="What answers a use case.")
version = typer.Typer(no_args_is_help=True, help="Immutable states of a model.")

PARTS_OF_A_KPI = 3


def _kpis(given: list[str]) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = []
    for item in given:
        parts = [part.strip() for part in item.split(":")]
        try:
            target = float(parts[2])
        except (IndexError, ValueError):
            raise InvalidInput(f"--kpi wants NAME:UNIT:TARGET, not {item!r}") from None
        if len(parts) != PARTS_OF_A_KPI:
            raise InvalidInput(f"--kpi wants NAME:UNIT:TARGET, not {item!r}")
        read.append({"name": parts[0], "unit": parts[1], "target": target})
    return read


@usecase.command("add")
def add_use_case(
    id: ShortName,
    name: Annotated[str, typer.Option()],
    problem: Annotated[str, typer.Option(help="What it should solve.")],
    owner: Annotated[str, typer.Option()],
    sponsor: Annotated[str, typer.Option()],
    answer: Annotated[
        list[str], typer.Option(help="Risk questionnaire: QUESTION=ANSWER, repeated.")
    ],
    mode: str = "augmentation",
    kpi: Annotated[list[str] | None, typer.Option(help="NAME:UNIT:TARGET, repeated.")] = None,
    value: Yearly = None,
    cost: Yearly = None,
    currency: str = "EUR",
    affected: Annotated[str, typer.Option(help="Who is affected.")] = "",
    unit: Annotated[str, typer.Option(help="The business unit it belongs to.")] = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Register a use case; the answers decide its tier.

    Example: lifecycle usecase add churn --name "Churn" --problem "Keep customers" --owner ana
    --sponsor board --answer practice=no --answer domain=customer --answer effect=informs
    --answer interaction=no
    """
    body = {
        "id": id,
        "name": name,
        "problem": problem,
        "owner": owner,
        "sponsor": sponsor,
        "answers": pairs(answer, option="--answer"),
        "mode": mode,
        "kpis": _kpis(kpi or []),
        "value": value,
        "cost": cost,
        "currency": currency,
        "affected": affected,
        "unit": unit,
    }
    with connected(home, acting_as) as client:
        show(client.post("/usecases", body), format=format)


@usecase.command("list")
def list_use_cases(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List use cases. Example: lifecycle usecase list --format json."""
    with connected(home, acting_as) as client:
        items = client.get("/usecases", limit=1000)["items"]
    show(items, format=format, out=out, columns=("id", "name", "tier", "owner", "sponsor", "value"))


@usecase.command("show")
def show_use_case(
    id: str,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show one use case. Example: lifecycle usecase show churn."""
    with connected(home, acting_as) as client:
        show(client.get(f"/usecases/{id}"), format=format, out=out)


@usecase.command("kpis")
def set_kpis(
    id: str,
    kpi: Annotated[list[str], typer.Option(help="NAME:UNIT:TARGET, repeated.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Change the targets.

    Example: lifecycle usecase kpis churn --kpi saved:EUR:1e6 --reason "new plan"
    """
    with connected(home, acting_as) as client:
        body = {"kpis": _kpis(kpi), "reason": reason}
        show(client.put(f"/usecases/{id}/kpis", body), format=format)


@model.command("add")
def add_model(
    id: ShortName,
    use_case: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option()],
    task: Annotated[str, typer.Option(help="binary, classes or regression.")],
    owner: Annotated[str, typer.Option()],
    purpose: Annotated[str, typer.Option()],
    kind: str = "predictive",
    intended_use: str = "",
    out_of_scope: str = "",
    vendor: str = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Register a model.

    Example: lifecycle model add churn-gbm --use-case churn --name "Churn" --task binary
    --owner ana --purpose "Rank customers by risk of leaving"
    """
    body = {
        "id": id,
        "use_case_id": use_case,
        "name": name,
        "task": task,
        "owner": owner,
        "purpose": purpose,
        "kind": kind,
        "intended_use": intended_use,
        "out_of_scope": out_of_scope,
        "vendor": vendor,
    }
    with connected(home, acting_as) as client:
        show(client.post("/models", body), format=format)


@model.command("list")
def list_models(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List models. Example: lifecycle model list --format csv."""
    with connected(home, acting_as) as client:
        items = client.get("/models", limit=1000)["items"]
    show(items, format=format, out=out, columns=("id", "name", "use_case_id", "task", "owner"))


@model.command("show")
def show_model(
    id: str,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show one model with its versions. Example: lifecycle model show churn-gbm."""
    with connected(home, acting_as) as client:
        found = client.get(f"/models/{id}")
    if format is Format.TABLE:
        show(without(found, "versions"), format=format, out=out)
        show(found["versions"], format=format, columns=("name", "stage", "developer", "created_at"))
        return
    show(found, format=format, out=out)


@model.command("timeline")
def timeline(
    id: str,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List what happened in a model's life. Example: lifecycle model timeline churn-gbm."""
    with connected(home, acting_as) as client:
        show(client.get(f"/models/{id}/timeline")["items"], format=format, out=out)


@model.command("inventory")
def inventory(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List every version with tier, stage, health. Example: lifecycle model inventory."""
    with connected(home, acting_as) as client:
        show(client.get("/inventory")["items"], format=format, out=out)


@version.command("add")
def add_version(
    model: Model,
    name: Version,
    target: Annotated[str, typer.Option(help="The column that holds the outcome.")],
    file: Annotated[Path | None, typer.Option(help="The model file (skops, ONNX, …).")] = None,
    timestamp: str | None = None,
    id: Annotated[str | None, typer.Option("--id")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="Probability of positive, or CLASS=COL for each class."),
    ] = None,
    prediction: str | None = None,
    positive: Annotated[str | None, typer.Option(help="The target's positive label.")] = None,
    threshold: float | None = None,
    features: Columns = None,
    categorical: Columns = None,
    sensitive: Columns = None,
    reference: Annotated[str | None, typer.Option(help="Snapshot to compare with.")] = None,
    training: Annotated[str | None, typer.Option(help="Snapshot trained on.")] = None,
    commit: Annotated[str | None, typer.Option(help="Commit of the training code.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER, repeated.")] = None,
    parameter: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, repeated.")] = None,
    environment: Annotated[list[str] | None, typer.Option(help="LIBRARY=VERSION.")] = None,
    notes: str = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Register a version.

    Example: lifecycle version add churn-gbm 3 --file model.skops --target left --score p
    --features age,plan --categorical plan --reference churn-data@1a2b3c4d5e --commit 9f8e7d6.
    A model of several classes names the score of each: --score red=p_red --score blue=p_blue.
    """
    single, by_class = scores(score or ())
    columns = {
        "target": target,
        "timestamp": timestamp,
        "id": id,
        "score": single,
        "class_scores": by_class,
        "prediction": prediction,
        "positive": positive,
        "threshold": threshold,
        "features": listed(features),
        "categorical": listed(categorical),
        "sensitive": listed(sensitive),
    }
    body = {
        "name": name,
        "columns": columns,
        "reference": reference,
        "training": training,
        "code_commit": commit,
        "metrics": numbers(metric or [], option="--metric"),
        "parameters": pairs(parameter or [], option="--parameter"),
        "environment": pairs(environment or [], option="--environment"),
        "notes": notes,
    }
    with connected(home, acting_as) as client:
        upload = client.upload(file) if file else None
        show(client.post(f"/models/{model}/versions", body, upload=upload), format=format)


@version.command("list")
def list_versions(
    model: Model,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List a model's versions. Example: lifecycle version list churn-gbm."""
    with connected(home, acting_as) as client:
        items = client.get(f"/models/{model}/versions", limit=1000)["items"]
    columns = ("name", "stage", "developer", "created_at", "reference", "artifact_format")
    show(items, format=format, out=out, columns=columns)


@version.command("show")
def show_version(
    model: Model,
    name: Version,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show one version with its lineage. Example: lifecycle version show churn-gbm 3."""
    with connected(home, acting_as) as client:
        show(client.get(f"/models/{model}/versions/{name}"), format=format, out=out)


@version.command("file")
def save_file(
    model: Model,
    name: Version,
    out: Annotated[Path, typer.Option("--out", help="The new file to write.")],
    home: Home = None,
    acting_as: ActingAs = None,
) -> None:
    """Save a version's model file. Example: lifecycle version file churn 3 --out model.skops."""
    with connected(home, acting_as) as client:
        client.download(f"/models/{model}/versions/{name}/file", out)
    typer.echo(f"written to {out}", err=True)


@version.command("move")
def move_version(
    model: Model,
    name: Version,
    to: Annotated[str, typer.Option(help="A stage without a gate, such as candidate.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Move a version where no gate stands.

    Example: lifecycle version move churn-gbm 3 --to candidate --reason "ready to validate"
    """
    with connected(home, acting_as) as client:
        body = {"to": to, "reason": reason}
        show(client.post(f"/models/{model}/versions/{name}/move", body), format=format)


@version.command("explain")
def explain(
    model: Model,
    name: Version,
    snapshot: Annotated[str | None, typer.Option(help="Rows to explain.")] = None,
    rows: Annotated[
        int | None, typer.Option(help="How many; absent: until the ranking is stable.")
    ] = None,
    seed: int = 0,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Compute SHAP values in a worker process. Example: lifecycle version explain churn-gbm 3."""
    with connected(home, acting_as) as client:
        body = {"snapshot": snapshot, "rows": rows, "seed": seed}
        job = client.post(f"/models/{model}/versions/{name}/explanations", body)
        show(job, format=format)
        ended(job)
