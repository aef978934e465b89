"""Check an evidence pack without the product that made it: Python's standard library only.

    python verify.py [PACK] [--key PUBLIC_KEY]

PACK is the zip file or the folder it was unpacked into; the folder of this script when absent.
PUBLIC_KEY is a file with the public key you keep (PEM or 64 hexadecimal digits); without it the
key inside the pack is used, which shows only that the pack agrees with itself.

Exit code 0: everything holds. 1: something does not, and is named. 2: this is no evidence pack.
"""

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FORMAT = "lifecycle-evidence-pack/1"
GONE = "text that can no longer be read"
"""What a reason says whose author was forgotten."""

# Ed25519, RFC 8032: the field, the order of the base point, the curve's constant.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def x_of(y: int, odd: int) -> int:
    """Return the x that belongs to a y, the odd or the even one; -1 when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        return -1
    return P - x if x & 1 != odd else x


def point_of(data: bytes) -> "Point | None":
    """Decode a point from 32 bytes: y, with the parity of x in the highest bit."""
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = x_of(y, number >> 255)
    return None if x < 0 else (x, y, 1, x * y % P)


def plus(a: Point, b: Point) -> Point:
    """Add two points in extended coordinates."""
    minus, total = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = total - minus, d - c, d + c, total + minus
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """Add a point to itself so many times, by doubling."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = plus(total, point)
        point = plus(point, point)
        number >>= 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = (x_of(BASE_Y, 0), BASE_Y, 1, x_of(BASE_Y, 0) * BASE_Y % P)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature over a message holds."""
    key, commitment = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if (len(public), len(signature)) != (32, 64) or not key or not commitment or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    left, right = times(scalar, BASE), plus(commitment, times(challenge, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def canonical(value: object) -> bytes:
    """Write JSON in the one way that is hashed: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def sha256(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def root_by(path: "list[str]", entry: str, place: int, size: int) -> str:
    """Follow a path from an event's hash to the root of the tree over all events (RFC 6962)."""
    node, left = hashlib.sha256(b"\x00" + bytes.fromhex(entry)).digest(), list(path)
    while size > 1:
        if place ^ 1 < size:
            beside = bytes.fromhex(left.pop(0)) if left else b""
            pair = beside + node if place & 1 else node + beside
            node = hashlib.sha256(b"\x01" + pair).digest()
        place, size = place // 2, (size + 1) // 2
    return "" if left else node.hex()


def read(pack: Path) -> "dict[str, bytes]":
    """Read every file of a pack."""
    if pack.is_dir():
        files = [path for path in sorted(pack.rglob("*")) if path.is_file()]
        return {path.relative_to(pack).as_posix(): path.read_bytes() for path in files}
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def key_of(text: str) -> bytes:
    """Read a public key from PEM or hexadecimal digits."""
    lines = [line for line in text.split() if line]
    if "-----BEGIN" in text:
        inside = text.split("-----")[2]
        return base64.b64decode(inside)[-32:]
    return bytes.fromhex("".join(lines))


def problems(files: "dict[str, bytes]", public: bytes) -> "Iterator[str]":
    """Name everything that does not hold."""
    if not is_signed(public, files[MANIFEST], bytes.fromhex(files[SIGNATURE].decode().strip())):
        yield f"{MANIFEST} is not signed with this key"
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    changed = list(listed(files, manifest))
    yield from changed
    try:
        yield from told(files, public)
    except (KeyError, ValueError) as error:
        if not changed:
            raise
        yield f"and cannot be read any more: {error!r}"


def told(files: "dict[str, bytes]", public: bytes) -> "Iterator[str]":
    """Check what the files say: records against their hashes, the trail, votes against it."""
    for name, content in files.items():
        folder = name.partition("/")[0]
        if folder in {"evidence", "policies", "requests"} and name.endswith(".json"):
            yield from hashed(name, json.loads(content))
    yield from trail(files, public)
    yield from decided(files)


def listed(files: "dict[str, bytes]", manifest: "dict[str, Any]") -> "Iterator[str]":
    """Compare the files with the manifest."""
    known = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    for name, expected in known.items():
        if name not in files:
            yield f"{name} is missing"
        elif sha256(files[name]) != expected:
            yield f"{name} was changed"
    for name in files:
        if name not in known and name not in {MANIFEST, SIGNATURE}:
            yield f"{name} does not belong to the pack"


def hashed(name: str, record: "dict[str, Any]") -> "Iterator[str]":
    """Recompute the hash a record is known by from what the record says."""
    if "content" in record and sha256(canonical(record["content"])) != record["sha256"]:
        yield f"{name} is not what its hash says"


def trail(files: "dict[str, bytes]", public: bytes) -> "Iterator[str]":
    """Check each event's own hash and that it lies in the trail the checkpoint was signed for."""
    signed: dict[str, Any] = json.loads(files["trail/checkpoint.json"])
    signature = signed.pop("signature")
    if not is_signed(public, canonical(signed), bytes.fromhex(signature)):
        yield "trail/checkpoint.json is not signed with this key"
    for line in files["trail/events.jsonl"].decode().splitlines():
        entry: dict[str, Any] = json.loads(line)
        link, where = entry["link"], f"event {entry['link']['sequence']}"
        content = {**link["event"], "sequence": link["sequence"], "previous": link["previous"]}
        if sha256(canonical(content)) != link["hash"]:
            yield f"{where} was changed"
        if any(sha256(bytes.fromhex(s) + t.encode()) != c for c, (s, t) in texts(entry).items()):
            yield f"{where} is shown with another text than was sealed"
        place, size = link["sequence"] - 1, signed["sequence"]
        if (
            not 0 <= place < size
            or root_by(entry["path"], link["hash"], place, size) != (signed["root"])
        ):
            yield f"{where} is not in the trail that was signed"


def texts(entry: "dict[str, Any]") -> "dict[str, list[str]]":
    """Return salt and text by the commitment that the sealed event holds."""
    return entry.get("opened", {})


def said(entry: "dict[str, Any]") -> str:
    """Return an event's reason, or that nobody can read it any more."""
    reason: str = entry["link"]["event"]["reason"]
    if not reason.startswith("sealed:2:"):
        return reason
    return texts(entry).get(reason.split(":")[3], ["", GONE])[1]


def decided(files: "dict[str, bytes]") -> "Iterator[str]":
    """Look for the event of every decision: same person, same bundle, same signature."""
    lines = files["trail/events.jsonl"].decode().splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    events: list[dict[str, Any]] = [
        {**entry["link"]["event"], "reason": said(entry)} for entry in entries
    ]
    for name in sorted(files):
        if not name.startswith("requests/"):
            continue
        request: dict[str, Any] = json.loads(files[name])
        for decision in request["request"]["decisions"]:
            signature = decision.get("signature")
            expected: dict[str, Any] = {"bundle": decision["bundle"]}
            if signature:
                expected["signature"] = sha256(canonical(signature))
            events_of_it = [
                event
                for event in events
                if event["subject"] == f"request:{request['request']['id']}"
                and event["action"] == f"request.{decision['vote']}"
                and (event["by"], event["reason"]) == (decision["by"], decision["reason"])
                and expected.items() <= event["details"].items()
            ]
            if not events_of_it:
                yield f"{name}: the vote of {decision['by']} is not in the trail as it stands here"


def main(arguments: "list[str]") -> int:
    """Check one pack and say what was found."""
    given = list(arguments)
    key = None
    if "--key" in given:
        at = given.index("--key")
        key = Path(given[at + 1]).read_text(encoding="utf-8")
        del given[at : at + 2]
    try:
        files = read(Path(given[0]) if given else Path(__file__).parent)
        known = json.loads(files[MANIFEST])["format"] == FORMAT
        public = key_of(key or files["public_key.pem"].decode())
        found = list(problems(files, public)) if known else []
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        return say(f"this is no evidence pack that can be read: {error!r}", code=2)
    if not known:
        return say(f"this is no evidence pack of format {FORMAT}", code=2)
    for problem in found:
        say(f"DOES NOT HOLD: {problem}")
    source = "the key you gave" if key else "the key in the pack; compare it with the one you keep"
    say(f"SHA-256 of the public key: {sha256(public)}")
    return say(f"{len(files)} files, {len(found)} problems, by {source}", code=1 if found else 0)


def say(line: str, *, code: int = 0) -> int:
    """Print a line and return the exit code that goes with it."""
    sys.stdout.write(line + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
