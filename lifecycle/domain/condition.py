"""Which versions a rule is about, so that one policy serves many kinds of model."""

from dataclasses import dataclass

from lifecycle.domain.model import Model, Version

PARTS = ("artifact", "reference", "score", "prediction", "sensitive")
"""What a condition may ask a version to have."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a rule to apply; an empty condition holds for everything.

    Parameters
    ----------
    task, kind
        The model's task or kind is one of these.
    has
        The version has all of these: a model file, a reference, or columns of that part.
    """

    task: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    has: tuple[str, ...] = ()

    def excuse(self, model: Model, version: Version) -> str:
        """Say why a rule does not apply; empty when it does."""
        if self.task and model.task not in self.task:
            return f"the task is {model.task}, and the rule is about {' or '.join(self.task)}"
        if self.kind and model.kind not in self.kind:
            return f"the kind is {model.kind}, and the rule is about {' or '.join(self.kind)}"
        known = {
            "artifact": version.artifact,
            "reference": version.reference,
            "score": version.columns.score,
            "prediction": version.columns.prediction,
            "sensitive": version.columns.sensitive,
        }
        missing = [part for part in self.has if not known[part]]
        return f"the version has no {' and no '.join(missing)}" if missing else ""
