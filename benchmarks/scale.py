"""How time and memory grow with rows: 20 columns profiled by day, from 1M to 100M rows.

The rows are made in a temporary folder, measured in a process of their own and deleted. Prints a
table and writes `benchmarks/results/scale.json`. 100M rows take about 8 GB of disk for a while.
"""

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.side_by_side import RESULTS, answer, machine, peak, used
from benchmarks.workloads import prepare

PIECE = 1_000_000
DAYS = 30
COLUMNS = 20


def generate(folder: Path, *, rows: int) -> None:
    """Write so many rows, in order of time, a file per million."""
    rng = np.random.default_rng(11)
    drawn = [rng.normal(size=PIECE) for _ in range(8)]
    drawn += [rng.gamma(2.0, size=PIECE).astype(np.float32) for _ in range(4)]
    drawn += [rng.poisson(20, PIECE) for _ in range(4)]
    texts = [pa.array([f"{name}{k}" for k in range(12)]) for name in "abcd"]
    codes = [rng.choice(12, PIECE) for _ in texts]
    pieces = max(rows // PIECE, 1)
    for piece in range(pieces):
        share = (piece + np.arange(PIECE) / PIECE) / pieces
        at = np.datetime64("2026-01-01", "us") + (share * DAYS * 86_400e6).astype("timedelta64[us]")
        turned = (piece * 7_919) % PIECE
        table: dict[str, object] = {"at": at}
        for i, column in enumerate(drawn):
            table[f"x{i}"] = np.roll(column, turned)
        for name, words, code in zip("abcd", texts, codes, strict=True):
            chosen = pa.DictionaryArray.from_arrays(pa.array(np.roll(code, turned)), words)
            table[name] = chosen.cast(pa.string())
        pq.write_table(
            pa.table(table),
            folder / f"{piece:03d}.parquet",
            compression="zstd",
            use_dictionary=list("abcd"),  # pyright: ignore[reportArgumentType] -- names are allowed too
        )


def child(folder: Path) -> None:
    """Profile every column by day on bins of the first million rows, and print what it took."""
    prepare()
    from lifecycle.engines import choose
    from lifecycle.engines.contract import Grouping
    from lifecycle.engines.windows import Windowing, parse_width

    cpu, begin = used(), time.perf_counter()
    by_day = [Grouping((), Windowing("at", parse_width("1d")))]
    with choose() as engine, ThreadPoolExecutor(engine.threads) as pool:
        first = engine.open(str(folder / "000.parquet"))
        source = engine.open(str(folder))
        names = [column.name for column in source.columns if column.name != "at"]

        def profile(name: str) -> int:
            baseline = engine.baseline(first, name, bins=64, categorical=name in "abcd", keep=False)
            like = baseline.counted.profile
            found = engine.profiles(source, name, like=like, groupings=by_day)
            return sum(part.counted.profile.rows for part in found)

        counted = list(pool.map(profile, names))
    if len(counted) != COLUMNS or set(counted) != {source.rows}:
        raise SystemExit(f"{counted} rows were counted, not {source.rows} in each column")
    took = {
        "rows": source.rows,
        "cpu": used() - cpu,
        "wall": time.perf_counter() - begin,
        "peak_mb": peak(),
    }
    print("RESULT", json.dumps(took))


def main() -> int:
    """Make, measure and delete each number of rows."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rows", type=int, nargs="*", default=[PIECE, 10 * PIECE, 100 * PIECE])
    wanted.add_argument("--folder", type=Path, help="where the rows are made for a while")
    wanted.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = wanted.parse_args()
    if given.child:
        child(given.child)
        return 0
    results: list[dict[str, float]] = []
    print(f"{'rows':>12}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'CPU s per 1M':>14}")
    for rows in given.rows:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            generate(Path(folder), rows=rows)
            took = answer([sys.executable, __file__, "--child", folder])
        if took is None:
            return 1
        results.append(took)
        each = took["cpu"] / took["rows"] * 1e6
        print(
            f"{took['rows']:>12,}{took['cpu']:>9.1f}{took['wall']:>9.1f}{took['peak_mb']:>9.0f}"
            f"{each:>14.2f}",
            flush=True,
        )
    RESULTS.mkdir(exist_ok=True)
    kept = json.dumps({"machine": machine(), "columns": COLUMNS, "runs": results}, indent=2)
    (RESULTS / "scale.json").write_text(kept + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
