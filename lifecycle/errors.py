"""Everything that can go wrong on purpose, as one tree.

Each class says once which exit code and HTTP status it becomes, so every entry point
(command line, HTTP, page) translates in one place and none invents its own.
"""


class LifecycleError(Exception):
    """Anything the product refuses or cannot do; the message is one plain sentence."""

    exit_code = 70
    status = 500
    title = "Something went wrong"


class InvalidInput(LifecycleError):
    """What was given cannot be used; the message names the file, column or row."""

    exit_code = 2
    status = 422
    title = "Invalid input"


class NotFound(InvalidInput):
    """Nothing in the workspace goes by that name."""

    status = 404
    title = "Not found"


class InsufficientData(LifecycleError):
    """Too little data to say anything; never a pass."""

    exit_code = 3
    status = 422
    title = "Insufficient data"


class CheckFailed(LifecycleError):
    """A check found something: drift, a refused gate, a broken chain."""

    exit_code = 1
    status = 409
    title = "Check failed"


class NotSignedIn(LifecycleError):
    """Nobody is signed in, or the token is unknown or expired."""

    exit_code = 4
    status = 401
    title = "Not signed in"


class NotAllowed(LifecycleError):
    """The actor's roles do not cover what was asked."""

    exit_code = 4
    status = 403
    title = "Not allowed"


class FourEyesViolation(NotAllowed):
    """The requester, the developer or a producer of the evidence tries to decide."""

    title = "A second person must decide"


class TooManyAttempts(NotAllowed):
    """Sign-in was tried too often; it opens again after a pause."""

    status = 429
    title = "Too many attempts"


class Conflict(LifecycleError):
    """Somebody else changed it first."""

    exit_code = 5
    status = 409
    title = "Conflict"


class AlreadyDecided(Conflict):
    """The request is no longer open."""

    title = "Already decided"


class StaleEvidence(Conflict):
    """The evidence or policy under a request changed after it was pinned."""

    title = "Evidence changed"


class WorkspaceBusy(Conflict):
    """Another process has the workspace open."""

    title = "Workspace in use"


class DamagedStore(LifecycleError):
    """The files on disk do not agree with each other; nothing was changed."""

    exit_code = 1
    status = 500
    title = "Damaged workspace"


class ServerUnreachable(LifecycleError):
    """The configured server does not answer."""

    exit_code = 2
    status = 503
    title = "Server unreachable"
