"""The `lifecycle` command."""

from lifecycle.cli.entry import main

__all__ = ["main"]
