"""What is a model for: use cases with their targets and tier, and the models that answer them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Model, ModelKind, Task
from lifecycle.domain.reach import UNIT
from lifecycle.domain.usecase import Kpi, Mode, UseCase, tier_of
from lifecycle.errors import InvalidInput
from lifecycle.services.access.places import place_of
from lifecycle.services.registry import naming
from lifecycle.store import audit, models, usecases
from lifecycle.store.connection import Workspace


def add_use_case(
    ws: Workspace,
    *,
    id: str,  # noqa: A002 -- the record's own field is called so
    name: str,
    problem: str,
    owner: str,
    sponsor: str,
    answers: Mapping[str, str],
    mode: str = "augmentation",
    kpis: Sequence[Kpi] = (),
    value: float | None = None,
    cost: float | None = None,
    currency: str = "EUR",
    affected: str = "",
    unit: str = "",
    simulated: bool = False,
    by: Actor,
    at: datetime,
) -> UseCase:
    """Register a business problem; its risk tier is computed from the questionnaire.

    Parameters
    ----------
    unit
        The business unit it belongs to: whose policy holds for it, and whose people work on it.

    Raises
    ------
    InvalidInput
        The id is no slug, a text is empty, or an answer, amount or target cannot be used.
    Conflict
        The id is taken.
    """
    by.require(Permission.REGISTER)
    naming.check_slug(id, what="use case")
    naming.check_filled(f"use case {id}", name=name, problem=problem, owner=owner, sponsor=sponsor)
    tiering = tier_of(answers)
    use_case = UseCase(
        id=id,
        name=name,
        problem=problem,
        owner=owner,
        sponsor=sponsor,
        created_at=at,
        tier=tiering.tier,
        questionnaire=tiering.questionnaire,
        answers=dict(answers),
        mode=naming.choice(Mode, mode, what="mode"),
        kpis=_checked(kpis),
        value=None if value is None else naming.finite(value, what="value"),
        cost=None if cost is None else naming.finite(cost, what="cost"),
        currency=currency,
        affected=affected,
        simulated=simulated,
        tags={UNIT: unit.strip()} if unit.strip() else {},
    )
    by.require(Permission.REGISTER, within=place_of(use_case))
    details: dict[str, object] = {"unit": unit.strip()} if unit.strip() else {}
    details |= {"tier": tiering.tier, "drivers": list(tiering.drivers), "answers": dict(answers)}
    event = AuditEvent("usecase.add", f"usecase:{id}", by.name, at, via=by.via, details=details)
    with ws.transaction() as tx:
        usecases.add(tx, use_case)
        audit.append(tx, event)
    return use_case


def set_kpis(
    ws: Workspace,
    use_case_id: str,
    *,
    kpis: Sequence[Kpi],
    reason: str,
    by: Actor,
    at: datetime,
) -> UseCase:
    """Change a use case's targets; the old ones stay in the trail with the reason.

    Raises
    ------
    InvalidInput
        No reason is given, or a target cannot be used.
    NotFound
        There is no such use case.
    """
    by.require(Permission.REGISTER)
    if not reason.strip():
        raise InvalidInput(f"to change the targets of {use_case_id} give a reason")
    checked = _checked(kpis)
    with ws.transaction() as tx:
        use_case = usecases.get(tx, use_case_id)
        by.require(Permission.REGISTER, within=place_of(use_case))
        changed, event = use_case.set_kpis(checked, by=by.name, at=at, reason=reason)
        usecases.update(tx, changed)
        audit.append(tx, replace(event, via=by.via))
    return changed


def add_model(
    ws: Workspace,
    *,
    id: str,  # noqa: A002 -- the record's own field is called so
    use_case_id: str,
    name: str,
    task: str,
    owner: str,
    purpose: str,
    kind: str = "predictive",
    intended_use: str = "",
    out_of_scope: str = "",
    vendor: str = "",
    by: Actor,
    at: datetime,
) -> Model:
    """Register a model under a use case.

    Raises
    ------
    InvalidInput
        The id is no slug, a text is empty, or task or kind is not one of the choices.
    NotFound
        There is no such use case.
    Conflict
        The id is taken.
    """
    by.require(Permission.REGISTER)
    naming.check_slug(id, what="model")
    naming.check_filled(f"model {id}", name=name, owner=owner, purpose=purpose)
    model = Model(
        id=id,
        use_case_id=use_case_id,
        name=name,
        kind=naming.choice(ModelKind, kind, what="kind"),
        task=naming.choice(Task, task, what="task"),
        owner=owner,
        purpose=purpose,
        created_at=at,
        intended_use=intended_use,
        out_of_scope=out_of_scope,
        vendor=vendor,
    )
    details = {"use_case": use_case_id, "kind": model.kind, "task": model.task, "owner": owner}
    event = AuditEvent("model.add", f"model:{id}", by.name, at, via=by.via, details=details)
    with ws.transaction() as tx:
        by.require(Permission.REGISTER, within=place_of(usecases.get(tx, use_case_id)))
        models.add(tx, model)
        audit.append(tx, event)
    return model


def _checked(kpis: Sequence[Kpi]) -> tuple[Kpi, ...]:
    for kpi in kpis:
        naming.check_filled("a KPI", name=kpi.name)
        naming.finite(kpi.target, what=f"the target of KPI {kpi.name}")
        if kpi.baseline is not None:
            naming.finite(kpi.baseline, what=f"the baseline of KPI {kpi.name}")
        if kpi.better not in {"higher", "lower"}:
            raise InvalidInput(f"KPI {kpi.name} is better higher or lower, not {kpi.better!r}")
    return tuple(kpis)
