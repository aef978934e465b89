"""Which instructions NumPy should leave alone on this processor; settled before it is imported."""

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


def spare_slow_paths(
    environ: MutableMapping[str, str] = os.environ, *, facts: Path = Path("/proc/cpuinfo")
) -> None:
    """Switch the slow paths off for this process and its workers, where the processor has them."""
    if "numpy" in sys.modules or VARIABLE in environ or not _is_zen4(facts):
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("numpy").split(".")[:2]
    except PackageNotFoundError:
        return
    if (int(major), int(minor)) >= (2, 4):
        environ[VARIABLE] = SLOW


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
