"""A binding behind a driver: a program in the binding's language that does what it is asked on its standard input.

One JSON object a line in each direction:

    {"do": "change_folder", "path"}                         {}
    {"do": "open", "request" or "request_text"}             {"status", "answer"}
    {"do": "close"}                                         {"status", "answer": null}
    {"do": "call", "call", "request" or "request_text",     {"status", "answer", "progress", "refused"}
     "cancel", "during": {"id", "sql"}}
    {"do": "connect", "id", "path"}                         {}
    {"do": "execute", "id", "sql"}                          {"value": the first of the first row, or null}
    {"do": "disconnect", "id"}                              {}

`request` goes through the binding as its users give it, a map or an object; `request_text`, which may be no JSON,
through its lowest level. `answer` comes from what the binding's users get. `cancel` stops at the first progress;
`progress` says how often it was called. `during` begins a transaction with that statement at each progress, and takes
it back; `refused` says how often the database was locked. A connection is one of the language's own SQLite, which
waits for no lock. What fails otherwise is {"failed": why}.
"""

import itertools
import json
import subprocess


class DriverError(Exception):
    """The driver says that it could not do something, or has ended."""


class Driver:
    """Stands in for `run_python.Respaldo`: the same calls, through a binding."""

    def __init__(self, command, folder, environment):
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self.numbers = itertools.count(1)

    def ask(self, do, **arguments):
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}, ensure_ascii=False) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise DriverError(f"the driver ended with {self.process.wait()}") from None
        line = self.process.stdout.readline()
        if not line:
            raise DriverError(f"the driver ended with {self.process.wait()}")
        answer = json.loads(line)
        if "failed" in answer:
            raise DriverError(f"{do} {arguments}: {answer['failed']}")
        return answer

    def end(self):
        """Ends the driver, and returns its exit code."""
        self.process.stdin.close()
        return self.process.wait(60)

    def open(self, options):
        answer = self.ask("open", **request(options))
        return answer["status"], answer["answer"], self if answer["status"] == "OK" else None

    def close(self, _store):
        answer = self.ask("close")
        return answer["status"], answer["answer"]

    def call(self, name, _store, text, cancel):
        answer = self.ask("call", call=name, cancel=cancel, **request(text))
        return answer["status"], answer["answer"], answer["progress"]

    def call_during(self, name, body, connection, sql):
        """A call during which another connection tries a statement. Returns the driver's whole answer."""
        return self.ask("call", call=name, request=body, cancel=False, during={"id": connection.number, "sql": sql})

    def connect(self, path):
        return Connection(self, path)

    def change_folder(self, path):
        self.ask("change_folder", path=str(path))


class Connection:
    """A connection of the driver's own process."""

    def __init__(self, driver, path):
        self.driver = driver
        self.number = next(driver.numbers)
        driver.ask("connect", id=self.number, path=str(path))

    def execute(self, sql):
        return self.driver.ask("execute", id=self.number, sql=sql)["value"]

    def close(self):
        self.driver.ask("disconnect", id=self.number)


def request(text):
    """What is sent of a request: as an object where it is one."""
    if text is None:
        return {}
    text = text.decode()
    try:
        body = json.loads(text)
    except ValueError:
        return {"request_text": text}
    return {"request": body} if isinstance(body, dict) else {"request_text": text}
