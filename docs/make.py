"""Write the pages that list every command and every statistic, from the product itself.

Run with ``make docs``; a test fails while the pages say something else than the product.
"""

import inspect
from pathlib import Path
from typing import Any

import typer

from lifecycle.cli.entry import build
from lifecycle.stats import catalogue

HERE = Path(__file__).parent
GENERATED = "Written by `make docs` from the product itself; do not edit."

FAMILIES = (
    ("Drift", catalogue.DRIFT, "Judged by effect size against a limit; the p-value is a filter."),
    ("Multivariate drift", catalogue.MULTIVARIATE, "All columns together, read from the rows."),
    ("Drift of outcomes", catalogue.ANSWERS, "Concept drift apart from covariate drift."),
    ("Drift of explanations", catalogue.EXPLANATIONS, "Two rankings of columns, compared."),
    ("Explanations", catalogue.ATTRIBUTIONS, "Of a model file, run in a worker process."),
    (
        "Performance",
        (*catalogue.PERFORMANCE, *catalogue.CLASS_SCORES),
        "Measured once outcomes are known.",
    ),
    (
        "Performance without outcomes",
        (*catalogue.ESTIMATED, *catalogue.ESTIMATED_CLASSES, *catalogue.ESTIMATED_ERRORS),
        "Estimated while outcomes are unknown; refused where the reference's scores mean nothing.",
    ),
    ("Value", catalogue.VALUE, "In money, by what each way a decision can turn out is worth."),
    ("Rates by group", catalogue.FAIRNESS_RATES, "One value for each group, with its interval."),
    ("Gaps between groups", catalogue.FAIRNESS_GAPS, "Groups that are too small are left out."),
    (
        "Gaps between groups' means",
        (catalogue.CALIBRATION_BIAS, *catalogue.FAIRNESS_MEANS),
        "Calibration within groups, and the errors of a regression.",
    ),
    ("Data quality", catalogue.QUALITY, "What makes other numbers untrustworthy."),
    ("Data quality, row by row", catalogue.ROW_CHECKS, "What only its rows and files tell."),
    ("Service", catalogue.SERVICE, "Of the log's own columns, against a service level."),
    ("Validation", catalogue.VALIDATION, "Of a model file, run in a worker process by a plan."),
)


def statistics() -> str:
    """Return the page of statistics."""
    parts = ["# Statistics", "", GENERATED, ""]
    for title, declared, what in FAMILIES:
        parts += [f"## {title}", "", what, ""]
        parts += ["| Name | What it is | Formula | Unit | Limit | Fewest n | Source |"]
        parts += ["|---|---|---|---|---|---|---|"]
        for s in declared:
            limit = "" if s.limit is None else f"{s.limit:g}"
            cells = (f"`{s.name}`", f"**{s.title}.** {s.definition}", f"`{s.formula}`", s.unit)
            cells = (*cells, limit, str(s.minimum), s.source)
            parts.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def commands() -> str:
    """Return the page of commands."""
    parts = ["# Commands", "", GENERATED, ""]
    parts += [
        "Every command has `--help`. Exit codes: 0 done or passed, 1 a check found something,"
    ]
    parts += ["2 bad input, 3 too little data, 4 not allowed, 5 conflict, 70 a fault of ours.", ""]
    for name, command in _children(typer.main.get_command(build())).items():
        children = _children(command)
        for path, leaf in {f"{name} {c}": sub for c, sub in children.items()}.items():
            parts += _entry(path, leaf)
        if not children:
            parts += _entry(name, command)
    return "\n".join(parts).rstrip() + "\n"


def _children(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def _metavar(argument: Any) -> str:
    return (argument.metavar or argument.name or "").upper()


def _entry(path: str, command: Any) -> list[str]:
    arguments = [_metavar(p) for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    text = inspect.cleandoc(command.help or "").replace("\b\n", "").replace("\f", "")
    lines = [f"## lifecycle {' '.join([path, *arguments])}", "", text.split("\n\n")[0], ""]
    if options:
        lines += ["| Option | Meaning |", "|---|---|"]
        for option in options:
            meaning = (option.help or "").replace("|", "\\|")
            required = " **Required.**" if option.required else ""
            lines.append(f"| `{', '.join(option.opts)}` | {meaning}{required} |")
        lines.append("")
    return lines


PAGES = {"statistics.md": statistics, "commands.md": commands}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
