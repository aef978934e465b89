"""A workspace is opened once per process: one connection, a cursor per call, one writer."""

import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self, cast
from weakref import WeakValueDictionary

import duckdb

from lifecycle.domain.audit import GENESIS, verify
from lifecycle.errors import Conflict, DamagedStore, NotFound, WorkspaceBusy
from lifecycle.store import audit, durable, migrations
from lifecycle.store.cells import Connection, utc
from lifecycle.store.durable import DATABASE

__all__ = ["Connection", "Workspace"]

ANCHOR = "audit.head.json"
SERVER = "server.json"
PAUSE = 0.1
"""Seconds between two tries to open what another process has open, on average."""
FOLDERS = ("artifacts", "logs", "sensitive", "jobs", "tmp")

_open: "WeakValueDictionary[Path, Workspace]" = WeakValueDictionary()
"""Homes this process has open: DuckDB's lock keeps out other processes, not a second opening."""
_opening = threading.Lock()


class Workspace:
    """The folder everything is kept in, and the one connection to its database.

    Parameters
    ----------
    home
        The folder: `lifecycle.duckdb`, `audit.head.json` and the folders below.
    damage
        What is wrong with the audit trail, when it was opened for inspection all the same;
        such a workspace can be read and not written.
    seal
        Called at the end of every transaction with the number of the last event before it;
        what it writes is saved together with the rest.
    shown_from
        Groups of people with fewer rows are shown to nobody; 0 when all are.
    """

    def __init__(self, home: Path, con: Connection) -> None:
        self.home = home
        self.damage: str | None = None
        self.seal: Callable[[Connection, int], None] | None = None
        self.shown_from = 0
        self._con = con
        self._writer = threading.RLock()
        self._writing = False
        self._fresh: list[Path] = []
        self._anchored: tuple[int, str] = (0, GENESIS)
        self._announced = False

    @classmethod
    def create(cls, home: Path, *, at: datetime, sample: bool = False) -> "Workspace":
        """Make an empty workspace and open it.

        Parameters
        ----------
        sample
            It holds the sample portfolio, so sign-in without a password may be offered.

        Raises
        ------
        Conflict
            The folder holds a workspace already.
        """
        home = home.expanduser().resolve()
        if (home / DATABASE).exists():
            raise Conflict(f"there is already a workspace in {home}")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_folders(home)

        def build(part: Path) -> None:
            with duckdb.connect(str(part), config=CONFIG) as con:
                migrations.apply(con)
                con.execute(
                    "INSERT INTO workspace (created_at, sample) VALUES ($at, $sample)",
                    {"at": utc(at), "sample": sample},
                )

        durable.place_json(home / ANCHOR, {"sequence": 0, "hash": GENESIS})
        durable.place(home / DATABASE, via=home / "tmp", write=build)
        return cls.open(home)

    @classmethod
    def open(cls, home: Path, *, inspect: bool = False, wait: float = 0) -> "Workspace":
        """Open a workspace, bring its tables up to date and compare its trail with the anchor.

        Parameters
        ----------
        inspect
            Open for reading even when the trail is shorter or other than the anchor says;
            `damage` then holds the sentence.
        wait
            Seconds to try again while another process has it open; a server is not waited for.

        Raises
        ------
        NotFound
            There is no workspace in the folder.
        WorkspaceBusy
            This or another process has it open.
        DamagedStore
            The database cannot be read, or its audit trail lost or changed what was kept.
        """
        home = home.expanduser().resolve()
        if not (home / DATABASE).is_file():
            raise NotFound(f"there is no workspace in {home}; `lifecycle init` makes one")
        with _opening:
            if home in _open:
                raise WorkspaceBusy(f"this process has the workspace {home} open already")
            workspace = cls(home, _connected(home, wait=wait))
            try:
                migrations.apply(workspace._con)
                workspace._prepare(inspect=inspect)
            except BaseException:
                workspace._con.close()
                raise
            _open[home] = workspace
        return workspace

    def _prepare(self, *, inspect: bool) -> None:
        _make_folders(self.home)
        self.damage = self._compare()
        if self.damage and not inspect:
            raise DamagedStore(self.damage)
        if not self.damage:
            self._anchor(audit.head(self._con))
            for part in self.tmp.glob(f"*{durable.PART}*"):
                part.unlink(missing_ok=True)  # left behind by a crash; finished files lose it

    def _compare(self) -> str | None:
        """Say what is wrong when the trail does not hold the link whose hash was kept outside."""
        try:
            kept = self.kept_head()
        except DamagedStore as error:
            return str(error)
        sequence, hash_ = kept
        self._anchored = kept
        row = self._con.execute(
            "SELECT count(*) FROM audit WHERE sequence = $sequence AND hash = $hash",
            {"sequence": sequence, "hash": hash_},
        ).fetchone()
        if sequence == 0 or row == (1,):
            return None  # a longer trail is fine: a crash came between commit and anchor
        findings = verify(audit.links(self._con), head=kept)
        named = "; ".join(f.sentence for f in findings[:3])
        return f"the audit trail in {self.home} is not the one that was written: {named}"

    @property
    def sample(self) -> bool:
        """Whether it holds the sample portfolio."""
        row = self.cursor().execute("SELECT sample FROM workspace").fetchone()
        return bool(row and row[0])

    @property
    def artifacts(self) -> Path:
        """The folder of content-addressed files."""
        return self.home / "artifacts"

    @property
    def logs(self) -> Path:
        """The folder of prediction logs and outcomes."""
        return self.home / "logs"

    @property
    def sensitive(self) -> Path:
        """The folder of protected attributes, apart from the rows they belong to."""
        return self.home / "sensitive"

    @property
    def jobs(self) -> Path:
        """The folder where jobs exchange files with their workers."""
        return self.home / "jobs"

    @property
    def tmp(self) -> Path:
        """The folder of unfinished files; same file system as all others."""
        return self.home / "tmp"

    def kept_head(self) -> tuple[int, str]:
        """Return sequence and hash of the last audit event, as kept outside the database.

        Raises
        ------
        DamagedStore
            The anchor file is missing or cannot be read.
        """
        try:
            content = json.loads((self.home / ANCHOR).read_text(encoding="utf-8"))
            return int(content["sequence"]), str(content["hash"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            path = self.home / ANCHOR
            raise DamagedStore(f"the anchor of the audit trail, {path}, cannot be read") from error

    def cursor(self) -> Connection:
        """Return a cursor of its own for one call or one thread."""
        return self._con.cursor()

    @contextmanager
    def moment(self) -> Generator[Connection]:
        """Read: everything inside sees the workspace as it is now, whatever is written then."""
        con = self.cursor()
        con.begin()
        try:
            yield con
        finally:
            con.rollback()
            con.close()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """Write: everything inside is saved together, or nothing is.

        Raises
        ------
        Conflict
            Something else changed the same rows, or a name is taken.
        DamagedStore
            The workspace is open for inspection only.
        """
        with self._writer:
            if self._writing:
                raise RuntimeError("a transaction is open in this thread already")
            if self.damage:
                raise DamagedStore(self.damage)
            tx = self.cursor()
            self._writing, self._fresh = True, []
            try:
                tx.begin()
                with self._undone_on_error(tx):
                    yield tx
                    if self.seal:
                        self.seal(tx, self._anchored[0])
                    head = audit.head(tx)
                    self._commit(tx)
                self._anchor(head)
            finally:
                self._writing = False
                tx.close()

    @contextmanager
    def _undone_on_error(self, tx: Connection) -> Generator[None]:
        try:
            yield
        except BaseException as error:
            with suppress(duckdb.Error):  # a failed commit has ended the transaction itself
                tx.rollback()
            for file in self._fresh:
                file.unlink(missing_ok=True)
            if isinstance(error, duckdb.TransactionException | duckdb.ConstraintException):
                reason = str(error).splitlines()[0]
                raise Conflict(f"somebody else changed it first: {reason}") from error
            raise

    def _commit(self, tx: Connection) -> None:
        # From here on rows that name the new files may be durable, also if an error follows (the
        # disk fills up at the checkpoint, somebody interrupts); only a conflict is sure to undo.
        fresh, self._fresh = self._fresh, []
        try:
            tx.commit()
        except (duckdb.TransactionException, duckdb.ConstraintException):
            self._fresh = fresh
            raise

    def remove_on_rollback(self, file: Path) -> None:
        """Name a file that the open transaction made and that goes when it fails."""
        self._fresh.append(file)

    def _anchor(self, head: tuple[int, str]) -> None:
        """Keep the head of the trail outside the database; the log of DuckDB can lose rows."""
        if head != self._anchored:
            durable.place_json(self.home / ANCHOR, {"sequence": head[0], "hash": head[1]})
            self._anchored = head

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the database file, unless readers forbid."""
        with self._writer, suppress(duckdb.TransactionException):
            self._con.execute("CHECKPOINT")

    def announce(self, *, url: str) -> None:
        """Tell other processes where the server of this workspace listens."""
        durable.place_json(self.home / SERVER, {"pid": os.getpid(), "url": url})
        self._announced = True

    def close(self) -> None:
        """Save everything into the database file and let go of it."""
        with _opening, self._writer:
            if _open.get(self.home) is self:
                del _open[self.home]
                if not self.damage:
                    self.checkpoint()
                if self._announced:
                    (self.home / SERVER).unlink(missing_ok=True)
                self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


def _make_folders(home: Path) -> None:
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)


def _connected(home: Path, *, wait: float) -> Connection:
    """Connect, or wait as long as told for a command of another process to end."""
    until = time.monotonic() + wait
    while True:
        try:
            return _connect(home)
        except WorkspaceBusy as error:
            left = until - time.monotonic()
            if left <= 0 or _server(home, _holder(str(error.__cause__))):
                raise
        # Not in step with others that wait: of two that try at once, one fails again.
        time.sleep(min(left, PAUSE * (0.5 + random.random())))  # noqa: S311 -- no secret


def _connect(home: Path) -> Connection:
    try:
        con = duckdb.connect(str(home / DATABASE), config=CONFIG)
    except duckdb.IOException as error:
        if "set lock" in str(error):
            raise WorkspaceBusy(_busy(home, str(error))) from error
        raise _unreadable(home, error) from error
    except duckdb.Error as error:
        raise _unreadable(home, error) from error
    # From here on SQL reaches the logs, artefacts and temporary files of this workspace only.
    reachable = ", ".join(
        _quoted(f"{home / name}{os.sep}") for name in ("artifacts", "logs", "tmp")
    )
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = {_quoted(str(home / 'tmp' / 'spill'))}")
    con.execute(f"SET allowed_directories = [{reachable}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _unreadable(home: Path, error: duckdb.Error) -> DamagedStore:
    return DamagedStore(f"{home / DATABASE} cannot be opened: {str(error).splitlines()[0]}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _busy(home: Path, message: str) -> str:
    pid = _holder(message)
    who = f"process {pid}" if pid else "another process"
    server = _server(home, pid)
    if not server:
        return f"the workspace {home} is open in {who}; wait for it or stop it"
    url = server.get("url")
    return (
        f"the workspace {home} is served by {who} at {url}; "
        f"set LIFECYCLE_SERVER={url} and LIFECYCLE_TOKEN to go through it, or stop it"
    )


def _holder(message: str) -> int | None:
    """Return the process that DuckDB names as having the file open."""
    found = re.search(r"PID (\d+)", message)
    return int(found.group(1)) if found else None


def _server(home: Path, holder: int | None) -> dict[str, object]:
    """Return what a server said of itself, unless it is another process that has the file open."""
    server: dict[str, object] = {}
    with suppress(OSError, ValueError):
        server = cast("dict[str, object]", json.loads((home / SERVER).read_text(encoding="utf-8")))
    return server if holder in (None, server.get("pid")) else {}
