"""What the API takes as settings of a monitor is what a monitor has."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from lifecycle.api.monitoring import MonitorIn
from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.monitor import ITS_OWN, Comparison, Monitor, ReferenceKind, settings_of
from lifecycle.domain.service_level import ServiceLevel
from lifecycle.domain.value import CostMatrix

WATCHED = Monitor("m", "credit/1", 1, datetime(2026, 1, 5, tzinfo=UTC), "dora")


def test_every_setting_of_a_monitor_can_be_set_and_nothing_else():
    settable = {f.name for f in fields(Monitor)} - ITS_OWN

    assert set(MonitorIn.model_fields) == settable | {"reason"}
    assert {"together", "changes", "expectations", "explanations"} <= settable
    with pytest.raises(ValidationError, match="revision"):
        MonitorIn.model_validate({"revision": 2})


def test_settings_come_in_as_they_were_written():
    full: dict[str, Any] = {
        "reference": Comparison(ReferenceKind.ROLLING, days=14),
        "together": ("reconstruction_error",),
        "changes": ("adwin", "cusum"),
        "limits": {"ks": 0.2},
        "column_limits": {"age": {"psi": 0.3}},
        "costs": CostMatrix("EUR", 10.0, -5.0),
        "service": ServiceLevel(latency="took"),
        "expectations": (Expectation(Check.MISSING, column="age", limit=0.1),),
        "schedule": "6h",
    }
    written = replace(WATCHED, **full).settings()

    body = MonitorIn.model_validate(written)

    assert settings_of(body.settings()) == settings_of(written)
    assert MonitorIn.model_validate({"schedule": None}).settings() == {"schedule": None}
