"""The portfolio on real files: census incomes, electricity, bicycles, housing and taxis.

Rows and their times are the files' own; the business around them is made up. Adult has no times:
its row order is spread over the last year, and its dataset says so.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.demo.common import plan
from lifecycle.demo.estimators import boosted
from lifecycle.demo.simulator import DAYS
from lifecycle.demo.story import (
    ID,
    KNOWN_AT,
    PREDICTION,
    SCORE,
    TIME,
    Planted,
    Rows,
    Second,
    Story,
    moments,
    outcomes_after,
)
from lifecycle.domain.model import Task
from lifecycle.errors import InvalidInput

NOBODY = {"practice": "no", "domain": "operations", "effect": "none", "interaction": "no"}
CUSTOMERS = {"practice": "no", "domain": "customer", "effect": "informs", "interaction": "no"}
TRIPS_A_MONTH = 2500
"""Of the 10,000 in the file, so that the portfolio is built in a minute."""


def stories(source: Path, *, at: datetime) -> list[Story]:
    """Return the models that rest on the files of a folder.

    Raises
    ------
    InvalidInput
        A file is missing or lacks a column.
    """
    return [
        adult(source, at),
        electricity(source),
        bicycles(source),
        housing(source),
        taxis(source),
    ]


def adult(source: Path, at: datetime) -> Story:
    """Census incomes: a published tree that selects men three times as often."""
    features = (
        "age",
        "workclass",
        "education_num",
        "marital_status",
        "occupation",
        "capital_gain",
        "capital_loss",
        "hours_per_week",
    )
    sensitive = ("sex", "race")
    answers = ("class", "pred_tree", "score_tree")
    rows = _read(source, "adult", [*features, *sensitive, *answers])
    rows = rows.rename(columns={"pred_tree": PREDICTION, "score_tree": SCORE})
    rows = rows.astype({PREDICTION: "int64"})
    reference, stream = rows.iloc[:10_000], rows.iloc[10_000:].reset_index(drop=True)
    rng = np.random.default_rng(3101)
    times = moments(rng, n=len(stream), start=at - timedelta(days=DAYS), end=at)
    known = outcomes_after(rng, times, least=30, most=90)
    stream = stream.assign(**{ID: _keys(stream, "person"), TIME: times, KNOWN_AT: known})
    return Story(
        id="income-screening",
        task=Task.BINARY,
        use_case=_use_case("Choosing whom to invite", "Invitations go to everybody.", CUSTOMERS),
        model=_model("Income screening", "Guess whether a yearly income exceeds 50,000 dollars."),
        dataset=_dataset(
            "census-incomes",
            "Adult",
            "48,842 people of the 1994 census with the answers of Fairlearn's quickstart tree. "
            "It has no times: the row order is spread over the last year.",
            "CC BY 4.0 (UCI 2)",
        ),
        rows=Rows(reference, reference, stream),
        target="class",
        features=features,
        categorical=("workclass", "marital_status", "occupation"),
        sensitive=sensitive,
        positive=">50K",
        threshold=0.5,
        fits=(),
        plan=plan("Income screening, yearly", auc=0.7, sensitive=sensitive),
        grain="month",
        planted=(Planted("sex", at - timedelta(days=DAYS), "Selection rate .0635 against .2135."),),
    )


def electricity(source: Path) -> Story:
    """Electricity prices: three columns that stood still begin to move in May 1997."""
    features = ("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    rows = _read(source, "elec2", ["row_no", "timestamp", "class", *features])
    rows = _timed(rows, key="row_no", prefix="half-hour", delay=timedelta(days=1))
    return Story(
        id="electricity-price",
        task=Task.BINARY,
        use_case=_use_case("Buying electricity", "Purchases ignore the next half hour.", NOBODY),
        model=_model("Electricity price", "Say whether the price rises above its daily mean."),
        dataset=_dataset(
            "elec2",
            "Elec2",
            "New South Wales, May 1996 to December 1998, half-hourly; times decoded.",
            "OpenML 151: public",
        ),
        rows=_cut(rows, training=6000, reference=4000),
        target="class",
        features=features,
        positive="UP",
        threshold=0.5,
        fits=(boosted(), boosted(rounds=20)),
        plan=plan("Electricity price, yearly", auc=0.6),
        historical=True,
        second=Second.WAITS,
        second_reason="Smaller, with the same error.",
        planted=(
            Planted(
                "vicprice",
                datetime(1997, 5, 5, tzinfo=UTC),
                "vicprice, vicdemand and transfer are constant before 4 May 1997.",
            ),
        ),
    )


def bicycles(source: Path) -> Story:
    """Bicycles: the second year is half as large again as the first."""
    features = (
        "season",
        "hr",
        "holiday",
        "weekday",
        "workingday",
        "weathersit",
        "temp",
        "hum",
        "windspeed",
    )
    rows = _read(source, "bike_sharing_hourly", ["instant", "timestamp", "cnt", *features])
    rows = _timed(rows, key="instant", prefix="hour", delay=timedelta(hours=2))
    return Story(
        id="bike-demand",
        task=Task.REGRESSION,
        use_case=_use_case("Moving bicycles", "Stations run empty in the morning.", NOBODY),
        model=_model("Bike demand", "Forecast how many bicycles are hired in an hour."),
        dataset=_dataset(
            "bike-sharing",
            "Bike sharing",
            "Capital Bikeshare 2011 and 2012, hourly (Fanaee-T and Gama, 2013).",
            "CC BY 4.0 (UCI 275)",
        ),
        rows=_cut(rows, training=6500, reference=2145),
        target="cnt",
        features=features,
        fits=(boosted(regression=True),),
        plan=plan("Bike demand, yearly"),
        grain="month",
        historical=True,
        planted=(
            Planted(
                None,
                datetime(2012, 3, 1, tzinfo=UTC),
                "Mean hires per hour grow from 143.79 in 2011 to 234.67 in 2012.",
            ),
        ),
    )


def housing(source: Path) -> Story:
    """California housing: a scored stream with its own reference period."""
    features = (
        "MedInc",
        "HouseAge",
        "AveRooms",
        "AveBedrms",
        "Population",
        "AveOccup",
        "Latitude",
        "Longitude",
    )
    answers = ["clf_target", "y_pred_proba", "y_pred", "period"]
    name = "california_housing_nannyml"
    rows = _read(source, name, ["id", "timestamp", *features, *answers])
    rows = rows.rename(columns={"y_pred_proba": SCORE, "y_pred": PREDICTION})
    rows = rows.astype({"clf_target": "int64", PREDICTION: "int64"})
    rows = _timed(rows, key="id", prefix="block", delay=timedelta(days=7))
    kept = [*features, "clf_target", SCORE, PREDICTION]
    first = rows["period"] == "reference"
    stream: Any = rows[~first].drop(columns="period")
    reference: Any = rows.loc[first, kept]
    return Story(
        id="housing-value",
        task=Task.BINARY,
        use_case=_use_case("Valuing houses", "Valuers visit every house.", CUSTOMERS),
        model=_model("Housing value", "Say whether a block is worth more than the median."),
        dataset=_dataset(
            "california-housing",
            "California housing",
            "Scored stream of NannyML's documentation; its times are artificial, an hour a row.",
            "Apache-2.0",
        ),
        rows=Rows(reference, reference, stream),
        target="clf_target",
        features=features,
        positive="1",
        threshold=0.8,
        fits=(),
        plan=plan("Housing value, yearly", auc=0.7),
        grain="month",
        historical=True,
        planted=(
            Planted(
                "Longitude",
                datetime(2021, 6, 1, tzinfo=UTC),
                "KS of Longitude is .713 on average; AUC falls from .908 to .840.",
            ),
        ),
    )


def taxis(source: Path) -> Story:
    """Taxi fares: columns go missing in 2020, and a surcharge starts in February 2019."""
    features = ("trip_distance", "passenger_count", "rate_code_id", "payment_type", "vendor_id")
    columns = ["pickup_datetime", "source_file_month", "total_amount", *features]
    rows = _read(source, "nyc_taxi_yellow_2018_2020", columns)
    inside = rows["pickup_datetime"].dt.strftime("%Y-%m") == rows["source_file_month"]
    rows = rows[inside].groupby("source_file_month", sort=True).head(TRIPS_A_MONTH)
    rows = rows.assign(trip=np.arange(len(rows)), timestamp=rows["pickup_datetime"])
    rows = _timed(rows, key="trip", prefix="trip", delay=timedelta(days=3))
    rows = rows.drop(columns=["pickup_datetime", "source_file_month"])
    return Story(
        id="taxi-fare",
        task=Task.REGRESSION,
        use_case=_use_case("Announcing fares", "Riders learn the fare at the end.", CUSTOMERS),
        model=_model("Taxi fare", "Say what a trip will cost, in dollars."),
        dataset=_dataset(
            "yellow-taxis",
            "Yellow taxis",
            "New York yellow taxi trips 2018 to 2020, a sample of 2,500 a month.",
            "NYC TLC open data",
        ),
        # One absurd fare in August 2018 would be all that a squared error sees: leave that out.
        rows=_cut(
            rows,
            training=6 * TRIPS_A_MONTH,
            skip=3 * TRIPS_A_MONTH,
            reference=3 * TRIPS_A_MONTH,
        ),
        target="total_amount",
        features=features,
        fits=(boosted(regression=True),),
        plan=plan("Taxi fare, yearly"),
        grain="month",
        historical=True,
        planted=(
            Planted(
                "vendor_id",
                datetime(2020, 4, 1, tzinfo=UTC),
                "vendor_id and payment_type are missing in 8 % of trips from April 2020 on.",
            ),
        ),
    )


def _read(source: Path, name: str, columns: list[str]) -> Any:
    """Read some columns of a file, with whole numbers as doubles so that all rows agree."""
    file = source / f"{name}.parquet"
    if not file.is_file():
        raise InvalidInput(f"{source} has no file {file.name}, which the portfolio is built from")
    try:
        frame = pd.read_parquet(file, columns=columns)
    except (ValueError, KeyError, OSError) as error:
        raise InvalidInput(f"{file} cannot be read as expected: {error}") from error
    numbers = frame.select_dtypes("integer").columns
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _keys(rows: Any, prefix: str) -> list[str]:
    return [f"{prefix}-{number:06d}" for number in range(len(rows))]


def _timed(rows: Any, *, key: str, prefix: str, delay: timedelta) -> Any:
    """Order rows by their own time, which is read as UTC, and say when outcomes are known."""
    rows = rows.sort_values(["timestamp", key]).reset_index(drop=True)
    times = rows["timestamp"].dt.tz_localize("UTC")
    made = rows.assign(**{ID: _keys(rows, prefix), TIME: times, KNOWN_AT: times + delay})
    return made.drop(columns=["timestamp", key])


def _cut(rows: Any, *, training: int, reference: int, skip: int = 0) -> Rows:
    plain = rows.drop(columns=[ID, TIME, KNOWN_AT])
    end = training + skip + reference
    held = plain.iloc[training + skip : end].reset_index(drop=True)
    return Rows(plain.iloc[:training], held, rows.iloc[end:].reset_index(drop=True))


def _use_case(name: str, problem: str, answers: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "problem": problem,
        "owner": "devi",
        "sponsor": "Head of operations",
        "answers": answers,
        "affected": "Whoever the file is about",
    }


def _model(name: str, purpose: str) -> dict[str, Any]:
    return {
        "name": name,
        "owner": "devi",
        "purpose": purpose,
        "intended_use": "Trying this product on real rows.",
        "out_of_scope": "Any decision about anybody.",
    }


def _dataset(id: str, name: str, what: str, licence: str) -> dict[str, Any]:  # noqa: A002 -- as the service calls it
    return {
        "id": id,
        "name": name,
        "description": f"{what} Real rows; the business around them is made up.",
        "source": "file",
        "owner": "devi",
        "licence": licence,
    }
