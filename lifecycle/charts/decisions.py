"""One decision: from where answers start to where this one ended, and how it could be another."""

from collections.abc import Mapping
from typing import Any, cast

import plotly.graph_objects as go

from lifecycle.charts import theme, wording

MOST = 12
"""Columns drawn one by one; the rest stand together."""
NUMBER = 52
"""Pixels for the number beside the longest bar; a phone cuts it off without."""


def waterfall(content: Mapping[str, Any]) -> go.Figure:
    """Draw how each column moved the answer, the strongest first."""
    steps = _steps(content)
    names = ["start", *(label for label, _ in steps), "this answer"]
    given = [content["base"], *(value for _, value in steps), content["output"]]
    trace: theme.Trace = {
        "type": "waterfall",
        "orientation": "h",
        "measure": ["absolute", *["relative"] * len(steps), "total"],
        "y": [theme.plain(name) for name in names],
        "x": given,
        "text": [wording.number(value) for value in given],
        "textposition": "outside",
        "cliponaxis": False,
        "increasing": {"marker": {"color": theme.ORANGE}},
        "decreasing": {"marker": {"color": theme.BLUE}},
        "totals": {"marker": {"color": theme.GREY}},
        "connector": {"line": {"color": theme.GREY, "width": 1, "dash": "dot"}},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    figure = theme.figure(
        [trace],
        title=message(content),
        x=theme.axis(f"{content['output_space']} of {content['explained']}"),
        y=theme.axis("", type="category", autorange="reversed"),
        height=120 + 30 * len(names),
        more={"showlegend": False},
    )
    return figure.update_layout(margin={"r": NUMBER})


def message(content: Mapping[str, Any]) -> str:
    """Say what the answer is, and what moved it most."""
    steps = _steps(content)
    said = f"{content['output_space']} {wording.number(content['output'])}"
    decision = content.get("decision")
    if decision:
        side = "at or above" if decision["positive"] else "below"
        said = (
            f"Score {wording.number(decision['score'])}, {side} the threshold of "
            f"{wording.number(decision['threshold'])}"
        )
    if not steps:
        return said
    label, value = steps[0]
    way = "up" if value > 0 else "down"
    return f"{said}; {label} moved it most, {way} by {wording.number(abs(value))}"


def _steps(content: Mapping[str, Any]) -> list[tuple[str, float]]:
    shares = cast("Mapping[str, float]", content["shares"])
    values = cast("Mapping[str, Any]", content["values"])
    ranked = sorted(shares, key=lambda name: -abs(shares[name]))
    steps = [(f"{name} = {_said(values[name])}", shares[name]) for name in ranked[:MOST]]
    if len(ranked) > MOST:
        rest = ranked[MOST:]
        steps.append((f"{len(rest)} others", sum(shares[name] for name in rest)))
    return steps


def _said(value: object) -> str:
    if isinstance(value, float):
        return wording.number(value)
    return "missing" if value is None else str(value)


def rows(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every column's value and share."""
    shares, values = content["shares"], content["values"]
    ranked = sorted(shares, key=lambda name: -abs(shares[name]))
    return [
        {"column": n, "value": _said(values[n]), f"SHAP ({content['output_space']})": shares[n]}
        for n in ranked
    ]


def suggestions(content: Mapping[str, Any]) -> list[str]:
    """Say each way to another answer in a sentence."""
    return [
        ", ".join(
            f"{change['column']} {_said(change['to'])} instead of {_said(change['from'])}"
            for change in one["changes"]
        )
        + f": {_reached(content, one)}; "
        + f"{wording.percent(1 - one['lonelier'])} of the cases on record are more unusual"
        for one in content["suggestions"]
    ]


def _reached(content: Mapping[str, Any], way: Mapping[str, Any]) -> str:
    """Say the answer that a way leads to."""
    answer = way.get("answer")
    if answer is None or content.get("decision"):
        return f"score {wording.number(way['score'])}"
    of = "" if answer["output"] == "value" else f" of {answer['output']}"
    unit = "answer" if answer["space"] == "target" else answer["space"]
    return f"{unit}{of} {wording.number(answer['value'])}"


def similar(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cases most like this one, with what the model said and what came of them."""
    return [
        {
            "answer": f"{one['space']} of {one['answer']['output']}: "
            f"{wording.number(one['answer']['value'])}",
            "outcome": one["outcome"],
            **one["values"],
        }
        for one in content["similar"]
    ]


def facts(content: Mapping[str, Any]) -> dict[str, str]:
    """Say what an explanation of one decision rests on."""
    check, background = content["additivity"], content["background"]
    return {
        "explainer": str(content["explainer"]),
        "values are in": str(content["output_space"]),
        "background": f"{background['kind']}, SHA-256 {background['sha256'][:12]}",
        "similar cases and other ways": f"among {wording.count(content['cases'])} cases",
        "words": f"dictionary version {content['dictionary']}"
        if content["dictionary"]
        else "no dictionary of reasons: columns are named",
        "seed": str(content["seed"]),
        "additivity": f"values miss the output by at most {check['error']:.2g}, "
        f"allowed {check['tolerance']:.2g}",
        "with": ", ".join(f"{name} {version}" for name, version in content["versions"].items()),
        **(
            {"model file": f"SHA-256 {content['artifact'][:12]}"} if content.get("artifact") else {}
        ),
    }
