import math

import pytest

from lifecycle.domain.service_level import SUCCEEDED, ServiceLevel
from lifecycle.domain.value import OUTCOMES, CostMatrix, as_settings, cost_matrix
from lifecycle.errors import InvalidInput


def test_amounts_are_read_by_outcome_and_what_is_not_named_is_worth_nothing():
    costs = cost_matrix({"fp": -5, "TP": 20}, currency="USD")

    assert costs == CostMatrix("USD", true_positive=20, false_positive=-5)
    assert dict(zip(OUTCOMES, costs.weights, strict=True)) == {"TP": 20, "FP": -5, "FN": 0, "TN": 0}
    assert costs.sentence == "TP 20, FP -5 USD per decision"


def test_settings_of_a_cost_matrix_read_back_as_the_same():
    costs = CostMatrix("CHF", 1.5, -2, -3, 0)
    settings = as_settings(costs)

    assert cost_matrix(settings["amounts"], currency=settings["currency"]) == costs


@pytest.mark.parametrize(
    ("amounts", "currency", "said"),
    [
        ({"XX": 1}, "EUR", "'XX' is not one of TP"),
        ({"TP": 1}, "euro", "three letters"),
        ({"TP": 0}, "EUR", "nothing but 0"),
        ({"TP": math.nan}, "EUR", "finite"),
        ({"TP": math.inf}, "EUR", "finite"),
    ],
)
def test_a_cost_matrix_that_says_nothing_or_nonsense_is_refused(amounts, currency, said):
    with pytest.raises(InvalidInput, match=said):
        cost_matrix(amounts, currency=currency)


def test_a_service_level_names_its_columns():
    both = ServiceLevel(latency="latency_ms", status="status", limits={"latency_p95": 200})

    assert both.columns == ("latency_ms", "status")
    assert ServiceLevel(status="failed").columns == ("failed",)
    assert both.succeeded == SUCCEEDED


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "names the log's latency column"),
        ({"status": "s", "succeeded": ()}, "which values"),
        ({"latency": "l", "limits": {"p95": 1}}, "no service level is called 'p95'"),
        ({"latency": "l", "limits": {"latency_p95": -1}}, "at least 0"),
        ({"latency": "l", "limits": {"latency_p95": math.nan}}, "at least 0"),
    ],
)
def test_a_service_level_that_promises_nothing_or_nonsense_is_refused(given, said):
    with pytest.raises(InvalidInput, match=said):
        ServiceLevel(**given)
