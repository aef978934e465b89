"""What an installation may set, read once by an entry point and passed down."""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import cast

from lifecycle.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything `lifecycle.toml` or a ``LIFECYCLE_*`` variable may say; the environment wins.

    Parameters
    ----------
    home
        The workspace folder.
    server, token
        Where a running server is and the bearer token for it; without a server the workspace is
        opened in this process.
    acting_as
        The person to act as in a sample workspace, where nobody has a password.
    host, port
        Where `lifecycle serve` listens.
    allowed_hosts
        Host names the server answers to, beside the address it listens on.
    public_url
        The address people use, when a proxy stands before the server.
    session_hours
        How long a sign-in lasts.
    workers
        Processes that run long jobs.
    wait_seconds
        How long a command waits for another one that has the workspace open.
    oidc_issuer, oidc_client_id, oidc_client_secret
        The organisation's own sign-in provider and how this server is known there.
    oidc_groups_claim, oidc_groups
        Which claim lists a person's groups, and pairs of a group and what it gives: a role,
        ``unit:NAME`` or ``tier:NAME``.
    suppress_below
        Groups of fewer rows are not shown, nor are those that would give them away.
    retention
        Pairs of a class of records and the days it is kept, where they differ from the house's.
    """

    home: Path
    server: str | None = None
    token: str | None = None
    acting_as: str | None = None
    host: str = "127.0.0.1"
    port: int = 8501
    allowed_hosts: tuple[str, ...] = ()
    public_url: str | None = None
    session_hours: int = 12
    workers: int = 1
    wait_seconds: int = 10
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_groups_claim: str = "groups"
    oidc_groups: tuple[tuple[str, str], ...] = ()
    suppress_below: int = 0
    retention: tuple[tuple[str, int], ...] = ()


VARIABLES = {
    "home": "LIFECYCLE_HOME",
    "server": "LIFECYCLE_SERVER",
    "token": "LIFECYCLE_TOKEN",
    "acting_as": "LIFECYCLE_AS",
    "host": "LIFECYCLE_HOST",
    "port": "LIFECYCLE_PORT",
    "allowed_hosts": "LIFECYCLE_ALLOWED_HOSTS",
    "public_url": "LIFECYCLE_PUBLIC_URL",
    "session_hours": "LIFECYCLE_SESSION_HOURS",
    "workers": "LIFECYCLE_WORKERS",
    "wait_seconds": "LIFECYCLE_WAIT_SECONDS",
    "oidc_issuer": "LIFECYCLE_OIDC_ISSUER",
    "oidc_client_id": "LIFECYCLE_OIDC_CLIENT_ID",
    "oidc_client_secret": "LIFECYCLE_OIDC_CLIENT_SECRET",
    "oidc_groups_claim": "LIFECYCLE_OIDC_GROUPS_CLAIM",
    "oidc_groups": "LIFECYCLE_OIDC_GROUPS",
    "suppress_below": "LIFECYCLE_SUPPRESS_BELOW",
    "retention": "LIFECYCLE_RETENTION",
}


def load(environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Read the settings of one workspace.

    Raises
    ------
    InvalidInput
        `lifecycle.toml` cannot be read, or a setting has the wrong type or an unknown name.
    """
    given = os.environ if environ is None else environ
    folder = home or (Path(given["LIFECYCLE_HOME"]) if given.get("LIFECYCLE_HOME") else None)
    folder = (folder or default_home(given)).expanduser().absolute()
    values: dict[str, object] = dict(_from_file(folder / "lifecycle.toml"))
    for name, variable in VARIABLES.items():
        if name != "home" and given.get(variable):
            values[name] = given[variable]
    return replace(Settings(home=folder), **{k: _typed(k, v) for k, v in values.items()})


def default_home(environ: Mapping[str, str]) -> Path:
    """Return `data/workspace` in a checkout, else a folder among the user's data."""
    checkout = Path(__file__).parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "pages").is_dir():
        return checkout / "data" / "workspace"
    if sys.platform == "win32":
        base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "lifecycle"


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}") from error
    known = {f.name for f in fields(Settings)} - {"home"}
    for name in values:
        if name not in known:
            raise InvalidInput(f"{path} has the unknown setting {name!r}; known: {sorted(known)}")
    return values


def _typed(name: str, value: object) -> object:
    if name in {"port", "session_hours", "workers", "wait_seconds", "suppress_below"}:
        return _whole(name, value)
    if name == "oidc_groups":
        return _pairs(value, sentence="GROUP=ROLE, GROUP=unit:NAME and so on", name=name)
    if name == "retention":
        found = _pairs(value, sentence="CLASS=DAYS", name=name)
        return tuple((record_class, _whole(name, days)) for record_class, days in found)
    if name == "allowed_hosts":
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list):
            raise InvalidInput("setting allowed_hosts must be a list of host names")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    return str(value)


def _whole(name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise InvalidInput(f"setting {name} must be a whole number, not {value!r}") from error


def _pairs(value: object, *, sentence: str, name: str) -> tuple[tuple[str, str], ...]:
    """Read `group=word, group=word`, or a table of groups with a word or several each."""
    if isinstance(value, str):
        parts = [part.rpartition("=") for part in value.split(",") if part.strip()]
        found = [(group.strip(), word.strip()) for group, _, word in parts]
    else:
        table = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {"": ""}
        found = [
            (group, str(word).strip())
            for group, given in table.items()
            for word in (cast("list[object]", given) if isinstance(given, list) else [given])
        ]
    if not all(group and word for group, word in found):
        raise InvalidInput(f"setting {name} must say {sentence}")
    return tuple(found)
