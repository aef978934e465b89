"""Commands on rows: datasets and snapshots, predictions and outcomes."""

from pathlib import Path
from typing import Annotated

import typer

from lifecycle.cli.options import ActingAs, Dataset, Home, Model, Out, Printed, RowColumn, Version
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, pairs, without

dataset = typer.Typer(no_args_is_help=True, help="Sources of rows and their snapshots.")
ingest = typer.Typer(no_args_is_help=True, help="Send predictions and outcomes.")


@dataset.command("add")
def add_dataset(
    id: Annotated[str, typer.Argument(help="A short name.")],
    name: Annotated[str, typer.Option()],
    description: Annotated[str, typer.Option()],
    source: Annotated[str, typer.Option(help="Where its rows come from.")],
    owner: Annotated[str, typer.Option()],
    licence: str = "",
    personal_data: Annotated[bool, typer.Option("--personal-data")] = False,
    lawful_basis: str = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Register a dataset.

    Example: lifecycle dataset add churn-data --name "Churn" --description "Customers by month"
    --source "warehouse, table customers" --owner ana
    """
    body = {
        "id": id,
        "name": name,
        "description": description,
        "source": source,
        "owner": owner,
        "licence": licence,
        "personal_data": personal_data,
        "lawful_basis": lawful_basis,
    }
    with connected(home, acting_as) as client:
        show(client.post("/datasets", body), format=format)


@dataset.command("snapshot")
def add_snapshot(
    id: Dataset,
    file: Path,
    role: Annotated[
        list[str] | None, typer.Option(help="COLUMN=ROLE, repeated; others are features.")
    ] = None,
    notes: str = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Keep an immutable state of a dataset.

    Example: lifecycle dataset snapshot churn-data may.parquet --role left=target --role id=id
    """
    with connected(home, acting_as) as client:
        body = {
            "upload": client.upload(file),
            "roles": pairs(role or [], option="--role"),
            "notes": notes,
        }
        show(client.post(f"/datasets/{id}/snapshots", body), format=format)


@dataset.command("list")
def list_datasets(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List datasets. Example: lifecycle dataset list."""
    with connected(home, acting_as) as client:
        items = client.get("/datasets", limit=1000)["items"]
    show(items, format=format, out=out, columns=("id", "name", "owner", "licence", "source"))


@dataset.command("show")
def show_dataset(
    id: Dataset,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show one dataset with its snapshots. Example: lifecycle dataset show churn-data."""
    with connected(home, acting_as) as client:
        found = client.get(f"/datasets/{id}")
    if format is Format.TABLE:
        show(without(found, "snapshots"), format=format, out=out)
        show(found["snapshots"], format=format, columns=("id", "rows", "start", "end"))
        return
    show(found, format=format, out=out)


@ingest.command("predictions")
def predictions(
    model: Model,
    version: Version,
    files: list[Path],
    timestamp: Annotated[str, typer.Option(help="Column with the time of the prediction.")],
    id: RowColumn,
    score: str | None = None,
    prediction: str | None = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Add rows that a version scored: all files or none.

    Example: lifecycle ingest predictions churn-gbm 3 may.parquet --timestamp at --id id --score p
    """
    with connected(home, acting_as) as client:
        body = {
            "uploads": client.uploads(files),
            "timestamp": timestamp,
            "id": id,
            "score": score,
            "prediction": prediction,
        }
        show(client.post(f"/models/{model}/versions/{version}/predictions", body), format=format)


@ingest.command("outcomes")
def outcomes(
    model: Model,
    files: list[Path],
    id: RowColumn,
    target: Annotated[str, typer.Option(help="Column with what really happened.")],
    known_at: Annotated[str | None, typer.Option(help="Column with when it was known.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Add outcomes to the predictions they belong to.

    Example: lifecycle ingest outcomes churn-gbm left.csv --id id --target left
    """
    with connected(home, acting_as) as client:
        body = {
            "uploads": client.uploads(files),
            "id": id,
            "target": target,
            "known_at": known_at,
        }
        show(client.post(f"/models/{model}/outcomes", body), format=format)
