"""A report as one HTML page that needs nothing else: styles inside, charts as SVG."""

from lifecycle.services.reports import words
from lifecycle.services.reports.document import Document
from lifecycle.services.reports.marks import chart

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ made.title }}</title>
<style>
:root { color-scheme: light dark; --line: #8885; --quiet: #666 }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; width: 100% }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line) }
dl { display: grid; grid-template-columns: minmax(9rem, 14rem) 1fr; gap: .2rem 1rem }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
.stale { border-left: 4px solid #8a6100; padding-left: .75rem }
.quiet { color: var(--quiet); font-size: .85rem }
svg { width: 100%; height: auto } svg text { fill: currentColor; font-size: 11px }
@media print { body { margin: 0; max-width: none } h2 { break-after: avoid } }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .4rem } }
</style>
</head>
<body>
<h1>{{ made.title }}</h1>
<p class="quiet">Made from the records on {{ words.moment(made.made_at) }}, for the
{{ made.audience }}.</p>
{% for section in made.sections %}
<section>
<h2>{{ section.title }}</h2>
{% if section.stale %}<p class="stale"><strong>Stale</strong>: {{ section.stale }}</p>{% endif %}
{% for block in section.blocks %}{{ show(block) }}{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""

BLOCKS = """
{%- macro grid(columns, rows) -%}
<div class="wide" tabindex="0" role="region" aria-label="Table"><table>
<thead><tr>{% for c in columns %}<th scope="col">{{ c }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{%- endmacro -%}
{%- macro drawn(made, message) -%}
{% set height = made.marks|length * 20 + 28 %}
<svg viewBox="0 0 760 {{ height }}" role="img" aria-label="{{ message }}">
<title>{{ message }}</title>
{% for m in made.marks %}{% set y = loop.index0 * 20 + 12 %}
<text x="300" y="{{ y + 4 }}" text-anchor="end">{{ m.label|truncate(48, True) }}</text>
<line x1="{{ x(m.low) }}" x2="{{ x(m.high) }}" y1="{{ y }}" y2="{{ y }}" stroke="{{ m.colour }}"
 stroke-width="2"/>
<circle cx="{{ x(m.at) }}" cy="{{ y }}" r="4" fill="{{ m.colour }}"/>
{% if m.limit is not none %}<line x1="{{ x(m.limit) }}" x2="{{ x(m.limit) }}" y1="{{ y - 8 }}"
 y2="{{ y + 8 }}" stroke="#b3261e" stroke-width="1.5" stroke-dasharray="3 2"/>{% endif %}
<text x="750" y="{{ y + 4 }}" text-anchor="end">{{ m.said }}</text>
{% endfor %}
{% set foot = height - 18 %}
<line x1="310" x2="690" y1="{{ foot }}" y2="{{ foot }}" stroke="#888" stroke-width="1"/>
<text x="310" y="{{ height - 4 }}">{{ words.number(made.start) }}</text>
<text x="690" y="{{ height - 4 }}" text-anchor="end">{{ words.number(made.end) }}</text>
</svg>
{%- endmacro -%}
{%- if kind == "Facts" -%}
<dl>{% for name, value in block.values.items() %}<dt>{{ name }}</dt>
<dd>{{ words.text(value) }}</dd>{% endfor %}</dl>
{%- elif kind == "Sentences" -%}
<ul>{% for item in block.items %}<li>{{ item }}</li>{% endfor %}</ul>
{%- elif kind == "Written" -%}
<h3>{{ block.name }}</h3>
{% for part in block.text.split("\\n\\n") %}<p>{{ part }}</p>{% endfor %}
<p class="quiet{{ ' stale' if block.stale }}">{{ words.signed(block) }}</p>
{%- elif kind == "Grid" -%}{{ grid(block.columns, block.rows) }}
{%- else -%}
<p class="quiet">{{ words.source(block) }}</p>
{% if block.chart and laid %}<figure><figcaption>{{ block.chart }}</figcaption>
{{ drawn(laid, block.chart) }}
<p class="quiet">Dot and line: value and interval; dashed: the limit.</p></figure>{% endif %}
{{ grid(words.COLUMNS, rows) }}
{%- endif %}
"""

LEFT, WIDTH = 310, 380
"""Where the axis begins and how long it is, in units of the drawing."""


def as_html(made: Document) -> str:
    """Write a report as a page; every text is escaped, and nothing is loaded from elsewhere."""
    import jinja2
    from markupsafe import Markup

    strict = jinja2.StrictUndefined
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=strict)
    block_template = environment.from_string(BLOCKS)

    def show(block: object) -> Markup:
        measured = getattr(block, "measurements", ())
        kept = getattr(block, "evidence", None)
        rows = [words.cells(m, evidence=kept.id) for m in measured] if kept else []
        return Markup(  # noqa: S704 -- the template has escaped what it holds
            block_template.render(
                block=block,
                kind=type(block).__name__,
                rows=rows,
                laid=chart(measured),
                words=words,
                x=lambda part: round(LEFT + WIDTH * part, 1),
            )
        )

    return environment.from_string(PAGE).render(made=made, words=words, show=show) + "\n"
