"""Back up and restore an application's SQLite database, from inside the application.

    >>> import respaldo
    >>> with respaldo.Store("tattoostudio.db") as store:      # doctest: +SKIP
    ...     store.create_if_due()                             # once a day; Daily goes on while the program runs
    ...     for backup in store.list():                       # newest first
    ...         print(backup.display, backup.name, backup.size)
    ...     store.restore(store.list()[0])                    # the old contents stay in a safety copy

Everything that can go wrong is a :class:`RespaldoError` with a ``message`` that says what failed
and a ``hint`` that says what to do next, both in the store's language.

Importing this package does not load the library yet; the first :class:`Store` or
:func:`version` does. If that fails, :class:`LibraryLoadError` says which files were tried.
"""

from __future__ import annotations

from . import errors
from ._daily import Daily
from ._library import LibraryLoadError, package_version, version
from .archive import (
    Archive,
    ArchivedBackup,
    ArchiveDecision,
    ArchiveInitResult,
    ArchiveListing,
    ArchiveOptions,
    ArchivePruneResult,
    ByteProgress,
    FetchResult,
    PushResult,
    has_archive,
    password_from_keyring,
)
from .differences import Comparison, DifferentRow, LongValue, SchemaDifference, TableDifference, TableWords
from .errors import *
from .health import (
    ArchiveHealth,
    Check,
    Finding,
    Health,
    HealthOptions,
    RehearseResult,
    SafetyCopies,
    SecondPlace,
    SecondPlaceHealth,
)
from .models import (
    Backup,
    Content,
    CreateResult,
    DueResult,
    LastBackup,
    Listing,
    Notice,
    PruneDecision,
    PruneResult,
    RestoreResult,
    Retention,
    Schema,
    VerifyResult,
)
from .rows import BringBackResult, RowConflict, RowKey, TablePlan
from .salvage import MissingSince, SalvagedTable, SalvageResult
from .search import FindResult, FoundRow, History, LiveVersion, Version
from .store import Progress, Store

__all__ = [
    "Archive",
    "ArchiveDecision",
    "ArchiveHealth",
    "ArchiveInitResult",
    "ArchiveListing",
    "ArchiveOptions",
    "ArchivePruneResult",
    "ArchivedBackup",
    "Backup",
    "BringBackResult",
    "ByteProgress",
    "Check",
    "Comparison",
    "Content",
    "CreateResult",
    "Daily",
    "DifferentRow",
    "DueResult",
    "FetchResult",
    "FindResult",
    "Finding",
    "FoundRow",
    "Health",
    "HealthOptions",
    "History",
    "LastBackup",
    "LibraryLoadError",
    "Listing",
    "LiveVersion",
    "LongValue",
    "MissingSince",
    "Notice",
    "Progress",
    "PruneDecision",
    "PruneResult",
    "PushResult",
    "RehearseResult",
    "RestoreResult",
    "Retention",
    "RowConflict",
    "RowKey",
    "SafetyCopies",
    "SalvageResult",
    "SalvagedTable",
    "Schema",
    "SchemaDifference",
    "SecondPlace",
    "SecondPlaceHealth",
    "Store",
    "TableDifference",
    "TablePlan",
    "TableWords",
    "VerifyResult",
    "Version",
    "__version__",
    "has_archive",
    "password_from_keyring",
    "version",
]
__all__ += errors.__all__


def __getattr__(name: str) -> str:
    if name == "__version__":  # looked up only when asked for: reading the metadata takes longer than the import
        return package_version() or version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
