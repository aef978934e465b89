"""How NumPy should use this processor; settled before it is imported."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

VARIABLE = "NPY_DISABLE_CPU_FEATURES"
SLOW = "X86_V4 AVX512_ICL"
"""NumPy's names of its AVX-512 code paths (2.4 and later).

AMD's Zen 4 runs AVX-512's compress-store in microcode, on which NumPy's sort leans: a million
floats took 53 ms with these paths and 9 ms without.
"""

THREADS = "OPENBLAS_NUM_THREADS"
"""Columns are counted in parallel; a second thread per sum of squares only spins beside them."""

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Options of glibc's mallopt (malloc.h)."""

KEPT = 256 << 20
"""Bytes that may stay with the process although nothing uses them."""


def tune_numpy(
    environ: MutableMapping[str, str] = os.environ, *, facts: Path = Path("/proc/cpuinfo")
) -> None:
    """Keep this process and its workers from what only costs; what the user set stays."""
    if "numpy" in sys.modules:
        return
    environ.setdefault(THREADS, "1")
    if VARIABLE in environ or not _is_zen4(facts):
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("numpy").split(".")[:2]
    except PackageNotFoundError:
        return
    if (int(major), int(minor)) >= (2, 4):
        environ[VARIABLE] = SLOW


def keep_freed_memory() -> None:
    """Let this process reuse the memory of one column for the next, where the C library can.

    Otherwise glibc hands every large array back and the kernel clears each page of the next one,
    a tenth of the time it takes to read a column.
    """
    from ctypes import CDLL

    if (set_option := getattr(CDLL(None), "mallopt", None)) is not None:
        set_option(MMAP_THRESHOLD, KEPT)
        set_option(TRIM_THRESHOLD, KEPT)


def _is_zen4(facts: Path) -> bool:
    try:
        with facts.open(encoding="utf-8") as stream:
            first = stream.read(8_000).split("\n\n")[0]
    except OSError:
        return False
    told = {
        name.strip(): value.strip()
        for name, _, value in (x.partition(":") for x in first.split("\n"))
    }
    amd = told.get("vendor_id") == "AuthenticAMD" and told.get("cpu family") == "25"
    return amd and "avx512f" in told.get("flags", "").split()
