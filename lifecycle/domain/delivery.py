"""A message on its way out: to which channel, tried how often, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.domain.alert import Severity
from lifecycle.errors import Conflict

PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""How long to wait after each failed attempt; after the last one the message is given up."""

LEASE = timedelta(minutes=5)
"""After this long without an answer, whoever was sending is taken to have died."""


class ChannelKind(StrEnum):
    """How a channel is reached."""

    APPRISE = "apprise"
    """Mail, chat and whatever else has an Apprise address."""
    WEBHOOK = "webhook"
    """A signed POST of JSON."""
    FILE = "file"
    """A line of JSON in a file of the workspace."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A door through which messages leave, set up by an administrator.

    Parameters
    ----------
    hint
        Where it leads, without anything secret.
    sealed
        The address and its secret, encrypted.
    least
        The mildest alert it hears of.
    """

    name: str
    kind: ChannelKind
    hint: str
    least: Severity
    created_at: datetime
    created_by: str
    sealed: str = field(repr=False)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What people or programs are told.

    Parameters
    ----------
    topic
        What happened to what, such as ``alert.raised``.
    subject
        What it is about, such as ``alert:alert-7``.
    link
        The page that shows it, without the server's address.
    facts
        The same for programs; JSON values only.
    """

    topic: str
    subject: str
    severity: Severity
    title: str
    text: str
    link: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def over(self) -> bool:
        """Whether it says that something is over, and asks nobody for anything."""
        return self.topic in OVER


OVER = frozenset({"alert.cleared", "incident.closed"})
"""Topics of messages that something is over."""


class DeliveryState(StrEnum):
    """Where a message is."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver a message."""

    number: int
    at: datetime
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for one channel.

    Parameters
    ----------
    key
        Sent along with every attempt, so that the receiver takes the message once.
    next_at
        When it is tried next, or when whoever is sending counts as dead.
    detail
        What the last attempt said.
    """

    id: str
    channel: str
    message: Message
    key: str
    created_at: datetime
    next_at: datetime
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    sent_at: datetime | None = None
    detail: str = ""

    def taken(self, *, at: datetime) -> "Delivery":
        """Begin an attempt."""
        return replace(
            self,
            state=DeliveryState.SENDING,
            attempts=self.attempts + 1,
            next_at=at + LEASE,
        )

    def arrived(self, *, at: datetime, detail: str) -> "tuple[Delivery, Attempt]":
        """End an attempt that went well."""
        done = replace(self, state=DeliveryState.SENT, sent_at=at, detail=detail)
        return done, Attempt(self.attempts, at, ok=True, detail=detail)

    def failed(self, *, at: datetime, detail: str, final: bool) -> "tuple[Delivery, Attempt]":
        """End an attempt that did not; try again later, or give up.

        Parameters
        ----------
        final
            The receiver refused it, and would again.
        """
        given_up = final or self.attempts > len(PAUSES)
        after = replace(
            self,
            state=DeliveryState.DEAD if given_up else DeliveryState.QUEUED,
            next_at=at if given_up else at + PAUSES[self.attempts - 1],
            detail=detail,
        )
        return after, Attempt(self.attempts, at, ok=False, detail=detail)

    def again(self, *, at: datetime) -> "Delivery":
        """Give a message that was given up another round of attempts.

        Raises
        ------
        Conflict
            It was not given up.
        """
        if self.state is not DeliveryState.DEAD:
            raise Conflict(f"{self.id} is {self.state}; only what was given up can be sent again")
        return replace(self, state=DeliveryState.QUEUED, attempts=0, next_at=at)
