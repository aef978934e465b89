"""What sort of model file is this, and may it be kept? Told by content; nothing is ever unpickled.

A pickle can run anything when it is read, so it is refused here. skops files hold types by name
and are read only if every type is trusted. `load` belongs into a worker process.
"""

import bz2
import hashlib
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle.errors import InvalidInput

TRUSTED = frozenset(
    {
        # scikit-learn's own trees. skops leaves them out because a forged one could read outside
        # its arrays; files are loaded in a worker process only, where that ends the worker.
        "sklearn.tree._tree.Tree",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        # What SimpleImputer keeps of its input: read from an empty array, nothing is called.
        "numpy.dtype",
    }
)

SCHEMA_LIMIT = 256 * 2**20
"""Largest unpacked size of a skops file's schema, so that a small file cannot fill the memory."""

UNPACKED_LIMIT = 8 * 2**30
"""Largest unpacked size of a whole skops file."""

HEAD = 64 * 2**10
"""Bytes that are enough to tell the formats apart."""

ONNX_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Field numbers of ONNX's `ModelProto` and their wire types; onnx.proto, ONNX 1.19."""

ONNX_GRAPH = 7

PROTO, HIGHEST_PROTOCOL = 0x80, 5
"""A pickle's first opcode since protocol 2, and the highest number that may follow it."""

COMPRESSED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", lambda head: zlib.decompressobj(31).decompress(head, HEAD)),
    (b"BZh", lambda head: bz2.BZ2Decompressor().decompress(head, HEAD)),
    (b"\xfd7zXZ", lambda head: lzma.LZMADecompressor().decompress(head, HEAD)),
    (b"]\x00\x00", lambda head: lzma.LZMADecompressor().decompress(head, HEAD)),
    (b"\x78", lambda head: zlib.decompressobj().decompress(head, HEAD)),
)
"""How joblib compresses a pickle, by first bytes."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that may be kept.

    Parameters
    ----------
    format
        ``skops``, ``onnx``, ``xgboost`` or ``lightgbm``.
    sha256, size
        Of the file's bytes.
    untrusted
        Types beyond the trusted ones that the caller trusted explicitly; empty as a rule.
    """

    format: str
    sha256: str
    size: int
    untrusted: tuple[str, ...] = ()


def inspect(path: Path, *, trusted: Collection[str] = ()) -> ModelFile:
    """Recognise a model file by its content and refuse what is not safe to read.

    Parameters
    ----------
    trusted
        Names of types, beyond scikit-learn's and NumPy's own, that this file may hold.

    Raises
    ------
    InvalidInput
        The file is missing, empty, damaged, a pickle, of no known format, or holds types that
        nobody trusted.
    """
    if not path.is_file():
        raise InvalidInput(f"model file {path} does not exist")
    size = path.stat().st_size
    if size == 0:
        raise InvalidInput(f"model file {path} is empty")
    kind = _format(path)
    untrusted = _foreign_types(path) if kind == "skops" else ()
    refused = [name for name in untrusted if name not in trusted]
    if refused:
        raise InvalidInput(
            f"{path} holds types that are not trusted: {', '.join(refused)}; "
            "reading them could run code, so an administrator has to trust each by name"
        )
    return ModelFile(format=kind, sha256=_sha256(path), size=size, untrusted=untrusted)


def load(path: Path, *, trusted: Collection[str] = ()) -> Any:
    """Read a model; only ever inside a worker process.

    Raises
    ------
    InvalidInput
        The file may not be kept, or is of a format that nothing here can run.
    """
    found = inspect(path, trusted=trusted)
    if found.format != "skops":
        raise InvalidInput(f"{path} is a {found.format} file; only skops files can be run so far")
    from skops import io

    return io.load(path, trusted=sorted(TRUSTED | set(found.untrusted)))


def _format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if _is_pickle(head):
        raise InvalidInput(_refusal(path, "a pickle"))
    if head.startswith(b"tree\nversion="):
        return "lightgbm"
    if head.startswith((b"{", b"binf")) and b"learner" in head[:256]:
        return "xgboost"
    if _is_onnx(path):
        return "onnx"
    if _is_compressed_pickle(head):
        raise InvalidInput(_refusal(path, "a compressed pickle, as joblib writes it"))
    raise InvalidInput(
        f"{path} is none of the accepted model files: skops, ONNX, XGBoost or LightGBM"
    )


def _refusal(path: Path, what: str) -> str:
    return (
        f"{path} is {what}, and a pickle can run any program when it is read; "
        "save the model with skops.io.dump, as ONNX, or in XGBoost's or LightGBM's own format"
    )


def _zip_format(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput(f"{path} is a damaged archive: {error}") from error
    if any(name.endswith(".pkl") for name in sizes) and "schema.json" not in sizes:
        raise InvalidInput(_refusal(path, "an archive around a pickle, as PyTorch writes it"))
    if "schema.json" not in sizes:
        raise InvalidInput(f"{path} is a zip archive, but not a skops file: it has no schema.json")
    if sizes["schema.json"] > SCHEMA_LIMIT or sum(sizes.values()) > UNPACKED_LIMIT:
        raise InvalidInput(f"{path} unpacks to more than a model file may hold")
    return "skops"


def _is_pickle(head: bytes) -> bool:
    if len(head) > 1 and head[0] == PROTO and head[1] <= HIGHEST_PROTOCOL:
        return True
    # Protocols 0 and 1 have no mark at their start: follow the opcodes, which runs none of them.
    steps = 0
    try:
        for opcode, _, _ in pickletools.genops(head):
            steps += 1
            if opcode.name == "STOP":
                return steps > 1
    except (ValueError, IndexError, KeyError, OverflowError):
        return False
    return False


def _is_compressed_pickle(head: bytes) -> bool:
    for mark, unpack in COMPRESSED:
        if head.startswith(mark):
            try:
                return _is_pickle(unpack(head)) or mark != b"\x78"
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                continue
    return False


def _is_onnx(path: Path) -> bool:
    """Walk the outermost protobuf fields: all of them ONNX's, a graph among them, none cut off."""
    seen: set[int] = set()
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            key = _varint(file.read)
            if key is None or ONNX_FIELDS.get(key >> 3) != key & 7:
                return False
            value = _varint(file.read)
            if value is None:
                return False
            if key & 7 == 2:  # noqa: PLR2004 -- protobuf's wire type of a counted run of bytes
                if file.tell() + value > size:
                    return False
                file.seek(value, 1)
            seen.add(key >> 3)
    return {1, ONNX_GRAPH} <= seen


def _varint(read: Callable[[int], bytes]) -> int | None:
    value = 0
    for shift in range(0, 64, 7):
        byte = read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:  # noqa: PLR2004 -- the high bit says that more follow
            return value
    return None


def _foreign_types(path: Path) -> tuple[str, ...]:
    """Name the types in a skops file that neither skops nor `TRUSTED` trusts."""
    from skops import io

    try:
        found = io.get_untrusted_types(file=path)
    except Exception as error:  # the file is hostile until proved otherwise: any failure refuses it
        raise InvalidInput(f"{path} is not a readable skops file: {error}") from error
    return tuple(sorted(set(found) - TRUSTED))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
