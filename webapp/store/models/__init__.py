"""What tables there are, one family of them a module; importing this package knows them all."""

from webapp.store.models import (
    accounts,
    blobs,
    comparisons,
    inventory,
    logs,
    notices,
    preferences,
    queries,
    repositories,
    results,
    runs,
    workers,
)
from webapp.store.models.tables import Base

__all__ = [
    "Base",
    "accounts",
    "blobs",
    "comparisons",
    "inventory",
    "logs",
    "notices",
    "preferences",
    "queries",
    "repositories",
    "results",
    "runs",
    "workers",
]
