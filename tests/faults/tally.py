"""What a part found: counts of what was done to the library, and of the results."""

import argparse
import sys
import traceback
from collections import Counter
from contextlib import contextmanager

MOST_SHOWN = 100


def is_bounded(description):
    """Whether the command line asks for the part that CI runs. Any other argument ends the process with the usage."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounded", action="store_true", help="a part of everything, for CI")
    return parser.parse_args().bounded


def notices(check, *arguments):
    """Whether a check fails, as it must in a control, where the damage is known to be there."""
    try:
        check(*arguments)
    except (AssertionError, ValueError):
        return True
    return False


class Tally:
    """Passed, failed and skipped cases of one part, and what was inflicted meanwhile."""

    def __init__(self, part):
        self.part = part
        self.passed = self.failed = self.skipped = 0
        self.inflicted = Counter()

    @contextmanager
    def case(self, name):
        """One case: an error inside fails it, and the part continues with the next."""
        try:
            yield
        except Exception as error:  # an error in the harness counts as a failure
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
