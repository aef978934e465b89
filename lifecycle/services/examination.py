"""Can this trail be believed: the chain, its signatures and its clock, judged apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lifecycle.adapters import keys
from lifecycle.domain.audit import Finding, Link, Tampering
from lifecycle.domain.checkpoint import Checkpoint, message
from lifecycle.domain.measurement import State
from lifecycle.domain.proof import (
    Agreement,
    Authenticity,
    Examination,
    Integrity,
    Times,
    Walk,
    disagreements,
    walk,
)


def examine(
    links: Iterable[Link],
    *,
    head: tuple[int, str] | None,
    checkpoints: Sequence[Checkpoint],
    public: Mapping[str, str],
    trusted: bool,
) -> Examination:
    """Judge a trail.

    Parameters
    ----------
    links
        The chain from its first link.
    head
        Sequence and hash of the last link, as kept apart from the chain.
    public
        Public keys by their name.
    trusted
        Whoever asks brought the keys along.
    """
    good, forged = _judged(checkpoints, public=public, trusted=trusted)
    walked = walk(links, places=[c.sequence for c in good], head=head)
    findings = walked.findings()
    events, last = walked.events, walked.end[1]
    differing, agreed = disagreements(walked, good, events=events)
    return Examination(
        Integrity(events, last, head is not None, tuple(findings)),
        _authenticity(good, agreed=agreed, trusted=trusted, findings=[*forged, *differing]),
        _times(walked, good, agreed=agreed),
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim about a trail, in a sentence.

    Parameters
    ----------
    state
        ``ok`` or ``breach``; ``insufficient`` where there is nothing to judge by, and
        ``not_applicable`` for times, which nothing here can judge.
    """

    name: str
    state: State
    sentence: str


def told(found: Examination) -> list[Claim]:
    """Say what can be claimed of a trail, each claim on its own."""
    claims = [_of_integrity(found), _of_authenticity(found), _of_time(found)]
    return claims if found.agreement is None else [*claims, _of_agreement(found.agreement)]


def _of_integrity(found: Examination) -> Claim:
    events, findings = found.integrity.events, found.integrity.findings
    if findings:
        said = "; ".join(f.sentence for f in findings[:SHOWN])
        return Claim(
            "integrity", State.BREACH, f"The chain is broken ({len(findings)} findings): {said}."
        )
    end = ", and the last one is the one kept apart" if found.integrity.anchored else ""
    said = f"All {events:,} events are unchanged, complete and in order{end}."
    return Claim("integrity", State.OK, said)


def _of_authenticity(found: Examination) -> Claim:
    claim, events = found.authenticity, found.integrity.events
    if claim.findings:
        said = "; ".join(f.sentence for f in claim.findings[:SHOWN])
        return Claim(
            "authenticity", State.BREACH, f"{len(claim.findings)} signatures disagree: {said}."
        )
    if not claim.signed:
        return Claim(
            "authenticity",
            State.INSUFFICIENT,
            "Nothing is signed, so nobody vouches for the chain.",
        )
    rest = events - claim.signed
    open_ = f"; the {rest:,} after it are not signed yet" if rest else ""
    by = ", ".join(claim.keys)
    source = (
        "the key you gave"
        if claim.trusted
        else "a key that comes with the trail, so compare its name with the one you keep elsewhere"
    )
    said = (
        f"Signed up to event {claim.signed:,} of {events:,} with key {by}{open_}; this is {source}."
    )
    return Claim("authenticity", State.OK, said)


def _of_time(found: Examination) -> Claim:
    times = found.time
    if times.first is None or times.last is None:
        return Claim("time", State.INSUFFICIENT, "There are no events.")
    span = f"{times.first:%Y-%m-%d %H:%M} to {times.last:%Y-%m-%d %H:%M} UTC"
    back = f"; {times.backwards:,} are dated before the one they follow" if times.backwards else ""
    signed = ""
    if times.signed_at is not None:
        signed = (
            f"; what is signed existed on {times.signed_at:%Y-%m-%d %H:%M} UTC, says its signer"
        )
    said = f"{span} by the server's clock{back}{signed}. No outside authority vouches for times."
    return Claim("time", State.NOT_APPLICABLE, said)


def _of_agreement(claim: Agreement) -> Claim:
    if claim.findings:
        said = "; ".join(f.sentence for f in claim.findings[:SHOWN])
        return Claim(
            "agreement",
            State.BREACH,
            f"Not as the trail tells, {len(claim.findings):,} in all: {said}.",
        )
    said = (
        f"All {claim.records:,} versions, requests, votes, approvals, findings and policies are "
        "as the trail tells."
    )
    return Claim("agreement", State.OK, said)


SHOWN = 3
"""Findings that a sentence names; the list has all."""


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
