"""What an explanation's numbers become, wherever it was asked for: measurements, a sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle.domain.measurement import Measurement, State


def measurements(result: Mapping[str, Any]) -> tuple[Measurement, ...]:
    """Return the additivity check and each column's mean absolute SHAP value, largest first."""
    additivity, unit, n = result["additivity"], result["output_space"], result["n"]
    check = Measurement(
        statistic="shap_additivity_error",
        value=additivity["error"],
        state=State.OK,
        unit=unit,
        n=n,
        limit=additivity["tolerance"],
    )
    columns = (
        Measurement(
            statistic="mean_abs_shap",
            value=column["value"],
            state=State.OK,
            unit=unit,
            column=column["column"],
            interval=(column["interval"][0], column["interval"][1]),
            confidence=result["confidence"],
            n=n,
        )
        for column in result["columns"]
    )
    return (check, *columns)


MOST_NAMED = 3
"""Pairs that a sentence names before it counts the rest."""


def sentence(ranking: Mapping[str, Any]) -> str:
    """Say how sure a ranking of columns is, and what its certainty does not cover."""
    rows, sure = f"{ranking['rows']:,} rows", f"{ranking['confidence']:.0%} confidence"
    behind, of = ranking.get("background"), ranking.get("background_of")
    drawn = "" if behind == of else f", as compared with {behind:,} of {of:,} rows drawn by chance"
    if ranking["rows"] == ranking["of"]:
        left = "nothing else" if drawn else "nothing"
        return f"the order is that of all {rows}, with {left} left to chance{drawn}"
    apart = [pair for pair in ranking["pairs"] if pair["order"] == "open"]
    alike = [pair for pair in ranking["pairs"] if pair["order"] == "equal"]
    if apart:
        return f"after {rows} the order is open between {_named(apart)}, at {sure}{drawn}"
    said = f"the order is stable after {rows}, at {sure} for all columns together{drawn}"
    if alike:
        most = max(pair["share"] for pair in alike)
        close = f"they differ by less than {most:.1%} of all influence"
        said += f"; only {_named(alike)} may change places, because {close}"
    return said


def _named(pairs: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(f"{pair['above']} and {pair['below']}" for pair in pairs[:MOST_NAMED])
    more = len(pairs) - MOST_NAMED
    return names + (f" and {more} more pairs" if more > 0 else "")
