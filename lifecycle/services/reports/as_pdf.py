"""A report as PDF, drawn with ReportLab: text, tables and charts, the same bytes every time."""

from contextlib import suppress
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lifecycle.services.reports import letters, words
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


REPLACED = (
    "The fonts of this PDF lack some letters of what was written: such letters are spelled in "
    "Latin ones, and signs and letters without a spelling are named or counted in brackets. The "
    "report as HTML or Markdown shows them as they were written."
)


class Pen:
    """Writes texts in the styles of a page, and knows whether letters had to be replaced."""

    def __init__(self) -> None:
        self.styles = _styles()
        self.replaced = False

    def paragraph(self, text: str, style: str, *, lead: str = "") -> Any:
        """Write a text as it is, behind a lead in ReportLab's markup."""
        from xml.sax.saxutils import escape

        from reportlab.platypus import Paragraph

        return Paragraph(f"{lead}{escape(self.letters(text))}", self.styles[style])

    def letters(self, text: str) -> str:
        """Return a text in the letters that the fonts have."""
        asked = letters.written(text)
        found = letters.spelled(asked, has=_has)
        self.replaced = self.replaced or found != asked
        return found


@cache
def _has(letter: str) -> bool:
    """Say whether a letter is in Helvetica, or in the fonts of signs that stand in for it."""
    from reportlab.pdfbase import pdfmetrics

    font: Any = pdfmetrics.getFont("Helvetica")
    for one in (font, *font.substitutionFonts):
        with suppress(UnicodeEncodeError):
            return bool(letter.encode(one.encName))
    return False


def as_pdf(made: Document) -> bytes:
    """Write a report as a PDF file.

    Notes
    -----
    The fonts are those every reader of PDF has: Western European letters, Greek and signs. What
    they lack is spelled in letters they have, and the first page says so.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate, Spacer

    pen = Pen()
    title = pen.paragraph(made.title, "Title")
    when = pen.paragraph(f"Made from the records on {words.moment(made.made_at)}.", "Quiet")
    story: list[Any] = []
    for section in made.sections:
        story.append(pen.paragraph(section.title, "Heading2"))
        if section.stale:
            story.append(pen.paragraph(section.stale, "Normal", lead="<b>Stale</b>: "))
        for block in section.blocks:
            story += [*_flowables(block, pen), Spacer(1, 6)]
    told = [pen.paragraph(REPLACED, "Quiet")] if pen.replaced else []
    file = BytesIO()
    page = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=letters.written(made.title),
        author="Lifecycle",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
    )

    def foot(canvas: Any, template: Any) -> None:
        canvas.setFont("Helvetica", SMALL)
        canvas.drawString(MARGIN, MARGIN / 2, pen.letters(made.title)[:90])
        canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, f"Page {template.page}")

    page.build([title, when, *told, *story], onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _flowables(block: Block, pen: Pen) -> "Iterator[Any]":
    if isinstance(block, Facts):
        rows = [(name, words.text(value)) for name, value in block.values.items()]
        yield from _table(rows, pen, widths=(130, 380))
    elif isinstance(block, Sentences):
        for item in block.items:
            yield pen.paragraph(item, "Normal", lead="• ")
    elif isinstance(block, Written):
        yield pen.paragraph(block.name, "Heading3")
        for part in block.text.split("\n\n"):
            yield pen.paragraph(part, "Normal")
        yield pen.paragraph(words.signed(block), "Quiet")
    elif isinstance(block, Grid):
        yield from _table([block.columns, *block.rows], pen, head=True)
    else:
        yield from _numbers(block, pen)


def _numbers(block: Measured, pen: Pen) -> "Iterator[Any]":
    yield pen.paragraph(words.source(block), "Lead")
    laid = chart(block.measurements) if block.chart else None
    if laid is not None:
        yield pen.paragraph(block.chart, "Lead")
        yield _drawn(laid, pen)
    rows = [words.cells(m, evidence=block.evidence.id) for m in block.measurements]
    yield from _table([words.COLUMNS, *rows], pen, head=True, widths=WIDTHS)


def _drawn(laid: Chart, pen: Pen) -> Any:
    """Draw values as dots, intervals as lines, limits as dashes."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, String
    from reportlab.lib.colors import HexColor

    height = ROW * (len(laid.marks) + 1)
    drawing = Drawing(510, height)
    for number, mark in enumerate(laid.marks):
        y, colour = height - ROW * (number + 0.6), HexColor(mark.colour)
        low, high, at = (AXIS + (RIGHT - AXIS) * p for p in (mark.low, mark.high, mark.at))
        label = pen.letters(mark.label)
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
    pen: Pen,
    *,
    head: bool = False,
    widths: "Iterable[float] | None" = None,
) -> "Iterator[Any]":
    """Lay rows out; a row taller than a page goes on over the next, no rows draw nothing."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import LongTable, TableStyle

    held = [[pen.paragraph(cell, "Cell") for cell in row] for row in rows]
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
