"""The sample portfolio, to try the product and to test it."""

from lifecycle.demo.building import build

__all__ = ["build"]
