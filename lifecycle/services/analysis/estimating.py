"""How both sides of an estimate are cut, and what is said of its parts, whatever is estimated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lifecycle.domain.measurement import Window
from lifecycle.domain.value import CostMatrix
from lifecycle.engines import Engine
from lifecycle.engines.contract import CHUNK, Source
from lifecycle.engines.windows import Windowing, parse_width
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis import backtest
from lifecycle.services.analysis.backtest import Tested
from lifecycle.services.analysis.learning import deviations, learned_limit
from lifecycle.services.analysis.outcomes import Roles
from lifecycle.services.analysis.periods import windows_of
from lifecycle.services.analysis.result import Draft

MATURE = 0.9
"""Share of a window's rows whose outcome must be known before an estimate is held against it."""


@dataclass(frozen=True, slots=True)
class EstimateOptions:
    """What to estimate, and how the rows are cut.

    Parameters
    ----------
    timestamp, window
        Cut both sides into windows of that width.
    chunk_size
        Cut both sides into so many rows each, in file order.
    statistics
        Names of `estimation.ESTIMATED`; all that fit when empty.
    limits
        By statistic, before any learned one; nothing is judged without a limit.
    alert_on
        ``mean+3sd``: a limit from what was realised in the reference's windows.
    costs
        What decisions are worth, to estimate their value too.
    sides
        Columns that tell reference from current and are no features.
    """

    roles: Roles
    timestamp: str | None = None
    window: str | None = None
    chunk_size: int | None = None
    statistics: Sequence[str] = ()
    confidence: float = 0.95
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    alert_on: str | None = None
    costs: CostMatrix | None = None
    sides: Sequence[str] = ()


def check(options: EstimateOptions, *, reference: Source, current: Source) -> None:
    """Refuse columns that are not there and cuts that contradict each other."""
    roles = options.roles
    reference.column(roles.target)
    for name in (roles.score, roles.prediction, *roles.class_scores.values()):
        if name is not None:
            reference.column(name)
            current.column(name)
    if options.chunk_size is not None:
        if options.timestamp or options.window:
            raise InvalidInput("give --chunk-size or --timestamp with --window, not both")
        if options.chunk_size < 1:
            raise InvalidInput(f"chunk-size must be at least 1 row, not {options.chunk_size}")
    if options.alert_on:
        deviations(options.alert_on)
        if not (options.timestamp or options.chunk_size):
            raise InvalidInput(
                "alert-on learns from the reference's windows: give --timestamp or --chunk-size"
            )


def windowing_of(
    engine: Engine, current: Source, *, options: EstimateOptions
) -> tuple[Windowing | None, list[str]]:
    """Say how the current side is cut, and which of its rows are in no window."""
    if options.chunk_size is not None:
        return Windowing(CHUNK, parse_width("1s")), []
    return windows_of(engine, current, timestamp=options.timestamp, window=options.window)


def cut(engine: Engine, source: Source, *, options: EstimateOptions) -> Source:
    """Add the numbers of the chunks where a side is cut into so many rows each."""
    return source if options.chunk_size is None else engine.chunked(source, rows=options.chunk_size)


def named(
    window: Window | None, *, options: EstimateOptions, of: Source
) -> tuple[dict[str, str], Window | None]:
    """Name a part: by its window, or as a slice by the rows of the file it holds."""
    rows = options.chunk_size
    if window is None or rows is None:
        return {}, window
    first = int(window.start.timestamp()) * rows
    return {"rows": f"{first + 1}-{min(first + rows, of.rows)}"}, None


def limited(
    drafts: Sequence[Draft], *, tested: Sequence[Tested], options: EstimateOptions
) -> list[Draft]:
    """Set the limits given, or those that the reference's windows teach where that was asked."""
    limits = dict(options.limits)
    for statistic in {draft.statistic.name: draft.statistic for draft in drafts}.values():
        if statistic.name in options.limits:
            continue
        realised = [t.realised.value for t in tested if t.statistic.name == statistic.name]
        values = [value for value in realised if value is not None]
        if options.alert_on and len(values) > 1:
            limits[statistic.name] = learned_limit(
                values, rule=options.alert_on, statistic=statistic
            )
    return [replace(draft, limit=limits.get(draft.statistic.name)) for draft in drafts]


def acknowledged(drafts: Sequence[Draft], tested: Sequence[Tested]) -> list[Draft]:
    """Say beside an estimate that outcomes have proved it wrong."""
    wrong = backtest.missed(tested)
    return [
        replace(
            draft,
            estimate=replace(
                draft.estimate,
                reason=draft.estimate.reason
                or wrong.get(backtest.key(draft.statistic.name, draft.window, draft.slice)),
            ),
        )
        for draft in drafts
    ]
