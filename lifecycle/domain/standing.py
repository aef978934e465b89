"""What an approval is worth today: it holds, nears its end, lost its ground, or is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.domain.approval import Request
from lifecycle.domain.audit import AuditEvent
from lifecycle.domain.model import Stage
from lifecycle.domain.terms import MILDEST, Cause, Effect, Terms


class Standing(StrEnum):
    """What an approval is worth."""

    VALID = "valid"
    EXPIRING = "expiring"
    STALE = "stale"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


ENDED = frozenset({Standing.EXPIRED, Standing.REVOKED, Standing.SUPERSEDED})
"""Nothing brings these back but a new request: not new data, and not a clock that jumps back."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approved request gave a version.

    Parameters
    ----------
    expires_at
        ``None`` where the policy sets no end.
    effect
        What may go on; ``None`` while it holds.
    reasons
        What took its ground, by cause.
    changed_at
        When this standing was found.
    """

    request_id: str
    version_id: str
    stage: Stage
    granted_at: datetime
    expires_at: datetime | None
    standing: Standing = Standing.VALID
    effect: Effect | None = None
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    changed_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Tell whether something new may be started or promoted under it."""
        return self.standing not in ENDED and self.effect in {None, Effect.KEEP}

    def aged(self, at: datetime) -> "Approval":
        """Return it as time alone leaves it: over from its end on, though no clock said so yet.

        What was judged after its end stays: a policy may let things go on as stale.
        """
        if self.standing in ENDED or self.expires_at is None or at < self.expires_at:
            return self
        if self.changed_at is not None and self.changed_at >= self.expires_at:
            return self
        reasons = {Cause.REVIEW.value: f"it held until {self.expires_at:%Y-%m-%d}"}
        return replace(self, standing=Standing.EXPIRED, reasons=reasons)

    @property
    def sentence(self) -> str:
        """What it is worth, in words that follow its request's name."""
        why = "; ".join(self.reasons.values())
        held = self.standing in {Standing.VALID, Standing.EXPIRING}
        if held:
            until = "" if self.expires_at is None else f" until {self.expires_at:%Y-%m-%d}"
            return f"holds{until}"
        effect = GOES_ON[self.effect] if self.effect and self.standing not in OVER else ""
        return f"is {self.standing}{': ' if why else ''}{why}{effect}"

    def judged(
        self,
        *,
        lost: Mapping[Cause, str],
        overdue: Sequence[str],
        terms: Terms,
        at: datetime,
    ) -> "tuple[Approval, AuditEvent | None]":
        """Return its standing at a time, and the event if that is another than before.

        Parameters
        ----------
        lost
            What changed since it was given, as sentences.
        overdue
            Conditions and reviews that were due and are not closed.
        """
        if self.standing in ENDED:
            return self, None
        now = at if self.changed_at is None else max(at, self.changed_at)
        after = self._after(lost=lost, overdue=overdue, terms=terms, at=now)
        same = (self.standing, self.effect) == (after.standing, after.effect)
        if same and dict(self.reasons) == dict(after.reasons):
            return self, None
        after = replace(after, changed_at=now)
        return after, after.event(before=self.standing, by=CLOCK, at=now)

    def over(
        self, standing: Standing, reason: str, *, by: str, at: datetime
    ) -> "tuple[Approval, AuditEvent]":
        """End it by hand: revoked, or superseded by a later approval."""
        effect = Effect.STOP if standing is Standing.REVOKED else None
        reasons = {standing.value: reason}
        after = replace(self, standing=standing, effect=effect, reasons=reasons, changed_at=at)
        return after, after.event(before=self.standing, by=by, at=at)

    def _after(
        self, *, lost: Mapping[Cause, str], overdue: Sequence[str], terms: Terms, at: datetime
    ) -> "Approval":
        if overdue:
            reasons = {"condition": "; ".join(overdue)}
            revoked, stop = Standing.REVOKED, Effect.STOP
            return replace(self, standing=revoked, effect=stop, reasons=reasons)
        if self.expires_at is not None and at >= self.expires_at:
            over, effect = f"it held until {self.expires_at:%Y-%m-%d}", terms.stale[Cause.REVIEW]
            if effect is not Effect.KEEP:
                reasons = {Cause.REVIEW.value: over}
                return replace(self, standing=Standing.EXPIRED, effect=effect, reasons=reasons)
            lost = {**lost, Cause.REVIEW: over}  # it goes on, so what else it loses still counts
        if lost:
            effect = max((terms.stale[cause] for cause in lost), key=MILDEST.index)
            if self.effect is Effect.STOP:
                effect = Effect.STOP  # what was stopped starts again by a request, not by itself
            said = {cause.value: sentence for cause, sentence in lost.items()}
            return replace(self, standing=Standing.STALE, effect=effect, reasons=said)
        if self.effect is Effect.STOP:
            return self
        if self.expires_at is not None and at >= self.expires_at - timedelta(terms.notice_days):
            reasons = {Cause.REVIEW.value: f"it holds until {self.expires_at:%Y-%m-%d}"}
            return replace(self, standing=Standing.EXPIRING, effect=None, reasons=reasons)
        return replace(self, standing=Standing.VALID, effect=None, reasons={})

    def event(self, *, before: Standing | None, by: str, at: datetime) -> AuditEvent:
        """Return the event of a new standing."""
        details: dict[str, object] = {
            "version": self.version_id,
            "stage": self.stage,
            "before": before,
            "standing": self.standing,
            "effect": self.effect,
            "expires_at": self.expires_at and self.expires_at.isoformat(),
        }
        subject = f"request:{self.request_id}"
        reason = "; ".join(self.reasons.values())
        return AuditEvent(
            f"approval.{self.standing}",
            subject,
            by,
            at,
            reason=reason,
            via="clock",
            details=details,
        )


OVER = frozenset({Standing.REVOKED, Standing.SUPERSEDED})
"""What ended for another reason than its date or its ground."""

GOES_ON: Mapping[Effect, str] = {
    Effect.KEEP: "; what runs and what starts anew may go on",
    Effect.LIMIT: "; what runs may go on, nothing new may start",
    Effect.STOP: "; it may not run",
}
"""What may go on, by what the policy says of it."""

CLOCK = "clock@lifecycle"
"""Whom the trail names for what happens because time passed or data arrived."""


def granted(request: Request, *, terms: Terms, at: datetime) -> Approval:
    """Return what an approved request gives, from now on."""
    lasts = None if terms.valid_days is None else at + timedelta(days=terms.valid_days)
    return Approval(
        request_id=request.id,
        version_id=request.version_id,
        stage=request.to,
        granted_at=at,
        expires_at=lasts,
        changed_at=at,
    )
