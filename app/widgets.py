"""Pickers, badges, empty states, tables and exports that several pages share."""

from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import streamlit as st

from app import columns as columns_of
from app import session, words
from lifecycle.charts import theme
from lifecycle.domain import measurement as measuring
from lifecycle.domain.measurement import NO_LIMIT, State, Window
from lifecycle.domain.model import Stage
from lifecycle.domain.monitor import Grain
from lifecycle.errors import LifecycleError
from lifecycle.services.exports import as_csv
from lifecycle.stats import catalogue
from lifecycle.store import models, usecases

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    import plotly.graph_objects as go

    from lifecycle.domain.actor import Permission
    from lifecycle.domain.measurement import Measurement
    from lifecycle.domain.model import Model, Version

PAGES = {
    name: f"../pages/{name}.py"
    for name in (
        "overview",
        "inventory",
        "model",
        "drift",
        "quality",
        "performance",
        "fairness",
        "explanations",
        "validation",
        "alerts",
        "approvals",
        "policies",
        "audit",
        "people",
        "jobs",
    )
}
"""Where a page's script is, as `st.page_link` and `st.switch_page` want it."""

SPANS = {"4 weeks": 28, "13 weeks": 91, "26 weeks": 182, "52 weeks": 364, "everything": None}


def header(title: str, *, question: str, simulated: bool = False) -> None:
    """Open a page: its title and the question it answers, and whether its data was simulated."""
    st.title(words.said(title))
    st.markdown(words.told(question))
    done = st.session_state.pop("done", None)
    if done:
        st.success(words.told(done), icon=":material/check_circle:")
    once = st.session_state.pop("once", None)
    if once:
        st.code(once, language=None, wrap_lines=True)
    if simulated:
        _simulated()


def _simulated() -> None:
    note("The data on this page was made by the sample simulator.", icon="science")


def note(text: str, *, icon: str = "info") -> None:
    """Say something small in the page's own text colour; captions are too pale to read."""
    st.markdown(f":small[:material/{icon}: {words.told(text)}]")


def unfinished(window: "Window | None", *, last: datetime) -> None:
    """Say of a window that is not over how far its rows reach."""
    if window is not None and window.end > session.now():
        said = f"The window of {words.window(window)} is not over"
        note(f"{said}; it holds what was logged to {words.moment(last)}.")


def empty(title: str, *, hint: str) -> None:
    """Say what is missing and the one thing that fills it."""
    with st.container(border=True):
        st.markdown(f"**{words.said(title)}**")
        st.markdown(words.told(hint))


def problem(error: LifecycleError, *, kept: str = "Nothing was changed.") -> None:
    """Say what happened, what it means for the data and, in the sentence itself, what to do."""
    text = words.told(f"**{error.title}.** {words.sentence(str(error))} {kept}")
    st.error(text, icon=":material/error:")


@contextmanager
def refusals(*, kept: str = "Nothing was changed.") -> "Generator[None]":
    """Turn what the product refuses inside this block into a sentence on the page."""
    try:
        yield
    except LifecycleError as error:
        problem(error, kept=kept)


def finish(sentence: str, *, empty: "Iterable[str]" = (), once: str | None = None) -> None:
    """Start the page again after something was done, and say on top of it what that was.

    The fields under the keys to ``empty`` come back empty; a secret given as ``once`` stands below
    the sentence until the page runs again.
    """
    for key in empty:
        st.session_state[f"{key}_sent"] = st.session_state.get(f"{key}_sent", 0) + 1
    st.session_state["done"], st.session_state["once"] = sentence, once
    st.rerun()


def field(key: str) -> str:
    """Return the key of a field that stays on the page after it was sent.

    A browser keeps what was typed into a field though the server forgets it, so each sending makes
    a new one.
    """
    sent = st.session_state.get(f"{key}_sent", 0)
    return f"{key}_{sent}" if sent else key


def require(permission: "Permission") -> None:
    """End the page with "not allowed" unless the person may use it."""
    try:
        session.actor().require(permission)
    except LifecycleError as error:
        st.title("Not allowed")
        st.markdown(words.told(f"{words.sentence(str(error))} An administrator can change roles."))
        link("overview", label="Back to the overview", icon="arrow_back")
        st.stop()


def badge(state: "words.Marked", text: str = "") -> None:
    """Show a state by icon, word and colour, with an optional sentence behind it."""
    st.markdown(f"{words.badge(state)} {words.told(text)}".rstrip())


def judgement(measurements: "Iterable[Measurement]", text: str) -> None:
    """Show what limits made of measurements, with a sentence; where none is set, say that."""
    state = measuring.judgement(measurements)
    if state is not State.NOT_APPLICABLE:
        badge(state, text)
    else:
        st.markdown(f":gray-badge[:material/remove: {NO_LIMIT}] {words.told(text)}")


def link(page: str, *, label: str, icon: str | None = None, **params: str) -> None:
    """Link to another page with its address parameters, such as ``model="credit"``."""
    shown = f":material/{icon}:" if icon else None
    st.page_link(PAGES[page], label=words.said(label), icon=shown, query_params=params or None)


def pick_model() -> "Model":
    """Let the person pick a model; the choice stands in the address as ``?model=``."""
    known = {model.id: model for model in models.every(session.cursor())}
    if not known:
        empty("No model registered yet", hint="Register one with `lifecycle model add --help`.")
        st.stop()
    asked = st.query_params.get("model")
    chosen = st.selectbox("Model", list(known), key="model", bind="query-params")
    # The browser may send anything; what is not known falls back to the first, and says so.
    found = known.get(str(chosen), next(iter(known.values())))
    if asked and asked not in known:
        text = words.said(f"There is no model {asked!r} here; this is {found.id}.")
        st.warning(text, icon=":material/info:")
    return found


def pick_version(*, model: "Model | None" = None) -> "tuple[Model, Version]":
    """Let the person pick a model and one of its versions, as ``?model=…&version=…``.

    Without a choice the version in production is shown, or else the newest.
    """
    left, right = st.columns([3, 1])
    with left:
        picked = model or pick_model()
    known = {v.name: v for v in newest_first(models.versions(session.cursor(), picked.id))}
    if not known:
        empty(f"{picked.name} has no version yet", hint="`lifecycle version add --help` shows how.")
        st.stop()
    first = next((v for v in known.values() if v.stage is Stage.PRODUCTION), None)
    first = first or next(iter(known.values()))
    if st.session_state.get("version") not in {None, *known}:
        del st.session_state["version"]  # another model's version: fall back to the first
    with right:
        index = list(known).index(first.name)
        chosen = st.selectbox("Version", list(known), index, key="version", bind="query-params")
    return picked, known.get(str(chosen), first)


def open_version(title: str, *, question: str) -> "tuple[Model, Version]":
    """Open a page about one version: title and question first, then the pickers."""
    header(title, question=question)
    top = st.container()
    model, version = pick_version()
    if usecases.get(session.cursor(), model.use_case_id).simulated:
        with top:
            _simulated()
    return model, version


def newest_first(versions: "Iterable[Version]") -> "list[Version]":
    """Order versions as every picker shows them."""
    return sorted(versions, key=lambda v: v.created_at, reverse=True)


def pick_grain(*, default: Grain = Grain.WEEK) -> Grain:
    """Let the person pick how long a window is, as ``?grain=``."""
    chosen = st.segmented_control(
        "Window",
        [grain.value for grain in Grain],
        default=default.value,
        required=True,
        key="grain",
        bind="query-params",
    )
    return Grain(chosen) if chosen in set(Grain) else default


def pick_window(last: datetime | None, *, default: str = "52 weeks") -> Window:
    """Let the person pick how far back to look from the last row, as ``?span=``."""
    chosen = st.segmented_control(
        "Look back",
        list(SPANS),
        default=default,
        required=True,
        key="span",
        bind="query-params",
    )
    days = SPANS.get(str(chosen), SPANS[default])
    end = datetime.combine((last or session.now()).date(), time(), UTC) + timedelta(days=1)
    start = datetime(1970, 1, 1, tzinfo=UTC) if days is None else end - timedelta(days=days)
    return Window(start, end)


def table(
    rows: "pd.DataFrame | Sequence[Mapping[str, Any]]",
    *,
    name: str,
    alt: str,
    columns: "Mapping[str, Any] | None" = None,
    select: bool = False,
    height: int | Literal["auto"] = "auto",
) -> int | None:
    """Show rows as a table with its CSV beside it; return the selected row's position.

    Parameters
    ----------
    name
        The key of the table and the name of its export.
    alt
        What the table is, for people who hear it.
    columns
        `st.column_config` by column.
    select
        Let the person select one row.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    shown = st.dataframe(
        frame,
        hide_index=True,
        column_config={**columns_of.formats(frame), **(columns or {})},
        key=f"table_{name}",
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
        alt=alt,
        height=height,
        placeholder="",
    )
    export_csv(frame, name=name)
    chosen: list[int] = getattr(getattr(shown, "selection", None), "rows", []) if select else []
    return chosen[0] if chosen and chosen[0] < len(frame) else None


def facts(
    given: "Mapping[str, str]",
    *,
    alt: str,
    width: Literal["stretch", "content"] = "stretch",
) -> None:
    """Show names and what they are, whatever somebody typed into them."""
    shown = {words.said(name): words.said(value) for name, value in given.items()}
    st.table(shown, border="horizontal", width=width, alt=alt)


def export_csv(rows: "pd.DataFrame | Sequence[Mapping[str, Any]]", *, name: str) -> None:
    """Offer the rows on screen as a CSV file."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    st.download_button(
        "CSV",
        data=lambda: _csv(frame),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        help="Download the rows of this table",
    )


def chart(
    figure: "go.Figure",
    *,
    name: str,
    alt: str,
    rows: "pd.DataFrame | Sequence[Mapping[str, Any]] | None" = None,
    select: bool = False,
) -> Any:
    """Show a figure under its message, with its table and exports; return what was selected in it.

    The message stands above as text, which breaks where the screen ends; the title in the figure is
    for its exports and hidden on the page.
    """
    picture = {"format": "png", "filename": name, "width": theme.PICTURE, "scale": 2}
    st.markdown(f"**{words.said(alt)}**")
    shown = st.plotly_chart(
        figure,
        key=f"chart_{name}",
        on_select="rerun" if select else "ignore",
        selection_mode="points",
        config={"displaylogo": False, "toImageButtonOptions": picture},
        alt=alt,
    )
    with st.expander("Table and export"):
        if rows is not None:
            table(rows, name=f"{name}_rows", alt=f"The numbers of: {alt}")
        st.download_button(
            "HTML",
            data=lambda: figure.to_html(include_plotlyjs=True).encode(),
            file_name=f"{name}.html",
            mime="text/html",
            key=f"html_{name}",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
            help="Download the figure as a page that works without a network; "
            "the camera above the figure saves a PNG",
        )
    return shown


def explain_number(
    statistic: str, *, measurement: "Measurement | None" = None, evidence: str | None = None
) -> None:
    """Offer how a number is computed: definition, formula, source, reference, window, size."""
    declared = catalogue.get(statistic)
    column = "" if measurement is None or measurement.column is None else f"_{measurement.column}"
    where = "" if measurement is None else "_".join(measurement.slice.values())
    key = f"how_{statistic}{column}{where}"
    with st.popover("How is this computed", icon=":material/functions:", type="tertiary", key=key):
        st.markdown(f"**{declared.title}.** {declared.definition}")
        st.code(declared.formula, language=None)
        st.markdown(f"Source: {declared.source}")
        if measurement is not None:
            facts(_facts(measurement), alt="What this number rests on")
        if evidence is not None:
            st.markdown(f"Evidence record `{evidence}`")


def _facts(measurement: "Measurement") -> dict[str, str]:
    facts = {
        "value": words.measured(measurement),
        "window": words.window(measurement.window),
        "rows": ", ".join(f"{k} = {v}" for k, v in measurement.slice.items()) or "all",
        "limit": words.number(measurement.limit),
    }
    if measurement.n_reference is not None:
        facts["reference"] = f"n {measurement.n_reference:,}"
    if measurement.confidence is not None:
        facts["interval"] = f"{measurement.confidence:.0%} confidence"
    if measurement.resolution is not None:
        facts["resolution"] = f"±{words.number(measurement.resolution)} from binning"
    if measurement.p_adjusted is not None:
        facts["p-value"] = f"{measurement.p_adjusted:.2g}, corrected for the number of tests"
    if measurement.reason:
        facts["reason"] = measurement.reason
    return facts


def _csv(frame: "pd.DataFrame") -> bytes:
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    return as_csv([str(name) for name in frame.columns], rows).encode()
