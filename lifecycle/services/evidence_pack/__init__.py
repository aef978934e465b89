"""Everything about one version's approval in one archive that others verify by themselves."""

from lifecycle.services.evidence_pack.packing import pack

__all__ = ["pack"]
