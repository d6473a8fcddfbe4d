"""What `bindings/test` has to know of each language: what to install, how to build, and how to run a program."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from driver import Driver

BINDINGS = Path(__file__).resolve().parent
ROOT = BINDINGS.parent
BUILD = ROOT / "target" / "bindings"


@dataclass(frozen=True)
class Language:
    """A language; the methods that differ are its subclasses'."""

    name: str
    fence: str
    """How the README marks its first program."""
    suffix: str
    """Of a program's file."""
    packages: tuple[str, ...]
    """Debian's."""
    loads: bool = True
    """Whether it looks for the library when it runs; otherwise the linker does."""

    nowhere = "/nowhere/librespaldo-of-nobody.so"
    """A library that is not there."""
    places = (r"/\S*/librespaldo\.so\b(?!\.)", r"librespaldo\.so\.1\b")
    """What a failure names where none was chosen, as expressions: the package's, and the system's."""
    has_own_sqlite = True
    """Whether the tests have a SQLite of the language's own."""

    @property
    def home(self):
        return BINDINGS / self.name

    @property
    def tests(self):
        return self.home / "tests"

    @property
    def build(self):
        """Where everything is made."""
        return BUILD / self.name

    def library(self, library):
        """What the library is called where the programs run."""
        return str(library)

    def file_name(self, words):
        """`first backup` as the language calls a file."""
        return words.replace(" ", "_") + self.suffix

    def start(self, environment):
        """The driver, started."""
        return Driver([str(part) for part in self.driver(self.build)], self.build, environment)

    def environment(self, _build):
        """What its programs need beside the library's path."""
        return {}

    def prepare(self, _build, _environment, _run):
        """Builds what there is to build. Returns what went wrong."""
        return ""


class Node(Language):
    NPM = ()
    TOOLS = ("better-sqlite3@^12", "typescript@^5", "@types/node@^20")

    def prepare(self, build, environment, run):
        wanted = {
            "private": True,
            "type": "module",
            "dependencies": {"respaldo": f"file:{self.home}"},
            "devDependencies": dict(tool.rsplit("@", 1) for tool in self.TOOLS),
        }
        (build / "package.json").write_text(json.dumps(wanted), "utf-8")
        shutil.rmtree(build / "node_modules" / "respaldo", ignore_errors=True)
        # Copied, as from a registry: a link would look for koffi beside the package's source.
        npm = ["npm", "install", "--install-links", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        problems = run([*npm, *self.NPM], build, environment)
        for test in self.tests.iterdir():
            shutil.copy2(test, build)
        return problems

    def driver(self, build):
        return ["node", build / "driver.mjs"]

    def programs(self, build):
        types = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"]
        return {
            "idioms": ["node", build / "idioms.mjs"],
            "types": [build / "node_modules" / ".bin" / "tsc", *types, build / "types.mts"],
        }

    def run_program(self, build, source, folder, environment, run):
        # Beside the packages that it imports.
        program = shutil.copy2(source, build)
        return run(["node", program], folder, environment)


class Go(Language):
    SQLITE = Path("/usr/share/gocode/src/github.com/mattn/go-sqlite3")
    """Debian's."""

    def environment(self, build):
        return {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(build / "cache"), "CGO_ENABLED": "1"}

    def prepare(self, build, environment, run):
        (build / "go.mod").write_text(
            "module tests\n\ngo 1.19\n\n"
            "require (\n\tgithub.com/mattn/go-sqlite3 v1.14.16\n\trespaldo v0.0.0\n)\n\n"
            f"replace (\n\tgithub.com/mattn/go-sqlite3 => {self.SQLITE}\n\trespaldo => {self.home}\n)\n",
            "utf-8",
        )
        for test in self.tests.iterdir():
            shutil.copy2(test, build)
        unformatted = run(["sh", "-c", 'test -z "$(gofmt -l . | tee /dev/stderr)"'], self.home, environment)
        return unformatted or run(["go", "build", "-o", self.driver(build)[-1], "."], build, environment)

    def driver(self, build):
        return [build / "driver"]

    def programs(self, build):
        return {
            "idioms": ["sh", "-c", f"STUDIO=$PWD/studio.db; export STUDIO; cd '{build}' && go test -count=1 ."],
            "vet": ["sh", "-c", f"cd '{build}' && go vet respaldo"],
        }

    def run_program(self, build, source, folder, environment, run):
        program = self.built_program(build, source)
        package = build / "programs" / source.stem
        package.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, package)
        problems = run(["go", "build", "-o", program[-1], f"./programs/{source.stem}"], build, environment)
        return problems or run(program, folder, environment)

    def built_program(self, build, source):
        return [build / f"{source.stem}.out"]


class Cpp(Language):
    FLAGS = ("-std=c++17", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
    SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")

    def environment(self, build):
        return {"LD_LIBRARY_PATH": str(build / "prefix" / "lib")}

    def compiled(self, build, source, program, *more):
        prefix = build / "prefix"
        command = ["c++", *self.FLAGS, f"-I{prefix / 'include'}", *more, source, "-o", program]
        return [*command, f"-L{prefix / 'lib'}", "-lrespaldo", "-lsqlite3", "-lpthread"]

    def prepare(self, build, environment, run):
        library = environment["RESPALDO_LIBRARY"]  # is there, and not to be built
        install = ["make", "-C", ROOT, "-o", library, "install", f"LIBRARY={library}"]
        return (
            run([*install, f"PREFIX={build / 'prefix'}"], build, environment)
            or run(self.compiled(build, self.tests / "driver.cpp", build / "driver"), build, environment)
            or run(
                self.compiled(build, self.tests / "idioms.cpp", build / "idioms", *self.SANITIZERS), build, environment
            )
        )

    def driver(self, build):
        return [build / "driver"]

    def programs(self, build):
        return {
            "idioms": [build / "idioms"],
            "examples/cpp with CMake": self.with_cmake(build, "cpp"),
            "examples/c with CMake": self.with_cmake(build, "c"),
        }

    def with_cmake(self, build, language):
        made = build / f"cmake-{language}"
        source = ROOT / "examples" / language
        configure = f"cmake -S '{source}' -B '{made}' -DCMAKE_PREFIX_PATH='{build / 'prefix'}'"
        return ["sh", "-ec", f"rm -rf '{made}'; {configure}; cmake --build '{made}'; '{made / 'quickstart'}'"]

    def run_program(self, build, source, folder, environment, run):
        program = build / source.stem
        return run(self.compiled(build, source, program), build, environment) or run([program], folder, environment)


class Ruby(Language):
    def environment(self, build):
        return {"GEM_HOME": str(build / "gems")}

    def prepare(self, build, environment, run):
        gem = build / "respaldo.gem"
        shutil.rmtree(build / "gems", ignore_errors=True)
        return run(["gem", "build", "--silent", "respaldo.gemspec", "--output", gem], self.home, environment) or run(
            ["gem", "install", "--silent", "--local", "--no-document", gem], build, environment
        )

    def driver(self, _build):
        return ["ruby", "-w", self.tests / "driver.rb"]

    def programs(self, _build):
        return {"idioms": ["ruby", "-w", self.tests / "idioms.rb"]}

    def run_program(self, _build, source, folder, environment, run):
        return run(["ruby", "-w", source], folder, environment)


class Php(Language):
    def environment(self, _build):
        return {"RESPALDO_PHP": str(self.home / "src" / "respaldo.php")}

    def prepare(self, build, environment, run):
        # What Composer would make of the package's list of files.
        package = json.loads((self.home / "composer.json").read_text("utf-8"))
        files = "".join(f"require '{self.home / file}';\n" for file in package["autoload"]["files"])
        (build / "vendor").mkdir(exist_ok=True)
        (build / "vendor" / "autoload.php").write_text(f"<?php\n{files}", "utf-8")
        return run(["php", "-m"], build, environment)

    def driver(self, _build):
        return ["php", self.tests / "driver.php"]

    def programs(self, _build):
        return {"idioms": ["php", self.tests / "idioms.php"]}

    def run_program(self, build, source, folder, environment, run):
        return run(["php", "-d", f"include_path={build}", source], folder, environment)


class Lua(Language):
    def environment(self, _build):
        return {"LUA_PATH": f"{self.home}/?.lua;{self.home}/?/init.lua;;"}

    def driver(self, _build):
        return ["luajit", self.tests / "driver.lua"]

    def programs(self, _build):
        return {"idioms": ["luajit", self.tests / "idioms.lua"]}

    def run_program(self, _build, source, folder, environment, run):
        return run(["luajit", source], folder, environment)


class CSharp(Language):
    def file_name(self, words):
        return words.title().replace(" ", "") + self.suffix

    def compiled(self, build, source, program):
        return ["mcs", "-warnaserror", f"-r:{build / 'Respaldo.dll'}", f"-out:{program}", source]

    def prepare(self, build, environment, run):
        assembly = ["mcs", "-warnaserror", "-target:library", f"-out:{build / 'Respaldo.dll'}", *self.home.glob("*.cs")]
        driver = self.compiled(build, self.tests / "Driver.cs", build / "Driver.exe")
        return (
            run(assembly, build, environment)
            or run([*driver, "-r:Mono.Data.Sqlite", "-r:System.Data"], build, environment)
            or run(self.compiled(build, self.tests / "Idioms.cs", build / "Idioms.exe"), build, environment)
        )

    def driver(self, build):
        return ["mono", build / "Driver.exe"]

    def programs(self, build):
        return {"idioms": ["mono", build / "Idioms.exe"]}

    def run_program(self, build, source, folder, environment, run):
        program = build / f"{source.stem}.exe"
        compiled = self.compiled(build, source, program)
        return run(compiled, build, environment) or run(["mono", program], folder, environment)


class Java(Language):
    JARS = ("jna.jar", "gson.jar", "sqlite-jdbc.jar")

    def file_name(self, words):
        return words.title().replace(" ", "") + self.suffix

    def path(self, build):
        return ":".join([str(build / "classes"), *(f"/usr/share/java/{jar}" for jar in self.JARS)])

    def compiled(self, build, *sources):
        strictly = ["javac", "--release", "17", "-Xlint:all", "-Werror"]
        return [*strictly, "-d", build / "classes", "-cp", self.path(build), *sources]

    def prepare(self, build, environment, run):
        shutil.rmtree(build / "classes", ignore_errors=True)
        (build / "classes").mkdir()
        package = (self.home / "src" / "main" / "java" / "respaldo").glob("*.java")
        return run(self.compiled(build, *package), build, environment) or run(
            self.compiled(build, *self.tests.glob("*.java")), build, environment
        )

    def program(self, build, name):
        return ["java", "-cp", self.path(build), name]

    def driver(self, build):
        return self.program(build, "Driver")

    def programs(self, build):
        return {"idioms": self.program(build, "Idioms")}

    def run_program(self, build, source, folder, environment, run):
        compiled = run(self.compiled(build, source), build, environment)
        return compiled or run(self.program(build, source.stem), folder, environment)


NPM = () if shutil.which("npm") else ("npm",)
ALL = [
    Node("node", "js", ".mjs", ("nodejs", *NPM)),
    Go("go", "go", ".go", ("golang-go", "golang-github-mattn-go-sqlite3-dev", "gcc")),
    Cpp("cpp", "cpp", ".cpp", ("g++", "cmake", "libsqlite3-dev"), loads=False),
    Ruby("ruby", "ruby", ".rb", ("ruby", "ruby-sqlite3")),
    Php("php", "php", ".php", ("php-cli", "php-sqlite3")),
    Lua("lua", "lua", ".lua", ("luajit", "lua-sql-sqlite3")),
    CSharp("csharp", "csharp", ".cs", ("mono-mcs", "mono-runtime", "libmono-sqlite4.0-cil")),
    Java(
        "java",
        "java",
        ".java",
        ("openjdk-17-jdk-headless", "libjna-java", "libgoogle-gson-java", "libxerial-sqlite-jdbc-java"),
    ),
]
LANGUAGES = {language.name: language for language in ALL}
