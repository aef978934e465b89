"""Documents made from the records: the model card and the validation report, in every format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lifecycle.services.reports.as_html import as_html
from lifecycle.services.reports.as_json import as_json
from lifecycle.services.reports.as_markdown import as_hub_card, as_markdown
from lifecycle.services.reports.as_pdf import as_pdf
from lifecycle.services.reports.card import card
from lifecycle.services.reports.document import Audience, Document
from lifecycle.services.reports.texts import PARTS, write
from lifecycle.services.reports.validation import validation_report

__all__ = [
    "FORMATS",
    "KINDS",
    "PARTS",
    "Audience",
    "Document",
    "as_html",
    "as_json",
    "as_markdown",
    "as_pdf",
    "card",
    "validation_report",
    "write",
]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A way to write a report.

    Parameters
    ----------
    title
        What a button calls it.
    suffix
        Of a file of it.
    """

    title: str
    media_type: str
    suffix: str
    render: Callable[[Document], bytes]


def _json(made: Document) -> bytes:
    import json

    return (json.dumps(as_json(made), indent=2, ensure_ascii=False) + "\n").encode()


FORMATS: Mapping[str, Rendering] = {
    "html": Rendering("HTML", "text/html; charset=utf-8", "html", lambda d: as_html(d).encode()),
    "markdown": Rendering(
        "Markdown", "text/markdown; charset=utf-8", "md", lambda d: as_markdown(d).encode()
    ),
    "json": Rendering("JSON", "application/json", "json", _json),
    "pdf": Rendering("PDF", "application/pdf", "pdf", as_pdf),
    "huggingface": Rendering(
        "Hugging Face", "text/markdown; charset=utf-8", "md", lambda d: as_hub_card(d).encode()
    ),
}
"""How a report can be written."""

KINDS: Mapping[str, Callable[..., Document]] = {"card": card, "validation": validation_report}
"""Which reports there are, by name."""
