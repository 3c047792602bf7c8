"""Afterrun: what happened, what changed, who must know."""

__version__ = "0.1.0"
