"""The library as C sees it: one call, its status and its JSON, through plain ctypes."""

import ctypes
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("RESPALDO_FAULTS_LIBRARY", ROOT / "target/faults/release/librespaldo.so"))

OK, CANCELLED = 0, 4
DATABASE_NOT_FOUND, BACKUP_NOT_FOUND, PERMISSION_DENIED, DISK_FULL, IO_ERROR, TARGET_EXISTS = 20, 21, 22, 23, 24, 25
DATABASE_LOCKED, DATABASE_CORRUPT, NOT_A_DATABASE, BACKUP_CORRUPT, SAME_FILE = 40, 41, 42, 43, 44
BUSY, RESTORE_FAILED, INTERNAL = 60, 61, 99

WITHOUT_PROGRESS = {"list", "last_backup", "prune"}
WITHOUT_REQUEST = {"last_backup"}


class Store:
    """An open store. Load it only in a process that may die or be broken: the library is never unloaded."""

    def __init__(self, options):
        self.library = ctypes.CDLL(str(BUILT))
        self.library.respaldo_string_free.argtypes = [ctypes.c_void_p]
        self.library.respaldo_string_free.restype = None
        handle, answer = ctypes.c_uint32(), ctypes.c_void_p()
        status = self.library.respaldo_open(json.dumps(options).encode(), ctypes.byref(handle), ctypes.byref(answer))
        answer = self._take(answer)
        if status != OK:
            raise RuntimeError(f"open: {answer}")
        self.handle = handle

    def call(self, operation, request=None):
        """Status and answer."""
        function = getattr(self.library, f"respaldo_{operation}")
        arguments = [self.handle]
        if operation not in WITHOUT_REQUEST:
            arguments.append(None if request is None else json.dumps(request).encode())
        if operation not in WITHOUT_PROGRESS:
            arguments += [None, None]
        answer = ctypes.c_void_p()
        status = function(*arguments, ctypes.byref(answer))
        return status, self._take(answer)

    def _take(self, owned):
        try:
            return json.loads(ctypes.string_at(owned))
        finally:
            self.library.respaldo_string_free(owned)
