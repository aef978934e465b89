"""Commands on monitors: what is watched and how, running it, and what to expect of it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifecycle.cli.options import ActingAs, Home, Model, Out, Printed, Version
from lifecycle.cli.records import show
from lifecycle.cli.session import Format, connected, numbers, pairs, text_of
from lifecycle.domain.monitor import laid_over
from lifecycle.domain.written import written
from lifecycle.errors import CheckFailed, InsufficientData, InvalidInput, NotFound

if TYPE_CHECKING:
    from lifecycle.client import Client

monitor = typer.Typer(no_args_is_help=True, help="What is watched, and running it.")

MEASURED = ("window", "statistic", "column", "slice", "value", "limit", "state", "n", "reason")

Grain = Annotated[str | None, typer.Option(help="day, week or month.")]
Reference = Annotated[
    str | None, typer.Option(help="baseline, season, or rolling:DAYS:GAP, such as rolling:28:7.")
]
Rule = Annotated[str | None, typer.Option(help="Where limits come from: house, fixed or learned.")]
Limit = Annotated[
    list[str] | None,
    typer.Option(help="STATISTIC=NUMBER, or COLUMN:STATISTIC=NUMBER, repeated."),
]
Segment = Annotated[
    list[str] | None, typer.Option(help="A column whose groups are watched apart, repeated.")
]
Minimum = Annotated[int | None, typer.Option(help="Fewest rows in a window to judge.")]
Schedule = Annotated[
    str | None, typer.Option(help='Cron in UTC, such as "0 6 * * *", or an interval such as 6h.')
]
Persistence = Annotated[
    str | None, typer.Option(help="K/M: windows beyond the limit that make an alert.")
]
Explain = Annotated[
    bool | None,
    typer.Option("--explain/--no-explain", help="Explain each window and compare what drives it."),
]
Owner = Annotated[str | None, typer.Option(help="Whose monitor it is.")]
Runbook = Annotated[str | None, typer.Option(help="What to do about its alerts: an address.")]
Renotify = Annotated[
    float | None,
    typer.Option(help="Hours after which an alert nobody took on is sent again; 0 for never."),
]
Cooldown = Annotated[
    float | None,
    typer.Option(help="Hours after an alert's end in which the same series belongs to it."),
]
Channel = Annotated[
    list[str] | None, typer.Option(help="A channel that hears of its alerts, repeated.")
]
Active = Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")]
Settings = Annotated[
    Path | None,
    typer.Option("--from", help="A YAML or JSON file with any settings, or of expectations."),
]
Why = Annotated[str, typer.Option("--reason", help="Why; a new reference or grain needs it.")]


@monitor.command("define")
def define(
    model: Model,
    version: Version,
    grain: Grain = None,
    reference: Reference = None,
    rule: Rule = None,
    limit: Limit = None,
    segment: Segment = None,
    minimum: Minimum = None,
    schedule: Schedule = None,
    persistence: Persistence = None,
    explain: Explain = None,
    owner: Owner = None,
    runbook: Runbook = None,
    renotify: Renotify = None,
    cooldown: Cooldown = None,
    channel: Channel = None,
    active: Active = None,
    settings: Settings = None,
    reason: Why = "",
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
) -> None:
    """Watch a version, or change how it is watched; what is not named stays as it is.

    Example: lifecycle monitor define churn-gbm 3 --grain week --limit ks=0.15
    """
    named = _named(
        settings,
        {
            "alerts": _persistence(persistence)
            | _given(
                owner=owner,
                runbook=runbook,
                renotify_hours=renotify,
                cooldown_hours=cooldown,
                channels=channel,
            )
        },
        _limits(limit or []),
        grain=grain,
        reference=_reference(reference),
        rule=rule,
        segments=segment,
        minimum=minimum,
        schedule=schedule,
        explanations=explain,
        active=active,
    )
    with connected(home, acting_as) as client:
        path = f"/models/{model}/versions/{version}/monitor"
        if active:
            typer.echo(f"note: {_expected(client, path, named)}", err=True)
        send = client.patch if _is_watched(client, path) else client.put
        show(send(path, named | ({"reason": reason} if reason else {})), format=format)


@monitor.command("preview")
def preview(
    model: Model,
    version: Version,
    grain: Grain = None,
    reference: Reference = None,
    rule: Rule = None,
    limit: Limit = None,
    persistence: Persistence = None,
    settings: Settings = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Say how often a monitor would have fired, and how many false alarms to expect.

    Nothing is kept and no rows are read: `lifecycle monitor run MODEL --version VERSION` counts
    the log of a monitor that is switched off.

    Example: lifecycle monitor preview churn-gbm 3 --limit ks=0.2 --persistence 3/4
    """
    named = _named(
        settings,
        {"alerts": _persistence(persistence)},
        _limits(limit or []),
        grain=grain,
        reference=_reference(reference),
        rule=rule,
    )
    with connected(home, acting_as) as client:
        found = client.post(f"/models/{model}/versions/{version}/monitor/preview", named)
    if format is Format.TABLE:
        facts = ("sentence", "basis", "windows", "series", "tests", "reasons")
        show(found, format=format, columns=facts)
        if found["episodes"]:
            show([_episode(one) for one in found["episodes"]], format=format, out=out)
    else:
        show(found, format=format, out=out)


@monitor.command("show")
def show_one(
    model: Model,
    version: Version,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Show how a version is watched, and how its last runs went.

    Example: lifecycle monitor show churn-gbm 3
    """
    with connected(home, acting_as) as client:
        found = client.get(f"/models/{model}/versions/{version}/monitor")
    if format is Format.JSON:
        show(found, format=format, out=out)
        return
    settings = {k: v for k, v in found.items() if k not in {"runs", "revisions"}}
    show(settings, format=format, out=out)
    if out is None:
        columns = ("at", "by", "state", "days", "rows", "windows", "tests", "reasons")
        show(found["runs"], format=format, columns=columns)


@monitor.command("measurements")
def list_measurements(
    model: Model,
    version: Version,
    statistic: Annotated[str | None, typer.Option(help="Only this statistic.")] = None,
    column: Annotated[str | None, typer.Option(help="Only this column.")] = None,
    slice: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=VALUE: only this slice; repeated. All rows and slices without."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Windows that begin then or later: 2026-06-01.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List what monitoring measured about a version, oldest window first.

    Example: lifecycle monitor measurements churn-gbm 3 --statistic ks --column age
    """
    asked = {
        "statistic": statistic,
        "column": column,
        "slice": json.dumps(pairs(slice, option="--slice")) if slice else None,
        "start": start,
        "limit": limit,
    }
    with connected(home, acting_as) as client:
        path = f"/models/{model}/versions/{version}/measurements"
        found = client.get(path, **_given(**asked))["measurements"]
    show(found, format=format, out=out, columns=MEASURED)


@monitor.command("list")
def list_monitors(
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """List what is watched. Example: lifecycle monitor list."""
    with connected(home, acting_as) as client:
        items = client.get("/monitors")["items"]
    columns = ("version_id", "revision", "series", "grain", "reference", "schedule", "active")
    show(items, format=format, out=out, columns=columns)


@monitor.command("run")
def run(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]")] = None,
    version: Annotated[
        str | None,
        typer.Option(help="Only this one; where it is switched off, its log is counted alone."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="A time, such as 2026-06-01T00:00Z.")] = None,
    home: Home = None,
    acting_as: ActingAs = None,
    format: Printed = Format.TABLE,
    out: Out = None,
) -> None:
    """Count what is new and measure it.

    Exit code 1 when the newest window is in breach or a run failed, 3 when one had too
    little data to judge anything.

    Example: lifecycle monitor run churn-gbm
    """
    with connected(home, acting_as) as client:
        body = {"model": model, "version": version, "until": until}
        results = client.post("/monitors/run", body)["items"]
    show(results, format=format, out=out)
    judge(results)


def judge(results: Sequence[dict[str, Any]]) -> None:
    """Let the exit code say what the runs of monitors came to.

    Raises
    ------
    CheckFailed
        One found a breach, or came to nothing.
    InsufficientData
        One had too little data to judge anything.
    """
    if found := _in(results, "breach"):
        raise CheckFailed(f"in breach: {found}")
    if found := _in(results, "error"):
        raise CheckFailed(f"not measured, for the reason given: {found}")
    unjudged = [result for result in results if not {"ok", "warning"} & result["states"].keys()]
    if found := _in(unjudged, "insufficient"):
        raise InsufficientData(f"too little data to judge: {found}")


def _in(results: Sequence[dict[str, Any]], state: str) -> str:
    return ", ".join(result["version_id"] for result in results if result["state"] == state)


def _expected(client: "Client", path: str, named: dict[str, Any]) -> str:
    """Say before a monitor is switched on how often it would have fired, and does for nothing."""
    try:
        found = client.post(f"{path}/preview", named)
    except (InsufficientData, InvalidInput) as error:
        return f"what to expect is not known: {error}"
    return " ".join([found["sentence"], found["basis"], *(f"{r}." for r in found["reasons"])])


def _is_watched(client: "Client", path: str) -> bool:
    try:
        client.get(path)
    except NotFound:
        return False
    return True


def _episode(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "since": given["since"]["start"],
        "cause": given["cause"],
        "severity": given["severity"],
        "series": given["told"],
    }


def _named(
    settings: Path | None, *by_name: dict[str, dict[str, Any]], **options: Any
) -> dict[str, Any]:
    """Put together what a file and options set; an option goes before the file."""
    named = _file(settings)
    for name, given in (pair for part in by_name for pair in part.items() if pair[1]):
        named = laid_over(named, {name: given})
    return named | _given(**options)


def _given(**named: Any) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value is not None}


def _file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    import yaml

    from lifecycle.services.analysis.expectations import SECTIONS

    try:
        read: Any = yaml.safe_load(text_of(file))
    except yaml.YAMLError as error:
        raise InvalidInput(f"{file} is no YAML: {error}") from error
    if not isinstance(read, dict):
        raise InvalidInput(f"{file} must hold settings by name")
    named: dict[str, Any] = written(read)
    return {"expectations": named} if named.keys() <= set(SECTIONS) else named


def _reference(given: str | None) -> dict[str, Any] | None:
    if given is None:
        return None
    kind, *lengths = given.split(":")
    if not all(length.isdigit() for length in lengths):
        raise InvalidInput(f"--reference wants rolling:DAYS:GAP in whole days, not {given!r}")
    return {"kind": kind} | dict(zip(("days", "gap"), map(int, lengths), strict=False))


def _limits(given: list[str]) -> dict[str, dict[str, Any]]:
    everywhere: dict[str, float] = {}
    by_column: dict[str, dict[str, float]] = {}
    for name, value in numbers(given, option="--limit").items():
        column, colon, statistic = name.rpartition(":")
        if colon:
            by_column.setdefault(column, {})[statistic] = value
        else:
            everywhere[name] = value
    return {"limits": everywhere, "column_limits": by_column}


def _persistence(given: str | None) -> dict[str, int]:
    if given is None:
        return {}
    k, slash, m = given.partition("/")
    if not (slash and k.isdigit() and m.isdigit()):
        raise InvalidInput(f"--persistence wants K/M, such as 2/3, not {given!r}")
    return {"k": int(k), "m": int(m)}
