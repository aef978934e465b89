"""Can this trail be believed: the chain, its signatures and its clock, judged apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from lifecycle.adapters import keys
from lifecycle.domain.audit import GENESIS, Finding, Link, Tampering, verify
from lifecycle.domain.checkpoint import Checkpoint, message
from lifecycle.domain.proof import (
    Authenticity,
    Examination,
    Integrity,
    Times,
    Walk,
    disagreements,
    walk,
)

Head = tuple[int, str]


def examine(
    links: Callable[[], Iterable[Link]],
    *,
    head: Head | None,
    checkpoints: Sequence[Checkpoint],
    public: Mapping[str, str],
    trusted: bool,
) -> Examination:
    """Judge a trail.

    Parameters
    ----------
    links
        Gives the chain from its first link; asked a second time only when something is wrong,
        because naming what was done takes the whole chain at once.
    head
        Sequence and hash of the last link, as kept apart from the chain.
    public
        Public keys by their name.
    trusted
        Whoever asks brought the keys along.
    """
    good, forged = _judged(checkpoints, public=public, trusted=trusted)
    walked = walk(links(), places=[c.sequence for c in good], head=head or (0, GENESIS))
    held = head is None or head == (0, GENESIS) or head in walked.held
    findings: list[Finding] = []
    events = walked.sequence
    if not walked.whole or not held:
        chain = list(links())
        findings = verify(chain, head=head)
        events = max((link.sequence for link in chain), default=0)
    differing, agreed = disagreements(walked, good, events=events)
    return Examination(
        Integrity(events, walked.hash, head is not None, tuple(findings)),
        _authenticity(good, agreed=agreed, trusted=trusted, findings=[*forged, *differing]),
        _times(walked, good, agreed=agreed),
    )


def _judged(
    checkpoints: Sequence[Checkpoint], *, public: Mapping[str, str], trusted: bool
) -> tuple[list[Checkpoint], list[Finding]]:
    good: list[Checkpoint] = []
    forged: list[Finding] = []
    for one in checkpoints:
        if keys.verify(public.get(one.key, ""), message(one), one.signature):
            good.append(one)
            continue
        unknown = "by none of the keys given" if trusted else "by no key known here"
        why = "not with the key it names" if one.key in public else unknown
        said = f"the checkpoint at event {one.sequence} is signed {why}"
        forged.append(Finding(one.sequence, Tampering.FORGED, said))
    return good, forged


def _authenticity(
    good: Sequence[Checkpoint], *, agreed: int, trusted: bool, findings: Sequence[Finding]
) -> Authenticity:
    return Authenticity(
        signed=agreed,
        signatures=len(good),
        keys=tuple(dict.fromkeys(one.key for one in good)),
        trusted=trusted,
        findings=tuple(findings),
    )


def _times(walked: Walk, good: Sequence[Checkpoint], *, agreed: int) -> Times:
    signed = [one.at for one in good if one.sequence == agreed]
    return Times(walked.first, walked.last, walked.backwards, max(signed, default=None))
