"""What is measured: a workload is a table of variants, each a function of the inputs' folder.

To add one, write its functions and a line in `WORKLOADS`. A variant runs in a process of its own:
what it imports inside the function counts as start-up if `prepare` imports it first.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

Run = Callable[[Path], object]


@dataclass(frozen=True)
class Workload:
    """One question, answered in several ways.

    Parameters
    ----------
    variants
        By name; `floor` is what the others are compared with.
    limits
        By variant: at most so many times the floor's CPU seconds.
    peers
        By environment (a folder of the peers' root): the script that answers the same question.
    """

    title: str
    variants: Mapping[str, Run]
    limits: Mapping[str, float] = field(default_factory=dict)
    peers: Mapping[str, str] = field(default_factory=dict)


def prepare() -> None:
    """Import what a variant would import, so that only its work is measured."""
    from lifecycle.cli.processor import keep_freed_memory, tune_numpy

    tune_numpy()
    keep_freed_memory()
    for name in (
        "engines.duckdb",
        "services.analysis.drift",
        "services.analysis.estimation",
        "services.analysis.fairness",
        "services.analysis.quality",
    ):
        import_module(f"lifecycle.{name}")
    for name in ("pyarrow.parquet", "scipy.special"):
        import_module(name)


def scan(folder: Path, *files: str) -> None:
    """Read every column of some files as cheaply as DuckDB can: the floor."""
    import duckdb

    con = duckdb.connect()
    for name in files:
        file = folder / name
        described = con.execute("DESCRIBE FROM read_parquet($f)", {"f": str(file)}).fetchall()
        sums = [
            f'sum(strlen("{column}")), count("{column}")'
            if kind == "VARCHAR"
            else f'sum("{column}")'
            for column, kind, *_ in described
            if not kind.startswith("TIMESTAMP")
        ]
        con.execute(f"SELECT {', '.join(sums)} FROM read_parquet($f)", {"f": str(file)}).fetchall()


def drift(folder: Path, current: str, **options: object) -> int:
    """Measure drift as `lifecycle drift` does, to the JSON it prints."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.drift import DriftOptions, measure_drift
    from lifecycle.services.analysis.result import as_json

    with choose() as engine:
        reference = engine.open(str(folder / "ref.parquet"))
        now = engine.open(str(folder / current))
        chosen = DriftOptions(**options)  # pyright: ignore[reportArgumentType] -- named by callers
        result = measure_drift(engine, reference=reference, current=now, options=chosen)
        return len(json.dumps(as_json(result)))


def estimate(folder: Path, **options: object) -> int:
    """Estimate seven measures without outcomes as `lifecycle estimate` does, to its JSON."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.estimating import EstimateOptions
    from lifecycle.services.analysis.estimation import measure_estimate
    from lifecycle.services.analysis.outcomes import Roles
    from lifecycle.services.analysis.result import as_json

    roles = Roles(target="y", prediction="y_pred", score="y_pred_proba")
    with choose() as engine:
        reference = engine.open(str(folder / "cbpe_ref.parquet"))
        now = engine.open(str(folder / "cbpe_cur.parquet"))
        chosen = EstimateOptions(roles, **options)  # pyright: ignore[reportArgumentType] -- named by callers
        result = measure_estimate(engine, reference=reference, current=now, options=chosen)
        return len(json.dumps(as_json(result)))


def fairness(folder: Path, **options: object) -> int:
    """Compare the groups of four attributes and their pairs as `lifecycle fairness` does."""
    from lifecycle.engines import choose
    from lifecycle.services.analysis.fairness import FairnessOptions, measure_fairness
    from lifecycle.services.analysis.outcomes import Roles
    from lifecycle.services.analysis.result import as_json

    roles, four = Roles(target="y", prediction="yhat", score="score"), ("a2", "a3", "a5", "a7")
    with choose() as engine:
        rows = engine.open(str(folder / "fair.parquet"))
        chosen = FairnessOptions(roles, four, intersect=2, **options)  # pyright: ignore[reportArgumentType] -- named by callers
        return len(json.dumps(as_json(measure_fairness(engine, source=rows, options=chosen))))


def check(folder: Path) -> int:
    """Check every column as `lifecycle quality --expectations` does."""
    from benchmarks.checks import checked

    return checked(folder / "cur.parquet")


BY_DAY = {"timestamp": "ts", "window": "1d"}

WORKLOADS: dict[str, Workload] = {
    "W1": Workload(
        "Drift of 1M + 1M rows, 40 columns",
        {
            "floor": lambda f: scan(f, "ref.parquet", "cur.parquet"),
            "ours": lambda f: drift(f, "cur.parquet"),
            "ours, exact": lambda f: drift(f, "cur.parquet", exact=True),
        },
        limits={"ours": 2.5, "ours, exact": 5.0},
        peers={"evidently": "w1_evidently.py"},
    ),
    "W2": Workload(
        "Drift of 30 daily windows of 2M rows, 40 columns",
        {
            "floor": lambda f: scan(f, "ref.parquet", "hist.parquet"),
            "ours": lambda f: drift(f, "hist.parquet", **BY_DAY),
            "ours, exact": lambda f: drift(f, "hist.parquet", exact=True, **BY_DAY),
        },
        limits={"ours": 2.5},
        peers={"nannyml": "w2_nannyml.py"},
    ),
    "W3": Workload(
        "Columns together, 1M + 1M rows, 40 columns",
        {
            "floor": lambda f: scan(f, "ref.parquet", "cur.parquet"),
            "ours, reconstruction of all rows": lambda f: drift(
                f, "cur.parquet", statistics=("reconstruction_error",)
            ),
            "ours, classifier on 50,000 + 50,000": lambda f: drift(
                f, "cur.parquet", statistics=("classifier_auc",)
            ),
            "ours, discrepancy of 5,000 + 5,000": lambda f: drift(
                f, "cur.parquet", statistics=("mmd",)
            ),
        },
        peers={"nannyml": "w3_nannyml_pca.py"},
    ),
    "W4": Workload(
        "Fairness of 1M rows, four attributes and their six pairs",
        {
            "floor": lambda f: scan(f, "fair.parquet"),
            "ours, no intervals": lambda f: fairness(f, intervals=False),
            "ours": fairness,
        },
        peers={"fairlearn": "w4_fairlearn.py"},
    ),
    "W5": Workload(
        "Performance without outcomes, seven measures, 500k + 500k rows",
        {
            "floor": lambda f: scan(f, "cbpe_ref.parquet", "cbpe_cur.parquet"),
            "ours": estimate,
            "ours, by day and tested": lambda f: estimate(f, **BY_DAY),
        },
        peers={"nannyml": "w5_nannyml_cbpe.py"},
    ),
    "W8": Workload(
        "Eighty checks of 1M rows, 40 columns",
        {"floor": lambda f: scan(f, "cur.parquet"), "ours": check},
        peers={"pandera": "w8_pandera.py", "gx": "w8_great_expectations.py"},
    ),
}
