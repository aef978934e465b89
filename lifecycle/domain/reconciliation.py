"""Do the records agree with the trail: what stands in the tables, against what the events tell.

The chain shows that no event was changed. Whoever edits a table beside it is found here, because
every change of a stage, a request, a vote, an approval, a finding or a policy is an event too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lifecycle.domain.audit import AuditEvent, Finding, Link, Tampering
from lifecycle.domain.history import ENDS, VOTES
from lifecycle.domain.model import Stage

Fields = Mapping[str, str]

SEALED = "sealed:"
"""How a text begins that only its author's key opens; it is compared with nothing."""


@dataclass(slots=True)
class Told:
    """What the trail says of one record, and the event that said so last."""

    sequence: int
    fields: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Ledger:
    """The records that events tell of, by name, such as ``request:req-4`` or ``vote:req-4/0``."""

    told: dict[str, Told] = field(default_factory=dict[str, Told])
    votes: dict[str, int] = field(default_factory=dict[str, int])

    def follow(self, links: Iterable[Link]) -> Iterator[Link]:
        """Give the links on, in the order of the chain, and keep what they tell."""
        for link in links:
            for name, fields in _records(link.event, self.votes):
                told = self.told.setdefault(name, Told(link.sequence))
                told.sequence = link.sequence
                told.fields.update({k: v for k, v in fields.items() if not v.startswith(SEALED)})
            yield link


TELLING = frozenset({"version", "policy", "finding", "approval", "request"})
"""First words of the actions that may tell of a record."""


def disagreements(told: Mapping[str, Told], kept: Mapping[str, Fields]) -> list[Finding]:
    """Name every record that is not as the trail tells of it, by event.

    Parameters
    ----------
    kept
        What the tables hold, by the same names.
    """
    found = [
        Finding(said.sequence, Tampering.EDITED, sentence)
        for name, said in told.items()
        for sentence in _differing(name, said, kept.get(name))
    ]
    untold = [
        Finding(0, Tampering.EDITED, f"no event tells of {_named(name)}")
        for name in kept
        if name not in told
    ]
    return sorted([*found, *untold], key=lambda finding: finding.sequence)


def moment(at: datetime | str) -> str:
    """Write a time in the one way that is compared."""
    read = datetime.fromisoformat(at) if isinstance(at, str) else at
    return read.astimezone(UTC).isoformat()


def _differing(name: str, told: Told, kept: Fields | None) -> Iterable[str]:
    if kept is None:
        yield f"{_named(name)} is gone, event {told.sequence} tells of it"
        return
    for key, value in told.fields.items():
        if kept.get(key) != value:
            has = f"{kept.get(key)!r}" if kept.get(key) else "nothing"
            yield (
                f"{_named(name)} has {has} as its {key}, event {told.sequence} leaves "
                f"{value or 'nothing'!r}"
            )


def _named(name: str) -> str:
    kind, _, rest = name.partition(":")
    return f"the {kind} {rest}"


def _records(event: AuditEvent, votes: dict[str, int]) -> Iterable[tuple[str, Fields]]:
    """Give the records that an event tells of, each with the fields it sets."""
    first, _, second = event.action.partition(".")
    if first not in TELLING:
        return
    kind, _, name = event.subject.partition(":")
    if first == "version" and second in {"add", "move"}:
        at = "stage" if second == "add" else "after"
        yield event.subject, {"stage": _text(event, at) or Stage.DRAFT}
    elif event.action == "policy.publish":
        yield event.subject, _some(event, "sha256")
    elif first == "finding" and second in PROGRESS:
        given = ("version", "request", "severity")
        yield event.subject, {**_some(event, *given), **_progress(event, second)}
    elif first == "approval" and kind == "request":
        fields = _some(event, "version", "stage", "standing", "effect")
        yield f"approval:{name}", fields | {"expires_at": _moment(event, "expires_at")}
    elif first == "request" and second == "open":
        given = ("version", "to", "policy", "policy_sha256", "bundle")
        yield event.subject, _some(event, *given) | {"status": "open"}
    elif first == "request":
        status = _text(event, "status") or ENDS.get(second, "")
        if status:
            yield event.subject, {"status": status}
        if second in VOTES:
            place = votes[name] = votes.get(name, -1) + 1
            yield f"vote:{name}/{place}", {"by": event.by, "vote": second}


PROGRESS = {"open": "open", "answer": "answered", "extend": "", "close": "closed"}
"""How far a finding is after an event; more time leaves it where it is."""


def _progress(event: AuditEvent, second: str) -> dict[str, str]:
    due = {} if second in {"answer", "close"} else {"due_at": _moment(event, "due_at")}
    return due | ({"status": PROGRESS[second]} if PROGRESS[second] else {})


def _some(event: AuditEvent, *keys: str) -> dict[str, str]:
    return {key: _text(event, key) for key in keys}


def _text(event: AuditEvent, key: str) -> str:
    value = event.details.get(key)
    return "" if value is None else str(value)


def _moment(event: AuditEvent, key: str) -> str:
    value = _text(event, key)
    return moment(value) if value and not value.startswith(SEALED) else value
