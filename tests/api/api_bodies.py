"""Bodies of requests that register a small life."""

ANSWERS = {"practice": "no", "domain": "credit", "effect": "informs", "interaction": "no"}


def use_case(identifier):
    return {
        "id": identifier,
        "name": "Credit default",
        "problem": "Too many loans default",
        "owner": "dev",
        "sponsor": "board",
        "answers": ANSWERS,
        "kpis": [{"name": "losses avoided", "unit": "EUR", "target": 1e6}],
        "value": 2e6,
        "affected": "applicants",
    }


def model(identifier):
    return {
        "id": identifier,
        "use_case_id": identifier,
        "name": "Default scorecard",
        "task": "binary",
        "owner": "dev",
        "purpose": "Rank applications by risk",
        "intended_use": "Support of loan officers",
    }


def dataset(identifier):
    return {
        "id": identifier,
        "name": "Applications",
        "description": "Loan applications with outcomes",
        "source": "made for the tests",
        "owner": "dev",
    }


def columns():
    return {
        "target": "bad",
        "timestamp": "at",
        "id": "id",
        "score": "p",
        "prediction": "flag",
        "positive": "1",
        "features": ["age", "job"],
        "categorical": ["job"],
        "sensitive": ["sex"],
    }


def roles():
    return {
        "bad": "target",
        "at": "timestamp",
        "id": "id",
        "p": "score",
        "flag": "prediction",
        "sex": "sensitive",
    }
