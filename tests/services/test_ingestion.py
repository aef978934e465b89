from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather
from tumour_life import AT, FEATURES, add_model, deliver, tell

from lifecycle.domain.model import Columns
from lifecycle.errors import InvalidInput, NotAllowed, NotFound
from lifecycle.services import ingestion, registry
from lifecycle.store import audit, logs


def logged(ws, version="tumour/1"):
    files = logs.files(ws.cursor(), version)
    return pa.concat_tables([pq.ParquetFile(f).read() for f in files]).to_pandas()


def send(ws, dev, *files, **more):
    given = {"timestamp": "when", "id": "case"} | more
    return ingestion.predictions(ws, "tumour", "1", list(files), **given, by=dev, at=AT)


def small(log, **changes):
    rows = log.drop(columns=["benign", "week"]).head(4).copy()
    for name, values in changes.items():
        rows[name] = values
    return rows


def test_a_log_holds_id_time_answers_and_features_and_its_parts_the_sensitive_columns(
    registered, ws, dev, log, tmp_path
):
    result = deliver(ws, dev, log.assign(extra=1), tmp_path)

    rows = logged(ws)
    assert (result.rows, result.days, result.files) == (1000, 28, 1)
    assert set(rows) == {"lc_id", "lc_at", "score", "prediction", *FEATURES, "ward"}
    assert sorted(rows["lc_id"]) == sorted(log["case"])
    event = audit.search(ws.cursor(), limit=1)[0].event
    assert (event.action, event.details["rows"]) == ("predictions.ingest", 1000)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl", "arrow"])
def test_every_format_gives_the_same_log(registered, ws, dev, log, tmp_path, ending):
    rows, file = small(log), tmp_path / f"rows.{ending}"
    if ending == "parquet":
        rows.to_parquet(file, index=False)
    elif ending == "csv":
        rows.to_csv(file, index=False)
    elif ending == "jsonl":
        rows.to_json(file, orient="records", lines=True, date_format="iso")
    else:
        feather.write_feather(pa.Table.from_pandas(rows), str(file))

    send(ws, dev, file)

    kept = logged(ws).sort_values("lc_id")
    assert kept["lc_id"].tolist() == ["c0", "c1", "c2", "c3"]
    assert kept["lc_at"].dt.floor("s").tolist() == rows["when"].tolist()
    assert kept["score"].tolist() == pytest.approx(rows["proba"].tolist())
    assert kept["prediction"].tolist() == rows["decision"].astype(str).tolist()


def test_a_time_without_a_zone_is_in_utc_and_one_with_a_zone_is_converted(
    registered, ws, dev, log, tmp_path
):
    times = ["2026-01-05 10:00", "2026-01-05T10:00:00+02:00", "2026-01-05", "2026-01-05T10:00Z"]
    file = tmp_path / "rows.jsonl"
    small(log, when=times).to_json(file, orient="records", lines=True)

    send(ws, dev, file)

    kept = logged(ws).sort_values("lc_id")["lc_at"]
    assert [t.hour for t in kept] == [10, 8, 0, 10]
    assert all(t.tzinfo is not None for t in kept)


def test_dates_and_dictionaries_are_read(registered, ws, dev, log, tmp_path):
    rows = pa.Table.from_pandas(small(log, case=[7.0, 8.0, 9.0, 10.0]), preserve_index=False)
    at = rows.column_names.index("when")
    day = pa.array([datetime(2026, 1, 5, tzinfo=UTC).date()] * 4, pa.date32())
    rows = rows.set_column(at, "when", day)
    ward = rows.column_names.index("ward")
    rows = rows.set_column(ward, "ward", rows["ward"].dictionary_encode())
    pq.write_table(rows, tmp_path / "rows.parquet")

    send(ws, dev, tmp_path / "rows.parquet")

    kept = logged(ws)
    assert sorted(kept["lc_id"]) == ["10", "7", "8", "9"]
    assert set(kept["ward"]) <= {"A", "B", "C"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"when": ["2026-01-05", "soon", "x", "y"]}, "row 2 of .*column when holds 'soon'"),
        ({"when": ["2026-01-05", None, "2026-01-05", "2026-01-06"]}, "row 2 .*holds nothing"),
        ({"when": [1.5, 2.5, 3.5, 4.5]}, "column when of .*rows.csv holds values of type double"),
        ({"case": ["a", None, "b", "c"]}, "row 2 of .*column case holds nothing, expected an id"),
        ({"case": ["a", "b", "b", "c"]}, "rows.csv: row 3 repeats the id 'b' of row 2"),
        ({"proba": ["high", "0.1", "0.2", "x"]}, "row 1 of .*column proba holds 'high'"),
        ({"mean radius": ["big", "1", "2", "3"]}, "row 1 of .*mean radius holds 'big', expected a"),
    ],
)
def test_a_row_that_cannot_be_logged_is_named_and_nothing_is_kept(
    registered, ws, dev, log, tmp_path, changes, sentence
):
    file, good = tmp_path / "rows.csv", tmp_path / "good.csv"
    small(log, **changes).to_csv(file, index=False)
    small(log, case=["g1", "g2", "g3", "g4"]).to_csv(good, index=False)
    before = audit.head(ws.cursor())

    with pytest.raises(InvalidInput, match=sentence):
        send(ws, dev, good, file)

    assert logs.days(ws.cursor(), "tumour/1") == []
    assert list(Path(ws.logs).rglob("*.parquet")) == []
    assert audit.head(ws.cursor()) == before


def test_a_missing_column_is_named_with_what_there_is(registered, ws, dev, log, tmp_path):
    file = tmp_path / "rows.csv"
    small(log).drop(columns="mean texture").to_csv(file, index=False)
    with pytest.raises(InvalidInput, match=r"rows\.csv has no column 'mean texture'; there is"):
        send(ws, dev, file)
    with pytest.raises(InvalidInput, match=r"rows\.csv has no column 'whem'; there is: when"):
        send(ws, dev, file, timestamp="whem")
    with pytest.raises(InvalidInput, match="no file was given"):
        send(ws, dev)


def test_an_id_already_logged_is_refused(registered, ws, dev, log, tmp_path):
    deliver(ws, dev, log.head(10), tmp_path)
    with pytest.raises(InvalidInput, match="row 1: the id 'c9' is in the log of tumour/1 already"):
        deliver(ws, dev, log.iloc[9:12], tmp_path, name="again")


def test_without_declared_features_every_other_column_is_kept(ws, dev, registered, log, tmp_path):
    registry.add_version(
        ws, "tumour", "2", columns=Columns(target="benign", positive="1"), by=dev, at=AT
    )
    file = tmp_path / "rows.parquet"
    rows = small(log, flag=[True, False, None, True], note=pd.Series([None] * 4, dtype=object))
    rows.to_parquet(file, index=False)

    ingestion.predictions(
        ws,
        "tumour",
        "2",
        [file],
        timestamp="when",
        id="case",
        score="proba",
        prediction="decision",
        by=dev,
        at=AT,
    )

    kept = logged(ws, "tumour/2").sort_values("lc_id")
    assert {"flag", "note", "sex", "ward", *FEATURES} <= set(kept)
    assert kept["flag"].tolist()[:2] == ["true", "false"]
    assert "benign" not in kept


def test_a_column_that_bears_the_logs_own_name_is_refused(registered, ws, dev, log, tmp_path):
    registry.add_version(
        ws, "tumour", "2", columns=Columns(target="y", features=("score",)), by=dev, at=AT
    )
    file = tmp_path / "rows.parquet"
    small(log, score=[1, 2, 3, 4]).to_parquet(file, index=False)
    with pytest.raises(InvalidInput, match="column 'score' has a name that the log needs"):
        ingestion.predictions(
            ws,
            "tumour",
            "2",
            [file],
            timestamp="when",
            id="case",
            score="proba",
            by=dev,
            at=AT,
        )


def test_outcomes_are_matched_by_id_and_those_that_match_nothing_are_counted(
    registered, ws, dev, log, tmp_path
):
    deliver(ws, dev, log.head(100), tmp_path)

    result = tell(ws, dev, log.iloc[50:110], tmp_path)

    assert (result.rows, result.matched, result.unmatched) == (60, 50, 10)
    event = audit.search(ws.cursor(), limit=1)[0].event
    assert event.details["unmatched"] == 10
    (file,) = logs.outcome_files(ws.cursor(), "tumour")
    kept = pq.read_table(file).to_pandas()
    assert set(kept["outcome"]) <= {"0", "1"}
    assert {t.to_pydatetime() for t in kept["known_at"]} == {AT}


def test_outcomes_may_come_before_any_prediction(registered, ws, dev, log, tmp_path):
    result = tell(ws, dev, log.head(5), tmp_path)
    assert (result.matched, result.unmatched, result.days) == (0, 5, 0)


def test_the_time_an_outcome_became_known_is_kept(registered, ws, dev, log, tmp_path):
    rows = log.head(3).assign(known=pd.Timestamp("2026-02-01", tz="UTC"))
    tell(ws, dev, rows, tmp_path, known_at="known")
    (file,) = logs.outcome_files(ws.cursor(), "tumour")
    kept = pq.read_table(file).to_pandas()
    assert kept["known_at"].dt.month.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("case,benign\na,1\na,0\n", "outcomes.csv: row 2 repeats the id 'a' of row 1"),
        ("case,benign\na,1\nb,\n", "row 2 of .*column benign holds nothing, expected an outcome"),
        ("case,label\na,1\n", "outcomes.csv has no column 'benign'"),
    ],
)
def test_outcomes_that_make_no_sense_are_refused(registered, ws, dev, tmp_path, text, sentence):
    file = tmp_path / "outcomes.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        ingestion.outcomes(ws, "tumour", [file], id="case", target="benign", by=dev, at=AT)
    assert logs.outcome_files(ws.cursor(), "tumour") == []


def test_a_regressions_answers_and_outcomes_are_numbers(registered, ws, dev, log, tmp_path):
    add_model(ws, dev, key="size", task="regression")
    columns = Columns(target="benign", prediction="proba", features=("mean radius",))
    registry.add_version(ws, "size", "1", columns=columns, by=dev, at=AT)
    made, known = tmp_path / "made.csv", tmp_path / "known.jsonl"
    small(log).to_csv(made, index=False)
    known.write_text('{"case":"c0","benign":true}\n{"case":"c1","benign":false}\n')

    ingestion.predictions(ws, "size", "1", [made], timestamp="when", id="case", by=dev, at=AT)
    ingestion.outcomes(ws, "size", [known], id="case", target="benign", by=dev, at=AT)

    assert logged(ws, "size/1")["prediction"].dtype == float
    (file,) = logs.outcome_files(ws.cursor(), "size")
    assert pq.read_table(file)["outcome"].to_pylist() == [1.0, 0.0]


def test_a_viewer_may_send_nothing(registered, ws, viewer, log, tmp_path):
    with pytest.raises(NotAllowed):
        deliver(ws, viewer, log, tmp_path)
    with pytest.raises(NotAllowed):
        tell(ws, viewer, log, tmp_path)


def test_an_unknown_version_is_named(registered, ws, dev, tmp_path):
    with pytest.raises(NotFound, match="'9'"):
        ingestion.predictions(ws, "tumour", "9", [tmp_path], timestamp="t", id="i", by=dev, at=AT)
