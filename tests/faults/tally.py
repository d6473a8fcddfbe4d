"""What a part found: counts of what was done to the library, and of what came of it."""

import sys
import traceback
from collections import Counter
from contextlib import contextmanager

MOST_SHOWN = 100


class Tally:
    """Passed, failed and skipped cases of one part, and what was inflicted meanwhile."""

    def __init__(self, part):
        self.part = part
        self.passed = self.failed = self.skipped = 0
        self.inflicted = Counter()

    @contextmanager
    def case(self, name):
        """One case: an assertion that fails inside fails the case, and the next one goes on."""
        try:
            yield
        except Exception as error:  # a fault in the harness must be seen as well
            self.failed += 1
            if self.failed <= MOST_SHOWN:
                place = traceback.extract_tb(error.__traceback__)[-1]
                kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
                print(
                    f"FAILED {self.part}: {name}: {kind}{error} ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})",
                    flush=True,
                )
        else:
            self.passed += 1

    def add(self, other):
        """What another process found."""
        self.passed, self.failed, self.skipped = (
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
        )
        self.inflicted.update(other.inflicted)

    def count(self, what, times=1):
        self.inflicted[what] += times

    def skip(self, name, reason):
        self.skipped += 1
        print(f"SKIPPED {self.part}: {name}: {reason}", flush=True)

    def finish(self):
        """Prints the figures and ends the process."""
        figures = ", ".join(f"{times} {what}" for what, times in self.inflicted.items()) or "nothing done"
        print(f"{self.part}: {figures}")
        print(f"{self.part}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.exit(1 if self.failed else 0)
