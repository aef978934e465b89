"""Run workloads side by side: ours and the floor in alternation, a process each, medians.

Writes `benchmarks/results/side_by_side.json` and its table into `docs/benchmarks.md`; with `--only`
the other workloads keep what they had in both. A peer takes its turn in the first round, by its
script under `--peers` (given the inputs' folder, printing a line
`RESULT {"cpu": …, "peak_mb": …}`) and with the virtual environment of its name under
`--environments`; a missing one is said and skipped.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.workloads import WORKLOADS, Workload, prepare

RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- side by side: begin -->", "<!-- side by side: end -->"


def used() -> float:
    """Return the CPU seconds this process has used."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def peak() -> float:
    """Return the most memory this process ever held, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1024 if sys.platform == "linux" else 1024 * 1024)


def child(workload: str, variant: str, *, folder: Path) -> None:
    """Run one variant in this process and print what it took."""
    prepare()
    run = WORKLOADS[workload].variants[variant]
    cpu, begin = used(), time.perf_counter()
    run(folder)
    took = {
        "cpu": used() - cpu,
        "wall": time.perf_counter() - begin,
        "imports": cpu,
        "peak_mb": peak(),
    }
    print("RESULT", json.dumps(took))


def answer(command: list[str], *, env: dict[str, str] | None = None) -> dict[str, float] | None:
    """Run a process and read the line with its result; nothing when it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        print(f"failed: {' '.join(command)}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    return json.loads(lines[-1].removeprefix("RESULT "))


def measure(
    name: str, *, rounds: int, folder: Path, others: dict[str, list[str]]
) -> dict[str, dict[str, float]]:
    """Run the variants of a workload in turn, several rounds, and take medians.

    Parameters
    ----------
    others
        The commands of peers, by name; each takes its turn in the first round only.
    """
    script, inputs = [sys.executable, __file__, "--child", name], ["--inputs", str(folder)]
    ours = {variant: [*script, variant, *inputs] for variant in WORKLOADS[name].variants}
    # Peers would report each use.
    quiet = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "GX_ANALYTICS_ENABLED": "false"}
    taken: dict[str, list[dict[str, float]]] = {each: [] for each in (*ours, *others)}
    for number in range(rounds):
        turns = list((ours if number else ours | others).items())
        for variant, command in turns if number % 2 == 0 else reversed(turns):
            if (found := answer(command, env=quiet)) is not None:
                taken[variant].append(found)
    return {
        variant: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
        for variant, runs in taken.items()
        if runs
    }


def peers(
    workload: Workload, *, place: Path, environments: Path, folder: Path
) -> dict[str, list[str]]:
    """Return how each peer is run in its own environment; a missing one is said and skipped."""
    found: dict[str, list[str]] = {}
    for name, script in workload.peers.items():
        python, file = environments / name / "bin" / "python", place / script
        if python.exists() and file.exists():
            found[name] = [str(python), str(file), str(folder)]
        else:
            print(f"{python} or {file} is missing, so {name} is not measured")
    return found


def rows(name: str, variants: dict[str, dict[str, float]]) -> list[str]:
    """Write the results of one workload as rows of a Markdown table."""
    floor, lines = variants["floor"]["cpu"], list[str]()
    for variant, took in variants.items():
        wall = f"{took['wall']:.2f}" if "wall" in took else ""
        lines.append(
            f"| {WORKLOADS[name].title} ({name}) | {variant} | {took['cpu']:.2f} "
            f"| {took['cpu'] / floor:.1f} | {wall} | {took['peak_mb']:.0f} |"
        )
    return lines


def table(results: dict[str, dict[str, dict[str, float]]], *, before: str) -> str:
    """Write the results as Markdown; who was not measured now keeps the row of before."""
    lines = ["| Workload | Who | CPU s | x floor | Wall s | Peak MB |", "|---|---|---|---|---|---|"]
    for name, workload in WORKLOADS.items():
        old = [line for line in before.splitlines() if f"({name}) |" in line]
        if name in results:
            lines += rows(name, results[name])
            measured = [*workload.variants, *results[name]]
            old = [line for line in old if not any(f"| {who} |" in line for who in measured)]
        lines += old
    return "\n".join(lines)


def machine() -> dict[str, str]:
    """Say on what and when this was measured."""
    names = ("duckdb", "numpy", "pyarrow", "lifecycle")
    return {
        "processors": str(os.cpu_count()),
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
        "date": datetime.now(UTC).date().isoformat(),
    }


def publish(results: dict[str, dict[str, dict[str, float]]], *, facts: dict[str, str]) -> str:
    """Put the table into the docs, between its two marks, and return it."""
    page = ROOT / "docs" / "benchmarks.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    told = ", ".join(f"{key} {value}" for key, value in facts.items())
    text = table(results, before=old)
    body = f"{BEGIN}\nLast measured with {told}.\n\n{text}\n{END}"
    page.write_text(before + body + after, encoding="utf-8")
    return text


def keep(
    results: dict[str, dict[str, dict[str, float]]], *, facts: dict[str, str], missed: list[str]
) -> None:
    """Keep the results as JSON, with those of workloads that were not measured now."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "side_by_side.json"
    earlier = json.loads(file.read_text(encoding="utf-8"))["results"] if file.exists() else {}
    body = {"machine": facts, "results": {**earlier, **results}, "missed": missed}
    file.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Measure, print, keep; 1 when a limit was missed."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--inputs", type=Path, default=ROOT / "benchmarks" / "inputs")
    wanted.add_argument("--peers", type=Path, default=ROOT / "benchmarks" / "peers")
    wanted.add_argument("--environments", type=Path, default=ROOT / "benchmarks" / "peers" / "envs")
    wanted.add_argument("--rounds", type=int, default=5)
    wanted.add_argument("--only", nargs="*", default=list(WORKLOADS))
    wanted.add_argument("--child", nargs=2, metavar=("WORKLOAD", "VARIANT"))
    given = wanted.parse_args()
    if given.child:
        child(*given.child, folder=given.inputs)
        return 0
    from benchmarks.inputs import make

    make(given.inputs)
    results: dict[str, dict[str, dict[str, float]]] = {}
    missed: list[str] = []
    for name in given.only:
        workload = WORKLOADS[name]
        others = peers(
            workload, place=given.peers, environments=given.environments, folder=given.inputs
        )
        results[name] = measure(name, rounds=given.rounds, folder=given.inputs, others=others)
        for variant, limit in workload.limits.items():
            ratio = results[name][variant]["cpu"] / results[name]["floor"]["cpu"]
            if ratio > limit:
                missed.append(f"{name}, {variant}: {ratio:.2f} times the floor, limit {limit}")
    facts = machine()
    keep(results, facts=facts, missed=missed)
    print(publish(results, facts=facts))
    print("\n".join(missed) if missed else "every limit was kept")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
