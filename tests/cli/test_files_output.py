"""What the commands on files print, how they exit, and what they import."""

import csv
import io
import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_command import Command

import lifecycle
from lifecycle.cli.processor import SLOW, THREADS, VARIABLE, keep_freed_memory, tune_numpy

HEAVY = [
    *("numpy", "scipy", "pandas", "pyarrow", "duckdb", "sklearn", "shap"),
    *("streamlit", "fastapi", "rich", "yaml"),
]
NEVER_FOR_DRIFT = ["pandas", "sklearn", "shap", "streamlit", "fastapi", "scipy.stats"]
KEYS = (
    *("statistic", "column", "slice", "window", "value", "unit", "interval", "confidence"),
    *("resolution", "p_value", "p_adjusted", "n_reference", "n", "limit", "state", "reason"),
)


@pytest.fixture
def command(capsys):
    return Command(capsys)


@pytest.fixture
def sides(tmp_path):
    """Write two samples of which `moved` differs and `same` does not."""
    rng = np.random.default_rng(3)
    same, kinds = rng.normal(size=500), ["a", "b"] * 250
    for name, shift in (("before", 0.0), ("after", 2.0)):
        moved = rng.normal(size=500) + shift
        columns = pa.table({"same": same, "moved": moved, "kind": kinds})
        pq.write_table(columns, tmp_path / f"{name}.parquet")
    return tmp_path / "before.parquet", tmp_path / "after.parquet"


def imported(*arguments):
    """Return the modules a fresh process holds after running the command."""
    code = (
        "import sys; from lifecycle.cli import main; main(sys.argv[1:]); "
        "print('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_version_is_printed_without_loading_anything_heavy(command):
    assert command("--version").out == f"lifecycle {lifecycle.__version__}\n"
    assert imported("--version").isdisjoint(HEAVY)


def test_drift_loads_no_data_frames_models_or_servers(sides):
    assert imported("drift", *sides, "--out", sides[0].parent / "x").isdisjoint(NEVER_FOR_DRIFT)


def test_the_json_has_the_promised_shape(command, sides):
    body = command("drift", *sides).json

    assert list(body)[:6] == [
        *("lifecycle", "command", "inputs", "settings", "measurements", "verdict")
    ]
    assert body["inputs"]["reference"]["rows"] == 500
    assert len(body["inputs"]["current"]["sha256"]) == 64
    settings = body["settings"]
    assert (settings["bins"], settings["correction"], settings["alpha"]) == (256, "bh", 0.05)
    assert settings["tests"] == sum(m["p_value"] is not None for m in body["measurements"]) > 0
    assert all(tuple(m) == KEYS for m in body["measurements"])


def test_a_breach_exits_with_1_and_a_pass_with_0(command, sides):
    before, after = sides

    assert command("drift", before, after).code == 1
    assert command("drift", before, after, "--columns", "same,kind").code == 0
    assert command("drift", before, before).json["verdict"] == "ok"


def test_a_looser_limit_turns_the_breach_into_a_pass(command, sides):
    arguments = ("drift", *sides, "--statistic", "ks")

    assert command(*arguments).value("ks", column="moved") > 0.5
    loose = command(*arguments, "--limit", "ks=0.9")
    assert (loose.code, loose.found("ks", column="moved")[0]["limit"]) == (0, 0.9)


def test_a_value_beyond_its_limit_that_chance_explains_is_a_warning(command, tmp_path):
    rng = np.random.default_rng(11)
    for name in ("a", "b"):
        pq.write_table(pa.table({"x": rng.normal(size=200)}), tmp_path / f"{name}.parquet")

    outcome = command(
        *("drift", tmp_path / "a.parquet", tmp_path / "b.parquet"),
        *("--statistic", "ks", "--limit", "ks=0.01", "--exact"),
    )

    (measured,) = outcome.json["measurements"]
    assert (measured["state"], outcome.code) == ("warning", 0)
    assert "chance" in measured["reason"]


def test_csv_holds_a_line_per_measurement(command, sides):
    body = command("drift", *sides).json
    rows = list(csv.DictReader(io.StringIO(command("drift", *sides, printed_as="csv").out)))

    assert [float(r["value"]) for r in rows] == [m["value"] for m in body["measurements"]]
    assert rows[0]["slice"] == "{}"


def test_junit_fails_exactly_the_breaches(command, sides):
    body = command("drift", *sides).json
    suite = ET.fromstring(command("drift", *sides, printed_as="junit").out)  # noqa: S314 -- our own output

    breaches = sum(m["state"] == "breach" for m in body["measurements"])
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == breaches > 0
    assert int(suite.attrib["tests"]) == len(body["measurements"])


def test_junit_is_well_formed_whatever_letters_the_rows_hold(command, tmp_path):
    groups = ["a\x01b", "\ufffe", "<&>"] * 200
    values = np.random.default_rng(2).normal(size=600)
    rows = pa.table({"y": values > 0, "p": values > 0.1, "g": groups})
    pq.write_table(rows, tmp_path / "rows.parquet")

    text = command(
        *("fairness", tmp_path / "rows.parquet", "--target", "y", "--prediction", "p"),
        *("--sensitive", "g"),
        printed_as="junit",
    ).out

    names = [case.attrib["name"] for case in ET.fromstring(text)]  # noqa: S314 -- our own output
    assert any("g=ab" in name for name in names)
    assert any("g=<&>" in name for name in names)


def test_csv_guards_names_of_columns_and_groups_against_formulas(command, tmp_path):
    values = np.random.default_rng(2).normal(size=400)
    for name in ("before", "after"):
        pq.write_table(pa.table({"=cmd()": values}), tmp_path / f"{name}.parquet")

    sides = (tmp_path / "before.parquet", tmp_path / "after.parquet")
    rows = list(csv.DictReader(io.StringIO(command("drift", *sides, printed_as="csv").out)))

    assert {row["column"] for row in rows} == {"'=cmd()"}


def test_the_table_names_every_measurement_and_the_verdict(command, sides):
    text = command("drift", *sides, printed_as="table").out

    assert text.endswith("verdict: breach\n")
    assert sum("moved" in line for line in text.splitlines()) == 4


@pytest.mark.parametrize("name", ["drift", "performance", "fairness", "quality"])
def test_every_help_has_an_example(command, name):
    outcome = command(name, "--help", printed_as="table")

    assert outcome.code == 0
    assert f"lifecycle {name} " in outcome.out.split("Example")[1]


def test_all_formats_give_the_same_numbers(command, tmp_path):
    rng = np.random.default_rng(5)
    rows = pa.table(
        {
            "x": rng.normal(size=300).round(3),
            "n": rng.integers(0, 9, 300),
            "g": rng.choice(["a", "b,c", 'd"e', "é"], 300),
        }
    )
    files = [tmp_path / f"rows.{end}" for end in ("parquet", "csv", "feather", "arrows", "jsonl")]
    pq.write_table(rows, files[0])
    with files[1].open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(rows.column_names)
        writer.writerows(zip(*rows.to_pydict().values(), strict=True))
    with pa.ipc.new_file(files[2], rows.schema) as sink:
        sink.write_table(rows)
    with pa.ipc.new_stream(files[3], rows.schema) as sink:
        sink.write_table(rows)
    files[4].write_text("\n".join(json.dumps(row) for row in rows.to_pylist()))

    found = [command("drift", files[0], file).json["measurements"] for file in files]

    assert all(m == found[0] for m in found)
    assert found[0][0]["n"] == 300


def test_a_folder_and_a_glob_read_all_their_files(command, tmp_path):
    for day in (1, 2):
        folder = tmp_path / f"day={day}"
        folder.mkdir()
        pq.write_table(pa.table({"x": [float(day)] * 150}), folder / "part.parquet")

    whole = command("quality", tmp_path).json["inputs"]["data"]
    glob = command("quality", tmp_path / "*" / "*.parquet").json["inputs"]["data"]

    assert whole == glob
    assert whole["rows"] == 300


def test_filters_on_one_column_widen_and_on_two_narrow(command, tmp_path):
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"g": ["a", "b", "c"] * 10, "n": [1.0, 2.0] * 15}), file)

    def rows(*rules):
        given = [part for rule in rules for part in ("--where", rule)]
        return command("quality", file, *given).json["inputs"]["data"]["rows"]

    assert rows("g=a") == 10
    assert rows("g=a", "g=b") == 20
    assert rows("g=a", "n=1") == 5


def test_zen_4_processors_are_spared_the_slow_instructions(tmp_path, monkeypatch):
    facts = tmp_path / "cpuinfo"
    facts.write_text("vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: fpu avx512f\n\n")
    monkeypatch.delitem(sys.modules, "numpy")
    environ: dict[str, str] = {}

    tune_numpy(environ, facts=facts)

    assert environ == {VARIABLE: SLOW, THREADS: "1"}


@pytest.mark.parametrize(
    "text",
    [
        "vendor_id\t: GenuineIntel\ncpu family\t: 6\nflags\t\t: avx512f\n",
        "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: avx2\n",
        "",
    ],
)
def test_other_processors_keep_all_their_instructions(tmp_path, monkeypatch, text):
    facts = tmp_path / "cpuinfo"
    facts.write_text(text)
    monkeypatch.delitem(sys.modules, "numpy")
    environ: dict[str, str] = {}

    tune_numpy(environ, facts=facts)
    tune_numpy(environ, facts=tmp_path / "none")

    assert environ == {THREADS: "1"}


def test_a_process_that_has_numpy_already_is_left_alone():
    assert np.__name__ in sys.modules
    environ: dict[str, str] = {}

    tune_numpy(environ)

    assert environ == {}


def test_memory_that_was_freed_is_kept_where_the_c_library_can():
    keep_freed_memory()

    assert np.arange(2_000_000.0).sum() == 1_999_999_000_000


@pytest.mark.parametrize(("asked", "hidden"), [("0", 20), ("10", 20), ("30", 30)])
def test_a_command_shows_no_smaller_groups_than_the_setting_says(
    command, tmp_path, monkeypatch, asked, hidden
):
    monkeypatch.setenv("LIFECYCLE_SUPPRESS_BELOW", "20")
    sizes = {"a": 15, "b": 25, "c": 60, "d": 80}
    rows = {
        "g": [g for g, n in sizes.items() for _ in range(n)],
        "y": [0, 1] * 90,
        "p": [0, 1, 1] * 60,
    }
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")

    outcome = command(
        *("fairness", tmp_path / "rows.parquet", "--target", "y", "--prediction", "p"),
        *("--sensitive", "g", "--suppress-below", asked),
    )

    assert outcome.json["settings"]["suppress_below"] == hidden
    shown = {m["slice"]["g"] for m in outcome.found("selection_rate") if m["slice"] and m["n"]}
    assert shown == {"c", "d"}
    assert {m["n"] for m in outcome.json["measurements"] if m["column"]} == {None}
