"""Who gets in: sign-in, people and tokens."""

from lifecycle.services.access.people import (
    add_person,
    deactivate,
    invite,
    reactivate,
    set_password,
)
from lifecycle.services.access.provided import sign_in_provided
from lifecycle.services.access.reauthentication import Confirmation, confirm
from lifecycle.services.access.roles import answer_roles, set_roles, some_reach
from lifecycle.services.access.signing import (
    actor_of_session,
    sign_in,
    sign_in_sample,
    sign_out,
    sign_out_everywhere,
    take_invitation,
)
from lifecycle.services.access.tokens import actor_of_token, add_token, revoke_token

__all__ = [
    "Confirmation",
    "actor_of_session",
    "actor_of_token",
    "add_person",
    "add_token",
    "answer_roles",
    "confirm",
    "deactivate",
    "invite",
    "reactivate",
    "revoke_token",
    "set_password",
    "set_roles",
    "sign_in",
    "sign_in_provided",
    "sign_in_sample",
    "sign_out",
    "sign_out_everywhere",
    "some_reach",
    "take_invitation",
]
