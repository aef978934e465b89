"""A model's life in few words: what the tests of the services register, deliver and tell."""

from datetime import UTC, datetime

from lifecycle.domain.dataset import ColumnRole
from lifecycle.domain.model import Columns
from lifecycle.services import ingestion, registry

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
FEATURES = ("mean radius", "mean texture", "mean smoothness")
ANSWERS = {"practice": "no", "domain": "health", "effect": "informs", "interaction": "no"}
WEEKS, WEEKLY = 4, 250

COLUMNS = Columns(
    target="benign",
    id="case",
    timestamp="when",
    score="proba",
    prediction="decision",
    positive="1",
    features=(*FEATURES, "ward"),
    sensitive=("sex",),
)


def add_case(ws, dev, *, key="tumour"):
    return registry.add_use_case(
        ws,
        id=key,
        name="Tumour triage",
        problem="Find malignant tumours early",
        owner="dora",
        sponsor="Board",
        answers=ANSWERS,
        value=100_000.0,
        by=dev,
        at=AT,
    )


def add_model(ws, dev, *, key="tumour", task="binary", **more):
    return registry.add_model(
        ws,
        id=key,
        use_case_id="tumour",
        name="Tumour classifier",
        task=task,
        owner="dora",
        purpose="Tell benign from malignant",
        by=dev,
        at=AT,
        **more,
    )


def deliver(ws, dev, frame, folder, *, name="log", **more):
    file = folder / f"{name}.parquet"
    frame.drop(columns=["benign", "week"], errors="ignore").to_parquet(file, index=False)
    return ingestion.predictions(
        ws, "tumour", "1", [file], timestamp="when", id="case", by=dev, at=AT, **more
    )


def tell(ws, dev, frame, folder, *, name="outcomes", **more):
    file = folder / f"{name}.csv"
    frame[["case", "benign", *(["known"] if "known" in frame else [])]].to_csv(file, index=False)
    return ingestion.outcomes(
        ws, "tumour", [file], id="case", target="benign", by=dev, at=AT, **more
    )


def register(ws, dev, reference, folder):
    """Register use case, model and version 1 with its reference, and return the snapshot."""
    add_case(ws, dev)
    add_model(ws, dev)
    registry.add_dataset(
        ws,
        id="cancer",
        name="Breast cancer",
        description="Wisconsin",
        source="scikit-learn",
        owner="dora",
        by=dev,
        at=AT,
    )
    file = folder / "reference.parquet"
    reference.to_parquet(file, index=False)
    roles = {"benign": ColumnRole.TARGET, "sex": ColumnRole.SENSITIVE}
    snapshot = registry.add_snapshot(ws, "cancer", file, roles=roles, by=dev, at=AT)
    registry.add_version(ws, "tumour", "1", columns=COLUMNS, reference=snapshot.id, by=dev, at=AT)
    return snapshot
