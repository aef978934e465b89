"""A report as PDF, drawn with ReportLab: text, tables and charts, the same bytes every time."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from lifecycle.services.reports import words
from lifecycle.services.reports.document import (
    Block,
    Document,
    Facts,
    Grid,
    Measured,
    Sentences,
    Written,
)
from lifecycle.services.reports.marks import Chart, chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MARGIN, ROW, AXIS, RIGHT, LABEL = 42, 14, 200, 440, 46
SMALL = 7
WIDTHS = (100, 92, 56, 76, 36, 34, 44, 72)
"""Points: a page's margin, a chart's row, where its axis begins and ends; letters of a label;
its letters' size; and how wide the columns of a table of numbers are."""


def as_pdf(made: Document) -> bytes:
    """Write a report as a PDF file.

    Notes
    -----
    The letters are those of the PDF standard fonts, Western European; any other shows as a
    question mark.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    styles = _styles()
    story: list[Any] = [
        Paragraph(_safe(made.title), styles["Title"]),
        Paragraph(
            _safe(f"Made from the records on {words.moment(made.made_at)}."), styles["Quiet"]
        ),
    ]
    for section in made.sections:
        story.append(Paragraph(_safe(section.title), styles["Heading2"]))
        if section.stale:
            story.append(Paragraph(f"<b>Stale</b>: {_safe(section.stale)}", styles["Normal"]))
        for block in section.blocks:
            story += [*_flowables(block, styles), Spacer(1, 6)]
    file = BytesIO()
    page = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=_safe(made.title),
        author="Lifecycle",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
    )

    def foot(canvas: Any, template: Any) -> None:
        canvas.setFont("Helvetica", SMALL)
        canvas.drawString(MARGIN, MARGIN / 2, _letters(made.title)[:90])
        canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, f"Page {template.page}")

    page.build(story, onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _flowables(block: Block, styles: Any) -> "Iterator[Any]":
    from reportlab.platypus import Paragraph

    if isinstance(block, Facts):
        rows = [(name, words.text(value)) for name, value in block.values.items()]
        yield from _table(rows, styles, widths=(130, 380))
    elif isinstance(block, Sentences):
        for item in block.items:
            yield Paragraph(f"• {_safe(item)}", styles["Normal"])
    elif isinstance(block, Written):
        yield Paragraph(_safe(block.name), styles["Heading3"])
        for part in block.text.split("\n\n"):
            yield Paragraph(_safe(part), styles["Normal"])
        yield Paragraph(_safe(words.signed(block)), styles["Quiet"])
    elif isinstance(block, Grid):
        yield from _table([block.columns, *block.rows], styles, head=True)
    else:
        yield from _numbers(block, styles)


def _numbers(block: Measured, styles: Any) -> "Iterator[Any]":
    from reportlab.platypus import Paragraph

    yield Paragraph(_safe(words.source(block)), styles["Lead"])
    laid = chart(block.measurements) if block.chart else None
    if laid is not None:
        yield Paragraph(_safe(block.chart), styles["Lead"])
        yield _drawn(laid)
    rows = [words.cells(m, evidence=block.evidence.id) for m in block.measurements]
    yield from _table([words.COLUMNS, *rows], styles, head=True, widths=WIDTHS)


def _drawn(laid: Chart) -> Any:
    """Draw values as dots, intervals as lines, limits as dashes."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, String
    from reportlab.lib.colors import HexColor

    height = ROW * (len(laid.marks) + 1)
    drawing = Drawing(510, height)
    for number, mark in enumerate(laid.marks):
        y, colour = height - ROW * (number + 0.6), HexColor(mark.colour)
        low, high, at = (AXIS + (RIGHT - AXIS) * p for p in (mark.low, mark.high, mark.at))
        label = _letters(mark.label)
        label = label if len(label) <= LABEL else f"{label[: LABEL - 3]}..."
        named: Any = {"fontSize": SMALL, "fontName": "Helvetica"}
        drawing.add(String(AXIS - 8, y - 2, label, textAnchor="end", **named))
        drawing.add(Line(low, y, high, y, strokeColor=colour, strokeWidth=1.5))
        drawing.add(Circle(at, y, 2.5, fillColor=colour, strokeColor=colour))
        if mark.limit is not None:
            x, red = AXIS + (RIGHT - AXIS) * mark.limit, HexColor("#b3261e")
            drawing.add(Line(x, y - 5, x, y + 5, strokeColor=red, strokeDashArray=(2, 2)))
        drawing.add(String(508, y - 2, mark.said, textAnchor="end", **named))
    ends: Any = ((AXIS, "start", laid.start), (RIGHT, "end", laid.end))
    for x, anchor, value in ends:
        drawing.add(String(x, 1, words.number(value), textAnchor=anchor, fontSize=SMALL))
    return drawing


def _table(
    rows: "Sequence[Sequence[str]]",
    styles: Any,
    *,
    head: bool = False,
    widths: "Iterable[float] | None" = None,
) -> "Iterator[Any]":
    """Lay rows out; a row taller than a page goes on over the next, no rows draw nothing."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    held = [[Paragraph(_safe(cell), styles["Cell"]) for cell in row] for row in rows]
    lines: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#bbbbbb")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if head:
        lines.append(("LINEBELOW", (0, 0), (-1, 0), 1, HexColor("#444444")))
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        return
    sizes = list(widths) if widths else [510 / columns] * columns
    style = TableStyle(lines)
    yield LongTable(held, colWidths=sizes, repeatRows=int(head), splitInRow=1, style=style)


def _styles() -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet

    styles = getSampleStyleSheet()
    normal = styles["Normal"]
    styles.add(ParagraphStyle("Quiet", parent=normal, fontSize=8, textColor=HexColor("#555555")))
    styles.add(ParagraphStyle("Lead", parent=styles["Quiet"], keepWithNext=1))
    styles.add(ParagraphStyle("Cell", parent=normal, fontSize=7, leading=9, splitLongWords=1))
    styles["Title"].alignment = 0
    return styles


def _safe(text: str) -> str:
    """Return text that ReportLab shows as it is; it would read tags in it otherwise."""
    from xml.sax.saxutils import escape

    return escape(_letters(text))


def _letters(text: str) -> str:
    """Return text in the letters that the PDF standard fonts have."""
    kept = "".join(c for c in text if c.isprintable() or c in "\n\t")
    return kept.encode("cp1252", "replace").decode("cp1252")
