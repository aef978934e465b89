"""The bank's models of the sample portfolio: simulated, each with its planted truth."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from lifecycle.demo import simulator, watching
from lifecycle.demo.common import WEEKLY, dataset, plan
from lifecycle.demo.estimators import boosted, logistic, ridge
from lifecycle.demo.simulator import DAYS, simulated, since
from lifecycle.demo.story import Planted, Second, Story
from lifecycle.domain.model import Task
from lifecycle.domain.usecase import Kpi

CREDIT_DRIFT_DAYS = 154
"""Days before today from which the bureau's feed counts credit lines that were never drawn."""

CREDIT_REASONS = """
adverse: higher
columns:
  debt_to_income: {raises: Debt is high in relation to income, change: down, least: 0}
  utilisation: {raises: Credit lines are used up to a large part, change: down, least: 0}
  late_payments: {raises: Payments were late in the last two years, change: fixed}
  income: {raises: Income is low for a loan like this, change: up}
  years_employed: {raises: Employment is too recent, change: up}
  loan_amount: {raises: The loan is large, change: down, least: 500}
  home: {raises: The housing situation, change: fixed}
"""
"""Words for applicants who are turned down, and what they could change before they ask again."""

TOGETHER = 0.1
"""Chance moves a week's reconstruction error by up to 6 %; judge above that."""

CHURN_DRIFT_DAYS = 182
"""Days before today from which customers open the new app more often."""


def stories(at: datetime) -> list[Story]:
    """Return the bank's models, with a year of rows that ends at a time."""
    return [credit_default(at), card_fraud(at), churn(at), prescreen(at), cash_demand(at)]


def credit_default(at: datetime) -> Story:
    """Credit default: one feature drifts, and it hurts."""
    start = at - timedelta(days=CREDIT_DRIFT_DAYS)

    def record(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
        undrawn = np.where(since(rows, start), rng.gamma(2.0, 0.15, len(rows)), 0.0)
        return rows.assign(debt_to_income=(rows["debt_to_income"] + undrawn).round(3))

    categorical = ("home",)
    return Story(
        id="credit-default",
        task=Task.BINARY,
        use_case={
            "name": "Consumer credit decisions",
            "problem": "Loans that are not paid back cost 2.1 % of the book each year.",
            "owner": "devi",
            "sponsor": "Head of retail credit",
            "answers": {
                "practice": "no",
                "domain": "credit",
                "effect": "informs",
                "interaction": "no",
            },
            "kpis": (
                Kpi("Loss rate", "%", target=1.6, baseline=2.1, better="lower"),
                Kpi("Decisions within a day", "%", target=90.0, baseline=72.0),
            ),
            "value": 2_400_000.0,
            "cost": 310_000.0,
            "affected": "Applicants for consumer loans",
        },
        model={
            "name": "Credit default",
            "owner": "devi",
            "purpose": "Estimate the probability that a loan is not paid back within a year.",
            "intended_use": "Ranking applications for a credit officer who decides.",
            "out_of_scope": "Automatic rejection; loans to companies.",
        },
        dataset=dataset("loan-applications", "Loan applications", "Applications and repayment."),
        rows=simulated(
            prefix="loan",
            seed=1101,
            n=32_000,
            at=at,
            target="defaulted",
            draw=simulator.applicants,
            label=simulator.defaults,
            delay=(30, 90),
            record=record,
        ),
        target="defaulted",
        features=(
            "income",
            "debt_to_income",
            "utilisation",
            "late_payments",
            "years_employed",
            "loan_amount",
            "home",
        ),
        categorical=categorical,
        sensitive=("sex", "age_band"),
        positive="1",
        threshold=0.3,
        fits=(boosted(categorical=categorical),),
        plan=plan("Credit default, yearly", auc=0.7, sensitive=("sex", "age_band"))
        | {"intersect": 2},
        tried=True,
        limits=WEEKLY | {"reconstruction_error": TOGETHER},
        watch=watching.CREDIT,
        explained_again=True,
        reasons=CREDIT_REASONS,
        planted=(
            Planted(
                "debt_to_income",
                start,
                "The bureau's feed counts undrawn credit lines: plus a Gamma(2, 0.15) draw, "
                "0.3 on average; calibration and precision fall.",
            ),
        ),
    )


def card_fraud(at: datetime) -> Story:
    """Card fraud: nothing is wrong with it."""
    categorical = ("merchant",)
    return Story(
        id="card-fraud",
        task=Task.BINARY,
        use_case={
            "name": "Card fraud alerts",
            "problem": "Disputed card payments cost 900,000 euros a year and annoy customers.",
            "owner": "devi",
            "sponsor": "Head of payments",
            "answers": {
                "practice": "no",
                "domain": "customer",
                "effect": "informs",
                "interaction": "no",
            },
            "kpis": (Kpi("Fraud stopped", "%", target=70.0, baseline=45.0),),
            "value": 620_000.0,
            "cost": 140_000.0,
            "affected": "Card holders whose payment is held for a call",
        },
        model={
            "name": "Card fraud",
            "owner": "devi",
            "purpose": "Flag payments that the card holder will dispute.",
            "intended_use": "An analyst calls the card holder before a flagged payment goes on.",
            "out_of_scope": "Blocking cards; judging merchants.",
        },
        dataset=dataset("card-payments", "Card payments", "Payments and disputes."),
        rows=simulated(
            prefix="pay",
            seed=1202,
            n=36_000,
            every=2,
            at=at,
            target="disputed",
            draw=simulator.payments,
            label=simulator.frauds,
            delay=(30, 60),
            history=20_000,
            served=True,
        ),
        target="disputed",
        features=(
            "amount",
            "hour",
            "payments_24h",
            "distance_km",
            "device_age_days",
            "merchant",
        ),
        categorical=categorical,
        sensitive=("sex",),
        positive="1",
        threshold=0.2,
        fits=(boosted(categorical=categorical),),
        plan=plan("Card fraud, half-yearly", auc=0.75, sensitive=("sex",)),
        grain="month",
        watch=watching.FRAUD,
    )


def churn(at: datetime) -> Story:
    """Churn: one feature drifts, and nothing comes of it."""
    start = at - timedelta(days=CHURN_DRIFT_DAYS)

    def record(_: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
        more = np.where(since(rows, start), 1.6, 1.0)
        return rows.assign(app_sessions=(rows["app_sessions"] * more).round())

    categorical = ("contract",)
    return Story(
        id="customer-churn",
        task=Task.BINARY,
        use_case={
            "name": "Keeping customers",
            "problem": "Every twelfth current account is closed each year.",
            "owner": "devi",
            "sponsor": "Head of retail banking",
            "answers": {
                "practice": "no",
                "domain": "customer",
                "effect": "none",
                "interaction": "no",
            },
            "kpis": (Kpi("Accounts kept after an offer", "%", target=35.0, baseline=24.0),),
            "value": 410_000.0,
            "cost": 60_000.0,
            "affected": "Customers who get an offer",
        },
        model={
            "name": "Customer churn",
            "owner": "devi",
            "purpose": "Rank customers by the chance that they close their account.",
            "intended_use": "Choosing who gets an offer.",
            "out_of_scope": "Prices; closing accounts.",
        },
        dataset=dataset("current-accounts", "Current accounts", "Accounts and closures."),
        rows=simulated(
            prefix="acct",
            seed=1303,
            n=24_000,
            every=7,
            at=at,
            target="closed",
            draw=simulator.customers,
            label=simulator.leavers,
            delay=(30, 90),
            record=record,
        ),
        target="closed",
        features=(
            "tenure_years",
            "monthly_fee",
            "complaints",
            "balance",
            "app_sessions",
            "contract",
        ),
        categorical=categorical,
        positive="1",
        threshold=0.3,
        fits=(logistic(categorical=categorical, c=0.1),),
        plan=plan("Customer churn, yearly", auc=0.65),
        watch=watching.CHURN,
        planted=(
            Planted(
                "app_sessions",
                start,
                "A new app: 1.6 times as many sessions; they play no part in who leaves.",
            ),
        ),
    )


def prescreen(at: datetime) -> Story:
    """Loan pre-screening: taught on clerks' decisions, it treats women worse."""
    categorical = ("region",)
    return Story(
        id="loan-prescreen",
        task=Task.BINARY,
        use_case={
            "name": "Pre-screening of first loans",
            "problem": "Applicants wait nine days for a first answer.",
            "owner": "devi",
            "sponsor": "Head of retail credit",
            "answers": {
                "practice": "no",
                "domain": "credit",
                "effect": "decides",
                "interaction": "no",
            },
            "mode": "automation",
            "kpis": (Kpi("Days to a first answer", "d", target=1.0, baseline=9.0, better="lower"),),
            "value": 350_000.0,
            "cost": 90_000.0,
            "affected": "Applicants for a first loan",
        },
        model={
            "name": "Loan pre-screening",
            "owner": "devi",
            "purpose": "Say whether a first loan would be paid back.",
            "intended_use": "A first answer at the counter.",
            "out_of_scope": "The final decision.",
        },
        dataset=dataset("first-loans", "First loans", "Applications for a first loan."),
        rows=simulated(
            prefix="first",
            seed=1404,
            n=26_000,
            every=2,
            at=at,
            target="repaid",
            draw=simulator.candidates,
            label=simulator.repays,
            taught=simulator.was_accepted,
            delay=(30, 90),
        ),
        target="repaid",
        features=("income", "savings", "late_payments", "career_gap_months", "region"),
        categorical=categorical,
        sensitive=("sex",),
        positive="1",
        threshold=0.5,
        fits=(
            logistic(categorical=categorical),
            boosted(categorical=categorical, rounds=40),
        ),
        plan=plan("Loan pre-screening, yearly", auc=0.6, sensitive=("sex",)),
        narrowed="sex",
        grain="month",
        watch=watching.PRESCREEN,
        second=Second.REJECTED,
        second_reason=(
            "Women who would pay back are accepted 15 points less often than men who would, and "
            "below four fifths; the career gap stands in for sex. Come back without that column."
        ),
        planted=(
            Planted(
                "sex",
                at - timedelta(days=DAYS),
                "Taught on clerks' decisions that counted career gaps, which women have more of; "
                "gaps play no part in who pays back.",
            ),
        ),
    )


def cash_demand(at: datetime) -> Story:
    """Cash demand: a second version took over half a year ago."""
    categorical = ("weekday", "place")
    return Story(
        id="cash-demand",
        task=Task.REGRESSION,
        use_case={
            "name": "Filling cash machines",
            "problem": "Machines run empty on pay days and hold too much cash on others.",
            "owner": "devi",
            "sponsor": "Head of operations",
            "answers": {
                "practice": "no",
                "domain": "operations",
                "effect": "none",
                "interaction": "no",
            },
            "kpis": (Kpi("Empty machines", "per week", target=3.0, baseline=11.0, better="lower"),),
            "value": 180_000.0,
            "cost": 25_000.0,
        },
        model={
            "name": "Cash demand",
            "owner": "devi",
            "purpose": "Forecast how much cash a machine gives out in a day.",
            "intended_use": "Planning the tours that fill machines.",
            "out_of_scope": "Closing machines.",
        },
        dataset=dataset("machine-days", "Days of cash machines", "Withdrawals by day."),
        rows=simulated(
            prefix="atm",
            seed=1505,
            n=20_000,
            every=2,
            at=at,
            target="withdrawn",
            draw=simulator.machine_days,
            label=simulator.withdrawn,
            delay=(1, 3),
        ),
        target="withdrawn",
        features=("weekday", "days_to_payday", "last_week", "footfall", "place"),
        categorical=categorical,
        fits=(
            ridge(categorical=categorical),
            boosted(categorical=categorical, regression=True),
        ),
        plan=plan("Cash demand, yearly"),
        grain="month",
        watch=watching.CASH,
        second=Second.REPLACES,
        second_reason="It knows that pay days matter only for a few days.",
    )
