"""May this version go further: the gate, requests pinned to evidence, votes, and what follows."""

from lifecycle.services.approvals.able import eligible
from lifecycle.services.approvals.asking import request, withdraw
from lifecycle.services.approvals.cases import case_of, terms_of
from lifecycle.services.approvals.clock import tick
from lifecycle.services.approvals.comparing import (
    is_stale,
    moved,
    newer_policy,
    since_last_approval,
)
from lifecycle.services.approvals.deciding import decide, decide_many, is_bulk
from lifecycle.services.approvals.following import (
    Task,
    answer_finding,
    assign_finding,
    close_finding,
    comment,
    delegate,
    end_delegation,
    extend_finding,
    lenders,
    may_agree,
    takers,
    tasks,
)
from lifecycle.services.approvals.gate import Answer, ask, break_glass, decided_on, gate, gate_of
from lifecycle.services.approvals.seconds import started_as
from lifecycle.services.approvals.signing import Proof
from lifecycle.services.approvals.standing import current, of_request, refresh
from lifecycle.services.approvals.waiting import QueueItem, Waiting, queue, waiting, why_not

__all__ = [
    "Answer",
    "Proof",
    "QueueItem",
    "Task",
    "Waiting",
    "answer_finding",
    "ask",
    "assign_finding",
    "break_glass",
    "case_of",
    "close_finding",
    "comment",
    "current",
    "decide",
    "decide_many",
    "decided_on",
    "delegate",
    "eligible",
    "end_delegation",
    "extend_finding",
    "gate",
    "gate_of",
    "is_bulk",
    "is_stale",
    "lenders",
    "may_agree",
    "moved",
    "newer_policy",
    "of_request",
    "queue",
    "refresh",
    "request",
    "since_last_approval",
    "started_as",
    "takers",
    "tasks",
    "terms_of",
    "tick",
    "waiting",
    "why_not",
    "withdraw",
]
