"""A report as Markdown, with or without the header that the Hugging Face Hub reads."""

from collections.abc import Iterable, Sequence

from lifecycle.services.reports import words
from lifecycle.services.reports.document import Block, Document, Facts, Grid, Sentences, Written
from lifecycle.services.reports.marked import plain, quoted


def as_markdown(made: Document) -> str:
    """Write a report for people."""
    lines = [f"# {plain(made.title)}", ""]
    lines += [f"Made from the records on {words.moment(made.made_at)}.", ""]
    for section in made.sections:
        lines += [f"## {plain(section.title)}", ""]
        if section.stale:
            lines += [f"> **Stale**: {plain(section.stale)}", ""]
        for block in section.blocks:
            lines += [*_lines(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_hub_card(made: Document) -> str:
    """Write a report as a model card of the Hugging Face Hub: metadata above the text."""
    import yaml

    header = yaml.safe_dump(dict(made.header), sort_keys=False, allow_unicode=True)
    return f"---\n{header}---\n\n{as_markdown(made)}"


def _lines(block: Block) -> list[str]:
    if isinstance(block, Facts):
        return [
            f"- **{plain(name)}**: {plain(words.text(value))}"
            for name, value in block.values.items()
        ]
    if isinstance(block, Sentences):
        return [f"- {plain(item)}" for item in block.items]
    if isinstance(block, Written):
        return [
            f"### {plain(block.name)}",
            "",
            quoted(block.text),
            "",
            f"*{plain(words.signed(block))}*",
        ]
    if isinstance(block, Grid):
        return _table(block.columns, block.rows)
    rows = [words.cells(m, evidence=block.evidence.id) for m in block.measurements]
    return [plain(words.source(block)), "", *_table(words.COLUMNS, rows)]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(map(plain, cells))} |"

    return [line(columns), "|" + "---|" * len(columns), *(line(row) for row in rows)]
