"""What goes into an evidence pack, and the signature over all of it."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from lifecycle import __version__
from lifecycle.adapters import keys
from lifecycle.domain import merkle
from lifecycle.domain.actor import Actor, Permission
from lifecycle.domain.approval import Request
from lifecycle.domain.audit import AuditEvent, canonical, plain
from lifecycle.domain.checkpoint import Checkpoint, message
from lifecycle.domain.evidence import Evidence
from lifecycle.domain.model import Version
from lifecycle.domain.policy import JOIN
from lifecycle.errors import InvalidInput, NotFound
from lifecycle.services import reports, sealing
from lifecycle.services.access.places import require_for
from lifecycle.services.approvals.signing import lines
from lifecycle.services.evidence_pack import verify
from lifecycle.services.exports import as_csv
from lifecycle.store import audit, evidence, models, policies, requests, usecases
from lifecycle.store.connection import Connection, Workspace
from lifecycle.store.shredding import folder_of, opened

README = """\
Evidence pack of {version}
{line}

Everything the records hold about this version's approval, taken on {at}.

    python verify.py --key PUBLIC_KEY

checks all of it with Python's standard library alone (3.9 or newer). PUBLIC_KEY is the key you
keep from before, as PEM; the one in this pack shows only that the pack agrees with itself.

With OpenSSL the signature over the manifest is checked so:

    xxd -r -p manifest.sig > manifest.bin
    openssl pkeyutl -verify -pubin -inkey public_key.pem -rawin \\
        -in manifest.json -sigfile manifest.bin

card.md, card.json     the model card; every number names its evidence
evidence/              what was measured; its SHA-256 is that of `content` as canonical JSON
policies/              the policies the requests were opened under
requests/              requests with their decisions and signatures; `content` hashes to the bundle
reports/               the measurements of each piece of evidence as CSV
records/               use case, model and version
trail/                 the events of the audit trail about this version, each with the path of
                       hashes that leads to the root which the checkpoint signs. What people
                       wrote, and their names, stand there sealed; `opened` holds the salt and
                       the text behind each commitment, as far as nobody asked to be forgotten

Three claims, each on its own: the hashes show integrity, the signature shows who vouches for it,
and the times are those of the server's clock; nobody else vouches for them.
"""

Files = dict[str, bytes]


def pack(
    workspace: Workspace, model_id: str, version: str, file: Path, *, by: Actor, at: datetime
) -> Mapping[str, object]:
    """Write the evidence pack of a version, and record that somebody took it.

    Returns
    -------
    Mapping
        The manifest: what is in the pack, with checksums.

    Raises
    ------
    NotFound
        There is no such model or version.
    InvalidInput
        The file cannot be written.
    """
    by.require(Permission.READ)
    require_for(workspace.cursor(), model_id, Permission.READ_TRAIL, by=by)
    key = sealing.signing_key(workspace)
    con = workspace.cursor()
    # Read before the trail is sealed: a vote in between would lack its event.
    subject = _Subject.read(con, model_id, version)
    checkpoint = sealing.seal(workspace, at=at)
    card = reports.card(workspace, model_id, version, by=by, at=at)
    files = {
        "README.txt": _readme(subject.version, at=at),
        "verify.py": Path(verify.__file__).read_bytes(),
        "public_key.pem": keys.pem(key.public).encode(),
        "card.md": reports.as_markdown(card).encode(),
        "card.json": _json(reports.as_json(card)),
        **_records(con, subject),
        **_trail(con, subject, checkpoint),
    }
    manifest = {
        "format": verify.FORMAT,
        "version": subject.version.id,
        "made_at": plain(at),
        "made_by": by.name,
        "made_with": f"lifecycle {__version__}",
        "key": key.id,
        "files": [
            {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
    }
    text = _json(manifest)
    signed = {verify.MANIFEST: text, verify.SIGNATURE: f"{keys.sign(key, text)}\n".encode()}
    _write(file, {**signed, **files})
    details = {"file": file.name, "manifest": hashlib.sha256(text).hexdigest()}
    with workspace.transaction() as tx:
        subject_name = f"version:{subject.version.id}"
        event = AuditEvent("pack.export", subject_name, by.name, at, via=by.via, details=details)
        audit.append(tx, event)
    return manifest


@dataclass(frozen=True, slots=True)
class _Subject:
    """A version with everything its approval stands on."""

    version: Version
    evidence: Sequence[Evidence]
    requests: Sequence[Request]

    @classmethod
    def read(cls, con: Connection, model_id: str, version: str) -> "_Subject":
        subject = models.version(con, model_id, version)
        found = evidence.of_version(con, subject.id)
        return cls(subject, found, requests.every(con, version_id=subject.id))


def _records(con: Connection, subject: _Subject) -> Files:
    model = models.get(con, subject.version.model_id)
    case = usecases.get(con, model.use_case_id)
    files = {
        "records/use_case.json": _json(case),
        "records/model.json": _json(model),
        "records/version.json": _json(subject.version),
    }
    for one in subject.evidence:
        files[f"evidence/{one.id}.json"] = _json({"sha256": one.sha256, "content": one})
        files[f"reports/{one.id}.csv"] = _csv(one)
    for asked in subject.requests:
        files[f"requests/{asked.id}.json"] = _json(_request(con, asked, subject))
        for part in asked.policy.split(JOIN):  # a unit's policy stands beside the central one
            name, _, number = part.rpartition(" ")
            try:
                kept = policies.get(con, name, number)
            except NotFound:
                continue  # an installation may have published under another name since
            label = f"{name}-{number}".replace("/", "-")
            about = {"name": name, "version": number}
            record = {**about, "sha256": kept.sha256, "content": kept.content}
            files[f"policies/{label}.json"] = _json(record)
    return files


def _request(con: Connection, asked: Request, subject: _Subject) -> dict[str, object]:
    """Return a request, with what its bundle was hashed from where the records still have it."""
    by_id = {one.id: one.sha256 for one in subject.evidence}
    content = {
        "policy": asked.policy_sha256,
        "version": f"{subject.version.sha256}:{asked.before}:{asked.tier}",
        "evidence": sorted(by_id[one] for one in asked.evidence if one in by_id),
    }
    record: dict[str, object] = {"request": plain(asked), "signatures": lines(con, asked)}
    if hashlib.sha256(canonical(content).encode()).hexdigest() == asked.bundle:
        record |= {"sha256": asked.bundle, "content": content}
    return record


def _trail(con: Connection, subject: _Subject, checkpoint: Checkpoint) -> Files:
    """Return the events about a version, each with its way to the signed root."""
    own = {f"version:{subject.version.id}", f"model:{subject.version.model_id}"}
    own |= {f"request:{asked.id}" for asked in subject.requests}
    own |= {f"policy:{part}" for asked in subject.requests for part in asked.policy.split(JOIN)}
    links = [link for link in audit.of_subjects(con, own) if link.sequence <= checkpoint.sequence]
    entries = [bytes.fromhex(h) for h in audit.hashes(con)[: checkpoint.sequence]]
    folder = folder_of(con)
    paths = merkle.paths(entries, [link.sequence - 1 for link in links])
    lines = [
        canonical({"link": plain(link), "path": path, "opened": opened(folder, plain(link.event))})
        for link, path in zip(links, paths, strict=True)
    ]
    signed = {**json.loads(message(checkpoint)), "signature": checkpoint.signature}
    return {
        "trail/events.jsonl": "".join(f"{line}\n" for line in lines).encode(),
        "trail/checkpoint.json": _json(signed),
    }


def _readme(version: Version, *, at: datetime) -> bytes:
    line = "=" * (len("Evidence pack of ") + len(version.id))
    return README.format(version=version.id, line=line, at=f"{at:%Y-%m-%d %H:%M} UTC").encode()


def _json(value: object) -> bytes:
    return (json.dumps(plain(value), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _csv(found: Evidence) -> bytes:
    names = ("statistic", "column", "slice", "value", "unit", "low", "high", "n", "limit", "state")
    rows: list[tuple[object, ...]] = []
    for m in found.measurements:
        where = "; ".join(f"{k}={v}" for k, v in m.slice.items())
        low, high = m.interval or (None, None)
        rows.append(
            (m.statistic, m.column, where, m.value, m.unit, low, high, m.n, m.limit, m.state)
        )
    return as_csv(names, rows).encode()


def _write(file: Path, files: Files) -> None:
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        part.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
