"""Which tables there are: numbered steps, each applied once, in one transaction with its record.

A migration consists of SQL statements alone and reads nothing back, so that its checksum can be
taken without a database. Once released it is never edited; the next change is the next function.
The tables have no foreign keys (DuckDB then refuses harmless updates of the referenced row); the
services check what must exist.
"""

import hashlib
from collections.abc import Callable
from typing import Protocol

from lifecycle.errors import DamagedStore
from lifecycle.store import (
    alerts,
    approvals,
    changes,
    checkpoints,
    deliveries,
    explained,
    explained_rows,
    holds,
    incidents,
    limits,
    log_schemas,
    people,
    plans,
    policy_drafts,
    profiles,
    report_texts,
    requests,
    role_changes,
    runs,
    schema,
    sensitive,
    sessions,
    tallies,
    tokens,
)
from lifecycle.store.cells import Connection


class Executes(Protocol):
    """What a migration needs of a connection."""

    def execute(self, query: str, /) -> object:
        """Run statements."""
        ...


def m001_trail(tx: Executes) -> None:
    """Create workspace, audit trail and what may only grow."""
    tx.execute(schema.TRAIL)


def m002_registry(tx: Executes) -> None:
    """Create use cases, models, versions, datasets and snapshots."""
    tx.execute(schema.REGISTRY)


def m003_approvals(tx: Executes) -> None:
    """Create evidence, policies, requests and decisions."""
    tx.execute(schema.APPROVALS)


def m004_people(tx: Executes) -> None:
    """Create accounts, sign-ins, tokens and remembered responses."""
    tx.execute(schema.PEOPLE)


def m005_monitoring(tx: Executes) -> None:
    """Create monitors, bins, profiles, tallies and measurements."""
    tx.execute(schema.MONITORING)


def m006_work(tx: Executes) -> None:
    """Create the manifest of the logs, and jobs."""
    tx.execute(schema.WORK)


def m007_tallies_by_decision(tx: Executes) -> None:
    """Count again with decisions by score bin and relative errors in the tallies."""
    tx.execute(tallies.BY_DECISION)


def m008_alerts(tx: Executes) -> None:
    """Create alerts and the series that fire in them."""
    tx.execute(alerts.ALERTS)


def m009_runs(tx: Executes) -> None:
    """Keep the runs of monitors, and series and run of each measurement."""
    tx.execute(runs.RUNS)


def m010_checkpoints(tx: Executes) -> None:
    """Create signed checkpoints of the trail and the public keys they were signed with."""
    tx.execute(checkpoints.TABLES)


def m011_deliveries(tx: Executes) -> None:
    """Create channels, and the messages that leave through them."""
    tx.execute(deliveries.DELIVERIES)


def m012_incidents(tx: Executes) -> None:
    """Create incidents."""
    tx.execute(incidents.INCIDENTS)


def m013_exact_sums(tx: Executes) -> None:
    """Keep profiles by slice, and sums without rounding; everything is counted again from the logs.

    A monitor that seems never to have run counts its reference and every logged day anew.
    """
    tx.execute(profiles.EXACT)
    tx.execute(tallies.EXACT)
    tx.execute("DELETE FROM monitor_run")


def m014_decisions(tx: Executes) -> None:
    """Create drafts of policies, signatures, approvals, findings, delegations and comments."""
    tx.execute(policy_drafts.TABLES)
    tx.execute(requests.TABLES)
    tx.execute(requests.separation())
    tx.execute(approvals.TABLES)


def m015_access(tx: Executes) -> None:
    """Let roles reach units and tiers, ask a second person, and know people at a provider."""
    tx.execute(people.IDENTITIES)
    tx.execute(sessions.PROVED)
    tx.execute(role_changes.CHANGES)


def m016_learned_limits(tx: Executes) -> None:
    """Keep the limits that were learned from references."""
    tx.execute(limits.LIMITS)


def m017_legal_holds(tx: Executes) -> None:
    """Create legal holds."""
    tx.execute(holds.HOLDS)


def m018_log_schemas(tx: Executes) -> None:
    """Create the columns that the files of a log held."""
    tx.execute(log_schemas.TABLES)


def m019_change_points(tx: Executes) -> None:
    """Create the changes of the level of errors."""
    tx.execute(changes.CHANGES)


def m020_assessment_plans(tx: Executes) -> None:
    """Create the plans of assessments."""
    tx.execute(plans.PLANS)


def m021_explained_decisions(tx: Executes) -> None:
    """Create dictionaries of reasons and explanations of single decisions."""
    tx.execute(explained.TABLES)


def m022_report_texts(tx: Executes) -> None:
    """Create what people write into reports."""
    tx.execute(report_texts.TEXTS)


def m023_sensitive_parts(tx: Executes) -> None:
    """Create the record of protected attributes that lie apart."""
    tx.execute(sensitive.PARTS)


def m024_explained_rows(tx: Executes) -> None:
    """Create explanations of the rows of windows and references."""
    tx.execute(explained_rows.TABLE)


def m025_makers(tx: Executes) -> None:
    """Keep who made a token and a one-time link."""
    tx.execute(tokens.MAKERS)
    tx.execute(sessions.MAKERS)


def m026_reopened(tx: Executes) -> None:
    """Keep when an alert was last put before people again."""
    tx.execute(alerts.REOPENED)


Migration = Callable[[Executes], None]

MIGRATIONS: list[Migration] = [
    m001_trail,
    m002_registry,
    m003_approvals,
    m004_people,
    m005_monitoring,
    m006_work,
    m007_tallies_by_decision,
    m008_alerts,
    m009_runs,
    m010_checkpoints,
    m011_deliveries,
    m012_incidents,
    m013_exact_sums,
    m014_decisions,
    m015_access,
    m016_learned_limits,
    m017_legal_holds,
    m018_log_schemas,
    m019_change_points,
    m020_assessment_plans,
    m021_explained_decisions,
    m022_report_texts,
    m023_sensitive_parts,
    m024_explained_rows,
    m025_makers,
    m026_reopened,
]


class _Digest:
    """Takes the place of a connection and hashes what would be executed."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def execute(self, query: str, /) -> None:
        self._hash.update(" ".join(query.split()).encode())

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def checksum(migration: Migration) -> str:
    """Hash the statements of a migration, whatever their line breaks."""
    digest = _Digest()
    migration(digest)
    return digest.hexdigest()


def apply(con: Connection, migrations: list[Migration] = MIGRATIONS) -> list[int]:
    """Apply what is missing and return the numbers of it.

    Raises
    ------
    DamagedStore
        The database was written by a newer version, or by migrations with other statements.
    """
    con.execute(schema.VERSIONS)
    done: dict[int, str] = dict(
        con.execute("SELECT number, checksum FROM schema_version ORDER BY number").fetchall()
    )
    if len(done) > len(migrations):
        raise DamagedStore(
            f"the database has schema {max(done)}, this version knows {len(migrations)}; "
            "use the version that wrote it, or a newer one"
        )
    for number, migration in enumerate(migrations, start=1):
        if number in done and done[number] != checksum(migration):
            raise DamagedStore(f"the tables of migration {number} were made by other statements")
    todo = [n for n in range(1, len(migrations) + 1) if n not in done]
    for number in todo:
        _apply(con, number, migrations[number - 1])
    return todo


def _apply(con: Connection, number: int, migration: Migration) -> None:
    con.begin()
    try:
        migration(con)
        con.execute(
            """
            INSERT INTO schema_version (number, name, checksum)
            VALUES ($number, $name, $checksum)
            """,
            {"number": number, "name": migration.__name__, "checksum": checksum(migration)},
        )
        con.commit()
    except BaseException:
        con.rollback()
        raise
    con.execute("CHECKPOINT")


def protect(con: Connection) -> None:
    """Create the append-only triggers again; copying a database loses them."""
    for table in schema.APPEND_ONLY:
        con.execute(schema.append_only(table, again=True))
    con.execute(requests.separation(again=True))
