"""Runs the command in this process and reads what it printed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifecycle.cli import main

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data sets are not beside this checkout (../shared/data)"
)


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out, parse_constant=_refuse)

    def values(self, statistic: str, **expected: Any) -> list[float]:
        """Return the values of a statistic, where the other fields are as expected."""
        return [m["value"] for m in self.found(statistic, **expected)]

    def value(self, statistic: str, **expected: Any) -> float:
        (value,) = self.values(statistic, **expected)
        return value

    def found(self, statistic: str, **expected: Any) -> list[dict[str, Any]]:
        return [
            m
            for m in self.json["measurements"]
            if m["statistic"] == statistic and all(m[k] == v for k, v in expected.items())
        ]


class Command:
    """The `lifecycle` command, with its output captured."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object, printed_as: str = "json") -> Outcome:
        given = [str(a) for a in arguments]
        code = main([*given, "--format", printed_as] if given[0] in KNOWN else given)
        printed = self._capsys.readouterr()
        return Outcome(code, printed.out, printed.err)


KNOWN = ("drift", "performance", "estimate", "fairness", "quality")


def _refuse(constant: str) -> None:
    raise AssertionError(f"JSON holds {constant}")
