"""A tree of hashes over a list that only grows: one root for all, a short path to each.

The tree is the one of RFC 6962, so a root changes when any entry does, and whoever has a root and
a path of about log2(n) hashes sees that one entry was in the list, without the others. Hashes are
hexadecimal text.
"""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").hexdigest()
"""The root of no entries."""

Frontier = tuple[bytes, ...]
"""The roots of the complete subtrees a list consists of, largest first."""


def grown(frontier: Frontier, *, size: int, entry: bytes) -> Frontier:
    """Add an entry to a list of `size` entries."""
    node = _leaf(entry)
    kept = len(frontier)
    # Two subtrees of the same size become one, like carrying when counting in binary.
    while size & 1:
        kept -= 1
        node = _node(frontier[kept], node)
        size >>= 1
    return (*frontier[:kept], node)


def root(frontier: Frontier) -> str:
    """Return the root over the whole list."""
    if not frontier:
        return EMPTY
    *larger, node = frontier
    for subtree in reversed(larger):
        node = _node(subtree, node)
    return node.hex()


def paths(entries: Sequence[bytes], places: Sequence[int]) -> list[list[str]]:
    """Return for each place, from 0, the hashes that lead from its entry to the root."""
    level = [_leaf(entry) for entry in entries]
    at = list(places)
    found: list[list[str]] = [[] for _ in places]
    while len(level) > 1:
        for path, place in zip(found, at, strict=True):
            if place ^ 1 < len(level):
                path.append(level[place ^ 1].hex())
        pairs = len(level) // 2
        above = [_node(level[2 * i], level[2 * i + 1]) for i in range(pairs)]
        level = above + level[2 * pairs :]  # an odd one out moves up as it is
        at = [place // 2 for place in at]
    return found


def root_by(path: Sequence[str], *, entry: bytes, place: int, size: int) -> str | None:
    """Return the root that a path leads to from an entry; nothing when it cannot be such a path."""
    node, left = _leaf(entry), list(path)
    if not 0 <= place < size:
        return None
    while size > 1:
        if place ^ 1 < size:
            if not left:
                return None
            beside = bytes.fromhex(left.pop(0))
            node = _node(beside, node) if place & 1 else _node(node, beside)
        place, size = place // 2, (size + 1) // 2
    return None if left else node.hex()


def _leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
