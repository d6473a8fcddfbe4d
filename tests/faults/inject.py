"""Faults in the system calls of the process that this is loaded into: inject.c, from Python."""

import ctypes
import os
import subprocess
from pathlib import Path

import library
from system_calls import CANNOT_FAIL, KINDS, NEVER_WATCHED, NUMBER_OF, USES, Call, numbers

BUILT = library.BUILT.parent / "inject.so"


def build():
    """Compiles it, unless it is there and newer than its source."""
    numbers()  # known before any process is forked that wants them
    source = Path(__file__).with_name("inject.c")
    if BUILT.exists() and BUILT.stat().st_mtime > source.stat().st_mtime:
        return
    made = Path(f"{BUILT}.{os.getpid()}")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-Wall", "-o", made, source, "-pthread"], check=True
    )
    made.rename(BUILT)


class Injector:
    """Watches this process, and the threads it starts from now on, until it ends."""

    def __init__(self, kind=None):
        """Watches the calls of one kind; without one, all calls."""
        self.library = ctypes.CDLL(str(BUILT), use_errno=True)
        known = numbers()
        for name, of_kind in KINDS.items():
            for call in of_kind.calls:
                if call.name in known:
                    self.library.inject_rule(
                        known[call.name], call.use_number, NUMBER_OF[name], call.subject, call.argument
                    )
        names = NEVER_WATCHED if kind is None else [call.name for call in KINDS[kind].calls]
        chosen = [known[name] for name in names if name in known]
        error = self.library.inject_watch((ctypes.c_int * len(chosen))(*chosen), len(chosen), kind is None)
        if error:
            raise OSError(error, f"system calls cannot be watched here: {os.strerror(error)}")

    def arm(self, folder, kind=None, which=0, for_ever=False, error=0):
        """From now on counts; and with a kind, makes its `which`th call on something below `folder` fail."""
        self.library.inject_arm(str(folder).encode(), NUMBER_OF.get(kind, 0), which, for_ever, error)

    def disarm(self):
        """How often the fault happened."""
        return self.library.inject_disarm()

    def counts(self):
        """How often each call was made, told apart by its uses."""
        counts = {}
        for name, number in numbers().items():
            for place, use in enumerate(USES.get(name, ("",))):
                if times := self.library.inject_count(number, place):
                    counts[str(Call(name, use=use))] = times
        return counts


def unknown_calls(counts):
    """Those in neither list."""
    listed = {str(call) for kind in KINDS.values() for call in kind.calls}
    return sorted(set(counts) - listed.union(*CANNOT_FAIL.values(), NEVER_WATCHED))


def reason_against_watching():
    """Why system calls cannot be watched here, or None."""
    from child import Child

    def try_it(_):
        try:
            Injector("mkdir")
        except OSError as error:
            return str(error)

    return Child(lambda: None, try_it).answer()
