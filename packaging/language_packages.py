"""Packages for other languages with the library inside: an npm tarball, a gem for each system, a jar."""

import json
import os
import shutil
import time
import zipfile

from linked import ROOT

BINDINGS = ROOT / "bindings"
GEM_PLATFORMS = {"librespaldo.so": "x86_64-linux", "respaldo.dll": "x64-mingw-ucrt"}
# Where JNA looks for a library inside a jar.
JNA_FOLDERS = {"librespaldo.so": "linux-x86-64", "respaldo.dll": "win32-x86-64"}
# Debian's, which the binding is tested with.
JARS = ("jna.jar", "gson.jar")


def write(dist, work, version, libraries, documents, run):
    """Writes them into `dist`. The libraries have the names that the bindings look for."""
    for tool, package in (("npm", "npm"), ("gem", "ruby"), ("javac", "openjdk-17-jdk-headless")):
        if not shutil.which(tool):
            raise SystemExit(
                f"{tool} is missing: apt-get install {package}, or run make test-bindings, which installs it"
            )
    shutil.rmtree(work, ignore_errors=True)
    npm(dist, work / "npm", version, libraries, documents, run)
    gems(dist, work / "gem", libraries, documents, run)
    jar(dist / f"respaldo-{version}.jar", work / "jar", version, libraries, documents, run)


def copied(binding, folder, *more):
    """The folder with the binding's files and more."""
    shutil.copytree(BINDINGS / binding, folder, ignore=shutil.ignore_patterns("tests"))
    for file in more:
        shutil.copy2(file, folder)


def npm(dist, folder, version, libraries, documents, run):
    copied("node", folder, *libraries, *documents)
    manifest = json.loads((folder / "package.json").read_text("utf-8"))
    if manifest["version"] != version:
        raise SystemExit(f"bindings/node/package.json is of version {manifest['version']}, the library of {version}")
    manifest["files"] += [document.name for document in documents]
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    run("npm", "pack", "--silent", "--pack-destination", dist, folder)


def gems(dist, folder, libraries, documents, run):
    for library in libraries:
        platform = GEM_PLATFORMS[library.name]
        copied("ruby", folder / platform, *documents)
        shutil.copy2(library, folder / platform / "lib" / "respaldo")
        for_platform = os.environ | {"RESPALDO_GEM_PLATFORM": platform}
        run("gem", "build", "--silent", "-C", folder / platform, "respaldo.gemspec", environment=for_platform)
        [made] = (folder / platform).glob("*.gem")
        shutil.copy2(made, dist)


def jar(path, folder, version, libraries, documents, run):
    classes = folder / "classes"
    classes.mkdir(parents=True)
    sources = sorted((BINDINGS / "java/src/main/java").rglob("*.java"))
    class_path = os.pathsep.join(f"/usr/share/java/{name}" for name in JARS)
    run("javac", "--release", "17", "-d", classes, "-cp", class_path, *sources)
    manifest = f"Manifest-Version: 1.0\r\nImplementation-Version: {version}\r\nAutomatic-Module-Name: respaldo\r\n\r\n"
    members = {"META-INF/MANIFEST.MF": manifest.encode()}
    members["META-INF/maven/respaldo/respaldo/pom.xml"] = (BINDINGS / "java/pom.xml").read_bytes()
    members |= {f"META-INF/{document.name}": document.read_bytes() for document in documents}
    members |= {f"{JNA_FOLDERS[library.name]}/{library.name}": library.read_bytes() for library in libraries}
    made = sorted(file for file in classes.rglob("*") if file.is_file())
    zipped(path, members | {file.relative_to(classes).as_posix(): file.read_bytes() for file in made})


def zipped(path, members):
    """A zip of these bytes by name, without the user and the time of this machine."""
    moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, moment)
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
