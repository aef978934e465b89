"""Where the `lifecycle` command starts: its commands, and how an error becomes an exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

import lifecycle
from lifecycle.cli import (
    administration,
    alerts,
    assessments,
    data,
    decisions,
    explaining,
    fairness,
    files,
    following,
    incidents,
    mitigations,
    monitors,
    policies,
    quality,
    registry,
    reports,
    retention,
    trail,
)
from lifecycle.cli.faults import report_fault
from lifecycle.cli.processor import tune_numpy
from lifecycle.errors import LifecycleError

FAULT, INTERRUPTED, WRONG_USE = 70, 130, 2

GROUPS: dict[str, typer.Typer] = {
    "usecase": registry.usecase,
    "model": registry.model,
    "version": registry.version,
    "dataset": data.dataset,
    "ingest": data.ingest,
    "monitor": monitors.monitor,
    "plan": assessments.plan,
    "mitigation": mitigations.mitigation,
    "policy": policies.policy,
    "finding": following.finding,
    "delegation": following.delegation,
    "pass": following.passes,
    "alert": alerts.alert,
    "channel": alerts.channel,
    "incident": incidents.incident,
    "audit": trail.audit,
    "report": reports.report,
    "hold": retention.hold,
    "retention": retention.retention,
    "user": administration.user,
    "token": administration.token,
    "job": administration.job,
}

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": administration.demo,
    "init": administration.init,
    "serve": administration.serve,
    "assess": assessments.assess,
    "gate": decisions.gate,
    "request": decisions.request,
    "requests": decisions.list_requests,
    "decide": decisions.decide,
    "asof": trail.as_of,
    "withdraw": following.withdraw,
    "comment": following.comment,
    "tasks": following.tasks,
    "tick": following.tick,
    "backup": administration.backup,
    "restore": administration.restore,
}

ClickException: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)
"""Typer brings its own copy of Click, or uses the installed one, depending on its version."""


def build() -> typer.Typer:
    """Put the command together; nothing heavy is imported before a command runs."""
    app = typer.Typer(
        name="lifecycle",
        help="Governance and monitoring for the whole life of AI models.",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    # Commands on files, which need no workspace.
    files.register(app)
    fairness.register(app)
    quality.register(app)
    explaining.register(app)
    # Commands on a workspace: one line per group, one per single command.
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    A sentence goes to stderr for everything that was refused; a fault of ours goes to a log file,
    with an id on the screen.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        typer.echo(f"lifecycle {lifecycle.__version__}")
        return 0
    tune_numpy()
    try:
        return _run(given)
    except LifecycleError as error:
        return _refused(str(error), code=error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _refused("interrupted", code=INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- the last net: what lands here is a fault of ours
        return _refused(report_fault(error, command=given), code=FAULT)


def _run(given: list[str]) -> int:
    command = typer.main.get_command(build())
    try:
        outcome: Any = command.main(args=given, prog_name="lifecycle", standalone_mode=False)
    except typer.Abort:
        return _refused("interrupted", code=INTERRUPTED)
    except ClickException as error:
        return _refused(_usage(error), code=WRONG_USE)
    return outcome if isinstance(outcome, int) else 0


def _usage(error: Exception) -> str:
    """Say what was wrong with the command line, and where help is."""
    sentence = getattr(error, "format_message", lambda: str(error))().strip()
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return sentence
    path = context.command_path if context is not None else "lifecycle"
    return f"{sentence.rstrip('.')}; see {path} --help"


def _refused(sentence: str, *, code: int) -> int:
    typer.echo(sentence, err=True)
    return code


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- Typer calls it so
    if wanted:
        typer.echo(f"lifecycle {lifecycle.__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Governance and monitoring for the whole life of AI models."""
    del version
