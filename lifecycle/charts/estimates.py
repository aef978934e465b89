"""What is an estimate worth, and what are decisions worth: sentences beside the pictures."""

from collections.abc import Sequence

from lifecycle.charts import wording
from lifecycle.charts.timelines import JUDGED
from lifecycle.domain.measurement import Measurement, State
from lifecycle.stats.performance.past_error import Outcome, PastError, past_error


def own_error(
    estimated: Sequence[Measurement], realised: Sequence[Measurement]
) -> PastError | None:
    """Hold estimates against what was realised in the windows whose outcomes are judged."""
    known = {m.window: m.value for m in realised if m.state in JUDGED and m.value is not None}
    return past_error(
        [
            Outcome(m.value, m.interval, known[m.window])
            for m in estimated
            if m.value is not None and m.window in known
        ]
    )


def own_error_message(error: PastError | None, *, name: str) -> str:
    """Say how far the estimate was off in the past, and how often its band held."""
    if error is None:
        return f"No outcome has tested the estimate of {name} yet"
    said = (
        f"The estimate of {name} was off by {wording.number(error.mean_absolute)} on average "
        f"(bias {wording.number(error.bias)}, at most {wording.number(error.worst)}) over "
        f"{wording.counted(error.windows, 'window')} with outcomes"
    )
    if error.covered is None:
        return said
    held = f"{wording.percent(error.covered)} {wording.interval(error.covered_interval)}"
    return f"{said}; its 95 % band held what was realised in {held} of them"


def refusal(estimated: Sequence[Measurement]) -> str | None:
    """Say why there is no estimate, when the newest window has none."""
    return estimated[-1].reason if estimated and estimated[-1].value is None else None


def value_message(realised: Sequence[Measurement], estimated: Sequence[Measurement]) -> str:
    """Add up what decisions were worth where outcomes are known, and the estimate of the rest."""
    known = [m for m in realised if m.state in JUDGED and m.value is not None]
    open_ = [
        m
        for m in estimated
        if m.value is not None and m.window not in {one.window for one in known}
    ]
    unit = next((m.unit for m in (*realised, *estimated)), "")
    parts: list[str] = []
    if known:
        total = sum(m.value for m in known if m.value is not None)
        windows = wording.counted(len(known), "window")
        parts.append(f"decisions brought {wording.number(total)} {unit} in {windows} with outcomes")
    if open_:
        total = sum(m.value for m in open_ if m.value is not None)
        windows = wording.counted(len(open_), "window")
        parts.append(f"an estimated {wording.number(total)} {unit} in {windows} without")
    said = ", and ".join(parts) or "no window has a value yet"
    return said[:1].upper() + said[1:]


def service_message(newest: Sequence[Measurement]) -> str:
    """Say what of the newest window is beyond its service level."""
    limited = [m for m in newest if m.limit is not None]
    breached = [m for m in limited if m.state is State.BREACH]
    if not limited:
        return "No service level is promised; these are the newest values"
    near = [m for m in limited if m.state is State.WARNING]
    if near and not breached:
        named = ", ".join(f"{m.statistic} {wording.number(m.value)}" for m in near)
        return f"Near the limit of the service level, within what chance explains: {named}"
    if not breached:
        return f"The service level is kept in {wording.counted(len(limited), 'promise')}"
    named = ", ".join(
        f"{m.statistic} {wording.number(m.value)} against {wording.number(m.limit)}"
        for m in breached
    )
    return f"{wording.counted(len(breached), 'promise')} of {len(limited)} not kept: {named}"
