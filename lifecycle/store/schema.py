"""The tables as SQL, one text per migration.

Nested values are JSON text: a list column would turn every update into delete and insert.
The bulk tables (profiles, tallies, measurements) have no key: whole days and windows are replaced
under the one write lock, and an index over them would cost more than it saves.
"""

APPEND_ONLY = (
    "audit",
    "evidence",
    "policy",
    "decision",
    "signing_key",
    "checkpoint",
    "signature",
    "comment",
)


def append_only(table: str, *, again: bool = False) -> str:
    """Write the triggers that refuse to change or remove rows of a table."""
    unless = "IF NOT EXISTS " if again else ""
    return "".join(
        f"""
        CREATE TRIGGER {unless}{table}_refuses_{verb} BEFORE {verb} ON {table} FOR EACH STATEMENT
            INSERT INTO refusal SELECT error('{table} is append-only');
        """
        for verb in ("update", "delete")
    )


VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_version (
    number INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
"""

TRAIL = f"""
CREATE TABLE workspace (created_at TIMESTAMPTZ NOT NULL, sample BOOLEAN NOT NULL);
CREATE TABLE refusal (never INTEGER);
CREATE TABLE audit (
    sequence BIGINT NOT NULL UNIQUE,
    action VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL,
    via VARCHAR NOT NULL,
    details VARCHAR NOT NULL,
    previous VARCHAR NOT NULL UNIQUE,
    hash VARCHAR NOT NULL
);
{append_only("audit")}
"""

REGISTRY = """
CREATE TABLE use_case (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    problem VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    sponsor VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    tier VARCHAR NOT NULL,
    questionnaire VARCHAR NOT NULL,
    answers VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    kpis VARCHAR NOT NULL,
    value DOUBLE,
    cost DOUBLE,
    currency VARCHAR NOT NULL,
    affected VARCHAR NOT NULL,
    simulated BOOLEAN NOT NULL,
    tags VARCHAR NOT NULL
);
CREATE TABLE model (
    id VARCHAR PRIMARY KEY,
    use_case_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    task VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    intended_use VARCHAR NOT NULL,
    out_of_scope VARCHAR NOT NULL,
    vendor VARCHAR NOT NULL,
    tags VARCHAR NOT NULL
);
CREATE TABLE version (
    id VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    developer VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    columns VARCHAR NOT NULL,
    artifact VARCHAR,
    artifact_format VARCHAR,
    reference VARCHAR,
    training VARCHAR,
    code_commit VARCHAR,
    metrics VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,
    environment VARCHAR NOT NULL,
    notes VARCHAR NOT NULL
);
CREATE TABLE dataset (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    licence VARCHAR NOT NULL,
    personal_data BOOLEAN NOT NULL,
    lawful_basis VARCHAR NOT NULL,
    simulated BOOLEAN NOT NULL
);
CREATE TABLE snapshot (
    id VARCHAR PRIMARY KEY,
    dataset_id VARCHAR NOT NULL,
    artifact VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    columns VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL,
    start_at TIMESTAMPTZ,
    end_at TIMESTAMPTZ,
    notes VARCHAR NOT NULL
);
"""

APPROVALS = f"""
CREATE TABLE evidence (
    id VARCHAR PRIMARY KEY,
    sha256 VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    content VARCHAR NOT NULL
);
CREATE TABLE policy (
    name VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    published_by VARCHAR NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE TABLE request (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    version_id VARCHAR NOT NULL,
    before VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL,
    policy VARCHAR NOT NULL,
    policy_sha256 VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    bundle VARCHAR NOT NULL,
    barred VARCHAR NOT NULL,
    quorum INTEGER NOT NULL,
    status VARCHAR NOT NULL
);
CREATE TABLE decision (
    request_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    actor VARCHAR NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    vote VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    bundle VARCHAR NOT NULL,
    PRIMARY KEY (request_id, position)
);
{append_only("evidence")}
{append_only("policy")}
{append_only("decision")}
"""

PEOPLE = """
CREATE TABLE person (
    name VARCHAR PRIMARY KEY,
    display VARCHAR NOT NULL,
    roles VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    active BOOLEAN NOT NULL,
    password_hash VARCHAR
);
CREATE TABLE session (
    hash VARCHAR PRIMARY KEY,
    person VARCHAR NOT NULL,
    via VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE invitation (
    hash VARCHAR PRIMARY KEY,
    person VARCHAR NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    taken_at TIMESTAMPTZ
);
CREATE TABLE token (
    id VARCHAR PRIMARY KEY,
    hash VARCHAR NOT NULL UNIQUE,
    person VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    scopes VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE TABLE remembered (
    key VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    response VARCHAR NOT NULL,
    answered_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (key, person)
);
"""

MONITORING = """
CREATE TABLE monitor (
    version_id VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by VARCHAR NOT NULL,
    settings VARCHAR NOT NULL,
    PRIMARY KEY (version_id, revision)
);
CREATE TABLE monitor_run (version_id VARCHAR PRIMARY KEY, run_at TIMESTAMPTZ NOT NULL);
CREATE TABLE binning (
    version_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    column_name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    edges DOUBLE[] NOT NULL,
    categories VARCHAR[] NOT NULL,
    counts BIGINT[] NOT NULL,
    sums DOUBLE[] NOT NULL,
    numbers DOUBLE[] NOT NULL,
    missing BIGINT NOT NULL,
    outside BIGINT NOT NULL
);
CREATE TABLE profile (
    version_id VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    day DATE NOT NULL,
    counts BIGINT[] NOT NULL,
    sums DOUBLE[] NOT NULL,
    numbers DOUBLE[] NOT NULL,
    missing BIGINT NOT NULL,
    outside BIGINT NOT NULL
);
CREATE TABLE score_edges (version_id VARCHAR NOT NULL, edges DOUBLE[] NOT NULL);
CREATE TABLE tally (
    version_id VARCHAR NOT NULL,
    slice VARCHAR NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR NOT NULL,
    classes VARCHAR[] NOT NULL,
    counts BIGINT[] NOT NULL,
    scores BIGINT[] NOT NULL,
    score_sums DOUBLE[] NOT NULL,
    numbers DOUBLE[] NOT NULL,
    exact BOOLEAN NOT NULL,
    n BIGINT NOT NULL,
    unlabelled BIGINT NOT NULL,
    invalid BIGINT NOT NULL
);
CREATE TABLE measurement (
    version_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    statistic VARCHAR NOT NULL,
    value DOUBLE,
    state VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    column_name VARCHAR,
    slice VARCHAR NOT NULL,
    window_start TIMESTAMPTZ,
    window_end TIMESTAMPTZ,
    interval_low DOUBLE,
    interval_high DOUBLE,
    confidence DOUBLE,
    resolution DOUBLE,
    p_value DOUBLE,
    p_adjusted DOUBLE,
    n BIGINT,
    n_reference BIGINT,
    limit_value DOUBLE,
    reason VARCHAR
);
"""

WORK = """
CREATE TABLE log_file (
    path VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL,
    version_id VARCHAR,
    day DATE,
    row_count BIGINT NOT NULL,
    first_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ,
    bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    position BIGINT NOT NULL
);
CREATE TABLE log_dirty (version_id VARCHAR NOT NULL, day DATE NOT NULL);
CREATE TABLE job (
    id VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    settings VARCHAR NOT NULL,
    progress DOUBLE NOT NULL,
    note VARCHAR NOT NULL,
    log VARCHAR NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    result VARCHAR
);
"""
