"""Commands that judge and decide: gate, request, decide."""

from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree as ET

import typer

from lifecycle.cli.options import (
    ActingAs,
    Home,
    Model,
    Out,
    Printed,
    Reason,
    Request,
    Version,
    Wished,
)
from lifecycle.cli.output import Format as Verdicts
from lifecycle.cli.output import remove, write_whole, xml_text
from lifecycle.cli.records import show, write
from lifecycle.cli.session import Format, connected, listed, pairs, without
from lifecycle.errors import CheckFailed, InsufficientData, InvalidInput


def request(
    model: Model,
    version: Version,
    to: Wished,
    reason: Reason,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Override the gate, on the policy's terms.")
    ] = False,
    supersedes: Annotated[
        str | None, typer.Option(help="An open request of yours that this one replaces.")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Ask to move a version; policy and evidence are pinned now.

    Example: lifecycle request churn-gbm 3 --to production --reason "beats version 2"
    """
    with connected(home, acting_as) as client:
        body = {"model": model, "version": version, "to": to, "reason": reason}
        body |= {"emergency": emergency, "supersedes": supersedes}
        show(client.post("/requests", body), format=format, out=out)


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
    request: Request,
    vote: Annotated[
        str,
        typer.Argument(help="approve, approve_with_conditions, reject, return, abstain or recuse."),
    ],
    reason: Reason = "",
    code: Annotated[
        str | None,
        typer.Option(help="Why in one word, such as limit_exceeded; only approving needs none."),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(help="owner=NAME,due=YYYY-MM-DD,severity=high,text=WHAT; may be repeated."),
    ] = None,
    on_behalf_of: Annotated[
        str | None, typer.Option(help="Whose authority you use, by a delegation.")
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="Ask for your password to sign.")] = False,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Vote on a request.

    Example: lifecycle decide req-3 approve --reason "evidence is sound"
    """
    body: dict[str, Any] = {"vote": vote, "reason": reason, "code": code}
    body["conditions"] = [_condition(text) for text in condition or []]
    body["on_behalf_of"] = on_behalf_of
    if sign:
        body["password"] = typer.prompt("Password", hide_input=True, err=True)
    with connected(home, acting_as) as client:
        show(client.post(f"/requests/{request}/decisions", body), format=format, out=out)


def _condition(text: str) -> dict[str, str]:
    """Read a condition; its text comes last and may hold commas."""
    head, found, said = text.partition("text=")
    given = pairs(listed(head), option="--condition")
    if not found or not {"owner", "due"} <= set(given):
        raise InvalidInput("--condition wants owner=NAME,due=YYYY-MM-DD,text=WHAT")
    due = given.pop("due")
    return {**given, "due_at": f"{due}T23:59:59Z" if "T" not in due else due, "text": said}


def gate(
    model: Model,
    version: Version,
    to: Wished,
    format: Annotated[Verdicts, typer.Option(help="table, json, csv or junit.")] = Verdicts.TABLE,
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
    token: Annotated[
        Path | None, typer.Option(help="Write the pass of an allowed start to this file.")
    ] = None,
) -> None:
    """Ask whether a version may go to a stage: 0 yes, 1 no, 3 too little data.

    Asked about the stage the version is in, it answers whether it may start there; only that
    earns a pass that a deployer can check for ten minutes.

    Example: lifecycle gate churn-gbm 3 --to production --format junit --out gate.xml
    """
    for file in filter(None, (out, token)):
        remove(file)  # an answer of another day must not be taken for this one, whatever happens
    with connected(home, acting_as) as client:
        report = client.post("/gate", {"model": model, "version": version, "to": to})
    if format is Verdicts.JUNIT:
        write(_junit(report), out)
    elif format is Verdicts.JSON:
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
    if token is not None and report["token"]:
        write_whole(token, report["token"])
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
        case = ET.SubElement(
            suite, "testcase", classname=result["kind"], name=xml_text(result["rule"])
        )
        kind = {"fail": "failure", "error": "error", "insufficient": "error"}.get(
            verdict["outcome"]
        )
        if kind and not result["blocking"]:
            kind = "skipped"
        if kind:
            message = xml_text(verdict["sentence"])
            ET.SubElement(case, kind, message=message).text = xml_text(verdict["remedy"])
            counts[{"failure": "failures", "error": "errors"}.get(kind, kind)] += 1
    suite.set("tests", str(len(report["results"])))
    for name, number in counts.items():
        suite.set(name, str(number))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
