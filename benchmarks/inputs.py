"""The rows the benchmarks read, made once from a fixed seed and kept in a folder outside git.

The drift workloads read 30 numeric and 10 categorical columns: normal, log-normal, uniform,
heavy-tailed and zero-inflated numbers, categories of 2 to 50 values. Eight of the forty columns
move between reference and current rows, and from the fifteenth day on in the daily rows.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 7
ROWS = 1_000_000
DAYS = 30
NUMBERS = tuple(f"n{i:02d}" for i in range(30))
CATEGORIES = {f"c{i:02d}": k for i, k in enumerate((2, 3, 4, 5, 7, 10, 15, 20, 30, 50))}
MOVING = {"n01", "n04", "n09", "n14", "n20", "n27", "c03", "c07"}
ROW_GROUP = 122_880


def numbers(rng: np.random.Generator, *, kind: int, moved: np.ndarray) -> np.ndarray:
    """Draw one numeric column; ``moved`` says by row how far it has shifted, 0 to 1."""
    n = len(moved)
    if kind == 0:
        return rng.normal(0.3 * moved, 1.0)
    if kind == 1:
        return np.exp(rng.normal(0, 0.75, n)) * (1 + 0.25 * moved)
    if kind == 2:
        return rng.uniform(0, 10, n) * (1 + 0.1 * moved)
    if kind == 3:
        return rng.standard_t(2.5, n) + 0.3 * moved
    return np.where(rng.random(n) < 0.3 - 0.1 * moved, 0.0, rng.normal(2, 1, n))


def columns(rng: np.random.Generator, *, moved: np.ndarray) -> dict[str, object]:
    """Draw all forty columns."""
    still = np.zeros(len(moved))
    drawn: dict[str, object] = {
        name: numbers(rng, kind=i % 5, moved=moved if name in MOVING else still)
        for i, name in enumerate(NUMBERS)
    }
    for name, k in CATEGORIES.items():
        shares = rng.dirichlet(np.full(k, 2.0))
        codes = rng.choice(k, len(moved), p=shares)
        if name in MOVING:
            codes = np.where(rng.random(len(moved)) < 0.3 * moved, (codes + 1) % k, codes)
        names = pa.array([f"L{j:02d}" for j in range(k)])
        drawn[name] = pa.DictionaryArray.from_arrays(pa.array(codes), names).cast(pa.string())
    return drawn


def write(file: Path, table: dict[str, object]) -> None:
    """Write Parquet as a warehouse would: zstd, dictionaries for texts only."""
    texts = [name for name in table if name in CATEGORIES]
    pq.write_table(
        pa.table(table),
        file,
        compression="zstd",
        row_group_size=ROW_GROUP,
        use_dictionary=texts,  # pyright: ignore[reportArgumentType] -- names are allowed too
    )


def make(folder: Path) -> None:
    """Write reference, current and daily rows, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    if not (folder / "ref.parquet").exists():
        write(folder / "ref.parquet", columns(rng, moved=np.zeros(ROWS)))
    if not (folder / "cur.parquet").exists():
        write(folder / "cur.parquet", columns(rng, moved=np.ones(ROWS)))
    if not (folder / "hist.parquet").exists():
        day = np.sort(rng.integers(0, DAYS, 2 * ROWS))
        at = np.datetime64("2025-01-01", "us") + day.astype("timedelta64[D]")
        moved = np.clip((day - DAYS / 2) / (DAYS / 2), 0, 1)
        write(folder / "hist.parquet", {"ts": at, **columns(rng, moved=moved)})
    if not (folder / "fair.parquet").exists():
        pq.write_table(pa.table(people(rng)), folder / "fair.parquet", compression="zstd")


def people(rng: np.random.Generator) -> dict[str, object]:
    """Draw scored rows with four attributes of 2, 3, 5 and 7 groups, some worse off than others."""
    logit, drawn = rng.normal(-0.5, 1.2, ROWS), dict[str, object]()
    for k in (2, 3, 5, 7):
        codes = rng.choice(k, ROWS, p=rng.dirichlet(np.full(k, 4.0)))
        logit = logit + 0.1 * codes / k
        drawn[f"a{k}"] = pa.array(np.char.add(f"a{k}_", codes.astype(str)))
    score = np.round(1 / (1 + np.exp(-logit)), 6)
    y = (rng.random(ROWS) < score).astype(np.int8)
    return {"y": y, "yhat": (score > 0.5).astype(np.int8), "score": score, **drawn}
