"""Commands that judge and decide: assess, gate, request, decide, policy."""

from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree as ET

import typer

from lifecycle.cli.records import show, write
from lifecycle.cli.session import (
    ActingAs,
    Format,
    Home,
    Out,
    Printed,
    Reason,
    connected,
    text_of,
    without,
)
from lifecycle.errors import CheckFailed, InsufficientData

policy = typer.Typer(no_args_is_help=True, help="What each step needs.")

Model = Annotated[str, typer.Argument(metavar="MODEL")]
Version = Annotated[str, typer.Argument(metavar="VERSION")]


def assess(
    model: Model,
    version: Version,
    snapshot: Annotated[str, typer.Option(help="The rows to measure on.")],
    plan: Annotated[Path, typer.Option(help="What to measure and the limits, as YAML.")],
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Measure a version against a plan and keep the result as evidence.

    Example: lifecycle assess churn-gbm 3 --snapshot churn-data@1a2b3c4d5e --plan plan.yaml
    """
    with connected(home, acting_as) as client:
        body = {"snapshot": snapshot, "plan": text_of(plan)}
        kept = client.post(f"/models/{model}/versions/{version}/assessments", body)["items"]
    show(kept, format=format, out=out, columns=("id", "purpose", "state", "snapshot_id"))
    failed = [item["id"] for item in kept if item["state"] in {"breach", "error"}]
    if failed:
        raise CheckFailed(f"outside the plan's limits: {', '.join(failed)}")
    if any(item["state"] == "insufficient" for item in kept):
        raise InsufficientData("the snapshot holds too little data for part of the plan")


def request(
    model: Model,
    version: Version,
    to: Annotated[str, typer.Option(help="The stage wished for.")],
    reason: Reason,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Ask to move a version; policy and evidence are pinned now.

    Example: lifecycle request churn-gbm 3 --to production --reason "beats version 2"
    """
    with connected(home, acting_as) as client:
        body = {"model": model, "version": version, "to": to, "reason": reason}
        show(client.post("/requests", body), format=format)


def list_requests(
    status: Annotated[str | None, typer.Option(help="open, approved, rejected, …")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List requests, newest first. Example: lifecycle requests --status open."""
    with connected(home, acting_as) as client:
        items = client.get("/requests", status=status, limit=1000)["items"]
    columns = ("id", "version_id", "before", "to", "status", "requested_by", "reason")
    show(items, format=format, out=out, columns=columns)


def decide(
    request: Annotated[str, typer.Argument(metavar="REQUEST")],
    vote: Annotated[str, typer.Argument(help="approve, reject, return or abstain.")],
    reason: Reason = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Vote on a request.

    Example: lifecycle decide req-3 approve --reason "evidence is sound"
    """
    with connected(home, acting_as) as client:
        body = {"vote": vote, "reason": reason}
        show(client.post(f"/requests/{request}/decisions", body), format=format)


def gate(
    model: Model,
    version: Version,
    to: Annotated[str, typer.Option(help="The stage wished for.")],
    format: Annotated[str, typer.Option(help="table, json, csv or junit.")] = "table",
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
) -> None:
    """Ask whether a version may go to a stage: 0 yes, 1 no, 3 too little data.

    Example: lifecycle gate churn-gbm 3 --to production --format junit --out gate.xml
    """
    with connected(home, acting_as) as client:
        report = client.post("/gate", {"model": model, "version": version, "to": to})
    if format == "junit":
        write(_junit(report), out)
    elif format == "json":
        show(report, format=Format.JSON, out=out)
    else:
        rows = [_flat(result) for result in report["results"]]
        show(rows, format=Format(format), out=out)
    failing = [
        f"{r['rule']}: {r['verdict']['sentence']}"
        for r in report["results"]
        if r["blocking"] and r["verdict"]["outcome"] != "pass"
    ]
    said = f"{model}/{version} may not go to {to}: {'; '.join(failing)}"
    if report["outcome"] == "insufficient":
        raise InsufficientData(said)
    if report["outcome"] != "pass":
        raise CheckFailed(said)


def _flat(result: dict[str, Any]) -> dict[str, Any]:
    verdict = result["verdict"]
    return {
        "rule": result["rule"],
        "outcome": verdict["outcome"],
        "severity": "block" if result["blocking"] else "warn",
        **without(verdict, "outcome"),
    }


def _junit(report: dict[str, Any]) -> str:
    suite = ET.Element("testsuite", name=f"gate {report['model']}/{report['version']}")
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for result in report["results"]:
        verdict = result["verdict"]
        case = ET.SubElement(suite, "testcase", classname=result["kind"], name=result["rule"])
        kind = {"fail": "failure", "error": "error", "insufficient": "error"}.get(
            verdict["outcome"]
        )
        if kind and not result["blocking"]:
            kind = "skipped"
        if kind:
            ET.SubElement(case, kind, message=verdict["sentence"]).text = verdict["remedy"]
            counts[{"failure": "failures", "error": "errors"}.get(kind, kind)] += 1
    suite.set("tests", str(len(report["results"])))
    for name, number in counts.items():
        suite.set(name, str(number))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


@policy.command("list")
def list_policies(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List published policies. Example: lifecycle policy list."""
    with connected(home, acting_as) as client:
        items = client.get("/policies")["items"]
    show(items, format=format, out=out, columns=("name", "version", "description", "sha256"))


@policy.command("show")
def show_policy(
    name: Annotated[str, typer.Argument()] = "house",
    version: Annotated[str | None, typer.Option(help="The one in force when absent.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
) -> None:
    """Print a policy's content as JSON. Example: lifecycle policy show house."""
    with connected(home, acting_as) as client:
        found = client.get(f"/policies/{name}", version=version)
    show(found["content"], format=Format.JSON, out=out)


@policy.command("publish")
def publish_policy(
    file: Path,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Publish the next version of a policy. Example: lifecycle policy publish house.yaml."""
    with connected(home, acting_as) as client:
        kept = client.post("/policies", {"content": text_of(file)})
    show(without(kept, "content", "gates"), format=format)
