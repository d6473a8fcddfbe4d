"""Work in a process of its own, which can be killed at any instant while the test goes on."""

import json
import os
import select
import signal
import sys
import time

from library import Store

NEVER_ANSWERED = None
HUNG_SECONDS = 120


class Child:
    """A forked process that runs `prepare`, says it is ready, and then runs `work` on what it prepared."""

    def __init__(self, prepare, work, environment=None):
        read_end, write_end = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            self._run(prepare, work, environment or {}, write_end)
        os.close(write_end)
        self._pipe = os.fdopen(read_end, "rb", buffering=0)

    @staticmethod
    def _run(prepare, work, environment, write_end):
        code = 1
        try:
            os.environ.update(environment)
            prepared = prepare()
            os.write(write_end, b"\n")
            answer = json.dumps(work(prepared)).encode() + b"\n"
            while answer:
                answer = answer[os.write(write_end, answer) :]
            code = 0
        except BaseException as error:  # the child must not go on with the parent's code
            os.write(2, f"child: {error!r}\n".encode())
        finally:
            os._exit(code)

    def wait_ready(self):
        self._pipe.readline()

    def has_answered(self):
        """Whether the work has returned by now."""
        return bool(select.select([self._pipe], [], [], 0)[0])

    def kill(self):
        os.kill(self.process, signal.SIGKILL)

    def answer(self):
        """What the work returned, or NEVER_ANSWERED when the process was killed."""
        said, part = b"", None
        while part != b"":
            if not select.select([self._pipe], [], [], HUNG_SECONDS)[0]:
                self.kill()
                os.waitpid(self.process, 0)
                raise AssertionError(f"no answer after {HUNG_SECONDS} s")
            part = self._pipe.read(1 << 20)
            said += part
        self._pipe.close()
        _, status = os.waitpid(self.process, 0)
        if os.WIFSIGNALED(status):
            self.signal = os.WTERMSIG(status)
            assert self.signal == signal.SIGKILL, f"the process crashed with signal {self.signal}"
            return NEVER_ANSWERED
        assert os.WEXITSTATUS(status) == 0, "the process failed outside the library"
        return json.loads(said)

    def answer_and_seconds(self):
        """What the work returned, and how long it took."""
        self.wait_ready()
        started = time.monotonic()
        answer = self.answer()
        return answer, time.monotonic() - started


def calling(options, operation, request=None, environment=None):
    """A child that makes one call of the library."""
    return Child(lambda: Store(options), lambda store: store.call(operation, request), environment)


def call(options, operation, request=None):
    """Status and answer of a call made in a process of its own."""
    return calling(options, operation, request).answer()


if __name__ == "__main__":
    # One call, for tools that start a program: OPTIONS OPERATION REQUEST, each JSON.
    options, operation, request = (json.loads(argument) for argument in sys.argv[1:])
    print(json.dumps(Store(options).call(operation, request)))
