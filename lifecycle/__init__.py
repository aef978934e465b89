"""Lifecycle: a model's whole life on one record, computed and provable."""

__version__ = "0.1.0"
