"""Commands on the audit trail: search it, take it along, sign it, verify it anywhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Out, Printed
from lifecycle.cli.records import show, write
from lifecycle.cli.session import Format, connected, text_of
from lifecycle.errors import CheckFailed, InvalidInput

audit = typer.Typer(no_args_is_help=True, help="Who did what, when and why.")


@audit.command("verify")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An exported trail; the workspace's own when absent.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The public key to trust (`lifecycle audit key`).")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="One kept elsewhere (`lifecycle audit checkpoint`).")
    ] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Find every event that was changed, removed, inserted or reordered, and check signatures.

    With FILE no workspace is needed. Integrity, authenticity and time are told apart.

    Example: lifecycle audit verify trail.jsonl --key public.pem --checkpoint kept.json
    """
    if file is not None:
        result = _examined(file, key=key, checkpoint=checkpoint)
    elif key is not None or checkpoint is not None:
        raise InvalidInput("--key and --checkpoint check an exported trail; name the file")
    else:
        with connected(home, acting_as) as client:
            result = client.post("/audit/verification")
    show(result["claims"] if format is Format.TABLE else result, format=format, out=out)
    if not result["intact"]:
        raise CheckFailed("; ".join(finding["sentence"] for finding in result["findings"]))


def _examined(file: Path, *, key: Path | None, checkpoint: Path | None) -> dict[str, Any]:
    from lifecycle.adapters import keys
    from lifecycle.api.shapes import verification
    from lifecycle.services import trail

    public = keys.from_text(text_of(key)) if key else None
    kept = trail.checkpoint_of(text_of(checkpoint)) if checkpoint else None
    return verification(trail.examine_file(file, public=public, kept=kept))


@audit.command("key")
def key(home: Home = None, acting_as: ActingAs = None, out: Out = None) -> None:
    """Print the public key that checks this workspace's signatures; keep it elsewhere.

    Example: lifecycle audit key --out public.pem
    """
    with connected(home, acting_as) as client:
        found = client.get("/audit/keys")
    (current,) = [item for item in found["items"] if item["id"] == found["current"]]
    write(current["pem"], out)


@audit.command("checkpoint")
def checkpoint(home: Home = None, acting_as: ActingAs = None, out: Out = None) -> None:
    """Sign the trail as it is now and print the checkpoint, to keep elsewhere.

    Example: lifecycle audit checkpoint --out checkpoint.json
    """
    with connected(home, acting_as) as client:
        show(client.post("/audit/checkpoints"), format=Format.JSON, out=out)


@audit.command("export")
def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; or --out.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    out: Out = None,
) -> None:
    """Write the whole chain as JSON lines, to keep elsewhere.

    Example: lifecycle audit export trail.jsonl
    """
    target = file or out
    if target is None or (file and out):
        raise InvalidInput("name the one file to write, such as trail.jsonl")
    with connected(home, acting_as) as client:
        client.download("/audit/export", target)
    typer.echo(f"saved {target}; `lifecycle audit verify {target}` checks it", err=True)


@audit.command("log")
def log(
    text: Annotated[str | None, typer.Option(help="Words in action, subject or reason.")] = None,
    by: str | None = None,
    subject: str | None = None,
    limit: int = 50,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show what happened, newest first. Example: lifecycle audit log --by ana --limit 20."""
    with connected(home, acting_as) as client:
        found = client.get("/audit", text=text, by=by, subject=subject, limit=limit)["items"]
    rows = [{"sequence": link["sequence"], **link["event"], "hash": link["hash"]} for link in found]
    columns = ("sequence", "at", "by", "action", "subject", "reason")
    show(rows, format=format, out=out, columns=columns)


def as_of(
    at: Annotated[str, typer.Argument(metavar="TIME", help="2026-05-04, or with a time of day.")],
    model: Annotated[str | None, typer.Argument(metavar="MODEL", help="All when absent.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show what was live at a time, approved by whom, on what evidence, under which policy.

    A day alone means its end. Example: lifecycle asof 2026-05-04T12:00 credit-default
    """
    with connected(home, acting_as) as client:
        found = client.get("/asof", at=moment(at).isoformat(), model=model)
    if format is Format.JSON:
        show(found, format=format, out=out)
        return
    show([_line(version) for version in found["versions"]], format=format, out=out)


def _line(version: dict[str, Any]) -> dict[str, Any]:
    asked = version["request"] or {}
    approving = [v["by"] for v in asked.get("votes", ()) if v["vote"].startswith("approve")]
    return {
        "version": version["version_id"],
        "stage": version["stage"],
        "live": "yes" if version["live"] else "no",
        "since": version["since"],
        "request": asked.get("id"),
        "approved_by": ", ".join(approving),
        "standing": version["standing"],
        "until": version["expires_at"],
        "policy": asked.get("policy"),
        "evidence": ", ".join(asked.get("evidence", ())),
    }


def moment(text: str) -> datetime:
    """Read a time in UTC unless it names a zone; a day alone means its last moment."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        example = "2026-05-04 or 2026-05-04T12:00"
        raise InvalidInput(f"{text!r} is no time; write it as {example}") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    end = at + timedelta(days=1, microseconds=-1)
    if len(text.strip()) > DAY:
        return at
    return min(end, max(at, datetime.now(UTC)))  # today ends now; a day to come stays one


DAY = len("2026-05-04")
