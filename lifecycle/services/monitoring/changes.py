"""When did a version's errors change their level: its rows with outcomes, in order of time.

A detector remembers every row before, so a run with something new reads the whole log again.
"""

from collections.abc import Sequence
from datetime import datetime

from lifecycle.domain.change_point import ChangePoint
from lifecycle.domain.model import Task
from lifecycle.domain.monitor import Monitor
from lifecycle.engines import Engine
from lifecycle.engines.contract import Source
from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.services.analysis.streams import change_points
from lifecycle.services.monitoring.codings import decision_of
from lifecycle.services.monitoring.counting import Plan, joined
from lifecycle.services.monitoring.reference import LABEL, PREDICTION
from lifecycle.store import logs
from lifecycle.store.connection import Workspace

TIME = "lc_at"


def found(
    ws: Workspace,
    engine: Engine,
    *,
    monitor: Monitor,
    plan: Plan,
    until: datetime | None,
    at: datetime,
) -> tuple[Sequence[ChangePoint], tuple[str, ...]]:
    """Find the changes a monitor's detectors see, and say why they see none where they cannot.

    A week counts once as many of its outcomes are known as the monitor asks for: those that
    come first are not like the others.
    """
    con = ws.cursor()
    days = logs.days(con, monitor.version_id, until=until or at)
    outcomes = logs.outcome_files(con, plan.version.model_id)
    if not monitor.changes or not days:
        return (), ()
    with joined(ws, engine, plan=plan, days=days, outcomes=outcomes, until=until) as source:
        if source is None:
            return (), ()
        try:
            return _seen(engine, source, monitor=monitor, plan=plan), ()
        except (InsufficientData, InvalidInput) as error:
            return (), (str(error),)


def _seen(engine: Engine, source: Source, *, monitor: Monitor, plan: Plan) -> Sequence[ChangePoint]:
    prediction, codings, label = PREDICTION, None, plan.codes.label
    if plan.task is Task.BINARY:
        decision = decision_of(engine, source, codes=plan.codes)
        if label is not None and decision is not None:
            prediction, codings = decision.column, (label, decision)
    stream = change_points(
        engine,
        source,
        timestamp=TIME,
        target=LABEL,
        prediction=prediction,
        codings=codings,
        maturity=monitor.maturity,
        detectors=monitor.changes,
    )
    return stream.changes
