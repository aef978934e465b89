"""What a jurisdiction asks of a fairness run, as data files beside this one."""

from dataclasses import dataclass, replace
from importlib.resources import files

import yaml

from lifecycle.domain.written import read
from lifecycle.errors import InvalidInput
from lifecycle.services.analysis.fairness.options import FairnessOptions

SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Preset:
    """One jurisdiction's way of measuring.

    Parameters
    ----------
    says
        What it asks for, in a paragraph.
    unknown
        Whether rows without a value are a ``group``, or ``left_out`` and counted.
    minimum_share
        Groups with a smaller share of the rows stay out of impact ratios and gaps.
    scoring
        How a score becomes a scoring rate; ``None`` when decisions alone count.
    statistics
        What is reported; everything else is left out.
    """

    title: str
    source: str
    says: str
    intersect: int = 1
    reference_rule: str = "best"
    unknown: str = "group"
    minimum_share: float = 0.0
    scoring: str | None = None
    statistics: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Return the names of all presets."""
    found = (item.name for item in files(__package__ or "").iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def preset(name: str) -> Preset:
    """Return a preset by name.

    Raises
    ------
    InvalidInput
        There is none of that name.
    """
    if name not in names():
        raise InvalidInput(f"no preset is called {name!r}; there is: {', '.join(names())}")
    text = (files(__package__ or "") / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return read(Preset, yaml.safe_load(text), where=f"preset {name}")


def applied(options: FairnessOptions, *, name: str) -> FairnessOptions:
    """Return the options as a preset wants them; what the caller limits is measured beside.

    Fewer attributes are crossed where fewer are named.
    """
    wanted = preset(name)
    return replace(
        options,
        intersect=min(wanted.intersect, len(set(options.sensitive))),
        reference_rule=wanted.reference_rule,
        unknown=wanted.unknown,
        minimum_share=wanted.minimum_share,
        scoring=wanted.scoring if options.roles.score else None,
        statistics=tuple(dict.fromkeys((*wanted.statistics, *options.limits))),
        preset=name,
    )
