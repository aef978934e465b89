"""Why a model exists: the business case, its targets, its value and the risk it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from lifecycle.domain.audit import AuditEvent
from lifecycle.errors import InvalidInput


class Tier(StrEnum):
    """How much harm is possible; the vocabulary of the EU AI Act."""

    PROHIBITED = "prohibited"
    HIGH = "high"
    LIMITED = "limited"
    MINIMAL = "minimal"


class Mode(StrEnum):
    """What the system does to a decision."""

    AUTOMATION = "automation"
    AUGMENTATION = "augmentation"


@dataclass(frozen=True, slots=True)
class Kpi:
    """What success is measured by."""

    name: str
    unit: str
    target: float
    baseline: float | None = None
    better: str = "higher"


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer to a question, and the tier it leads to at least."""

    text: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the risk questionnaire."""

    id: str
    text: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A versioned set of questions; the worst answer decides the tier."""

    version: str
    questions: tuple[Question, ...]


QUESTIONNAIRE = Questionnaire(
    version="2026-11",
    questions=(
        Question(
            id="practice",
            text="Does it score people socially, exploit the vulnerable or read emotions at work?",
            answers={
                "yes": Answer("Yes", Tier.PROHIBITED),
                "no": Answer("No", Tier.MINIMAL),
            },
        ),
        Question(
            id="domain",
            text="Where is it used?",
            answers={
                "credit": Answer("Creditworthiness of people", Tier.HIGH),
                "employment": Answer("Hiring or managing workers", Tier.HIGH),
                "health": Answer("Diagnosis, treatment or triage", Tier.HIGH),
                "insurance": Answer("Pricing of life or health insurance", Tier.HIGH),
                "education": Answer("Admission or grading", Tier.HIGH),
                "public": Answer("Access to public services or benefits", Tier.HIGH),
                "infrastructure": Answer("Safety of critical infrastructure", Tier.HIGH),
                "customer": Answer("Contact with customers", Tier.LIMITED),
                "operations": Answer("Internal operations", Tier.MINIMAL),
            },
        ),
        Question(
            id="effect",
            text="What does its output do to a person?",
            answers={
                "decides": Answer("Decides about them without review", Tier.HIGH),
                "informs": Answer("Informs a person who decides", Tier.LIMITED),
                "none": Answer("Nothing, or no person is concerned", Tier.MINIMAL),
            },
        ),
        Question(
            id="interaction",
            text="Do people talk to it or see content it made?",
            answers={
                "yes": Answer("Yes", Tier.LIMITED),
                "no": Answer("No", Tier.MINIMAL),
            },
        ),
    ),
)

SEVEREST = (Tier.PROHIBITED, Tier.HIGH, Tier.LIMITED, Tier.MINIMAL)


@dataclass(frozen=True, slots=True)
class Tiering:
    """A tier, the questionnaire it came from and the answers that drove it."""

    tier: Tier
    questionnaire: str
    drivers: tuple[str, ...]


def tier_of(answers: Mapping[str, str], *, questionnaire: Questionnaire = QUESTIONNAIRE) -> Tiering:
    """Compute the risk tier from a filled questionnaire.

    Raises
    ------
    InvalidInput
        A question is unanswered or unknown, or an answer is not one of the choices.
    """
    questions = {question.id: question for question in questionnaire.questions}
    for given in answers:
        if given not in questions:
            raise InvalidInput(f"the questionnaire has no question {given!r}: {list(questions)}")
    tiers: dict[str, Tier] = {}
    for question in questionnaire.questions:
        answer = answers.get(question.id, "")
        if answer not in question.answers:
            choices = ", ".join(question.answers)
            raise InvalidInput(f"question {question.id!r} needs one of {choices}, not {answer!r}")
        tiers[question.id] = question.answers[answer].tier
    worst = min(tiers.values(), key=SEVEREST.index)
    drivers = tuple(question for question, tier in tiers.items() if tier is worst)
    return Tiering(tier=worst, questionnaire=questionnaire.version, drivers=drivers)


@dataclass(frozen=True, slots=True)
class UseCase:
    """A business problem and what it is worth to solve it.

    Parameters
    ----------
    id
        A short name in lower case and hyphens, unique in the workspace.
    value, cost
        Expected per year, in `currency`.
    answers
        The filled risk questionnaire; the tier is computed from it, never typed in.
    simulated
        The records were made by the sample simulator and must say so wherever they are shown.
    """

    id: str
    name: str
    problem: str
    owner: str
    sponsor: str
    created_at: datetime
    tier: Tier
    questionnaire: str
    answers: Mapping[str, str]
    mode: Mode = Mode.AUGMENTATION
    kpis: tuple[Kpi, ...] = ()
    value: float | None = None
    cost: float | None = None
    currency: str = "EUR"
    affected: str = ""
    simulated: bool = False
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def tiering(self) -> Tiering:
        """The tier again, with the answers that drove it."""
        return tier_of(self.answers)

    def set_kpis(
        self, kpis: tuple[Kpi, ...], *, by: str, at: datetime, reason: str
    ) -> "tuple[UseCase, AuditEvent]":
        """Change the targets, keeping the old ones in the record of the change."""
        details = {
            "before": [[k.name, k.unit, k.target] for k in self.kpis],
            "after": [[k.name, k.unit, k.target] for k in kpis],
        }
        event = AuditEvent("usecase.kpis", f"usecase:{self.id}", by, at, reason, details=details)
        return replace(self, kpis=kpis), event
