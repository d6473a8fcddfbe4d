"""What MkDocs calls while it builds the site: pages that are made, and links that lead out of ``docs/``.

The pages in ``docs/`` are written for a code host. Where they point to a file of the repository, the site gets a page
with that file.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "target" / "site-scripts"
"""Where `make docs` puts what the theme would have readers fetch."""
VENDORED = {
    "mermaid.min.js": SCRIPTS / "mermaid.min.js",  # draws diagrams
    "iframe-worker.js": SCRIPTS / "iframe-worker.js",  # searches, where the site is read from the file system
}
FETCHED = "https://unpkg.com/iframe-worker/shim"
LINK = re.compile(r"(?<=\]\()([^)\s#]+)(#[^)\s]*)?(?=\))")
LANGUAGES = {".rs": "rust", ".py": "python", ".c": "c", ".h": "c"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the reference, the pages of the repository's root, and the files that pages point to."""
    made = {
        "reference/c.md": c_reference((ROOT / "include" / "respaldo.h").read_text(encoding="utf-8")),
        "reference/python.md": python_reference(),
        "reference/command.md": command_reference("en", "The command respaldo"),
        "reference/orden.md": command_reference("es", "La orden respaldo"),
        "para-imprimir.md": "# Para quien cuida los datos\n\nPara imprimir: [respaldos.html](respaldos.html).\n",
    }
    for name in ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        made[f"root/{name}"] = (ROOT / name).read_text(encoding="utf-8")
    written = {f"docs/{file.src_uri}": file.content_string for file in files.documentation_pages()}
    for page, text in {**written, **{repository_path(uri): text for uri, text in made.items()}}.items():
        for match in LINK.finditer(text):
            target = normal(page, match[1])
            if leaves_the_site(target):
                made.setdefault(source_page(target), source(target))
    for uri, text in made.items():
        files.append(File.generated(config, uri, content=text))
    for name, script in VENDORED.items():
        files.append(File.generated(config, name, abs_src_path=str(script)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Points the links that lead out of ``docs/`` to the pages made for them."""
    here = page.file.src_uri

    def moved(match: re.Match[str]) -> str:
        if "://" in match[1]:
            return match[0]
        target = normal(repository_path(here), match[1])
        if target.startswith("docs/"):
            there = target.removeprefix("docs/")
        elif "/" not in target and target.endswith(".md") and target != "README.md":
            there = f"root/{target}"
        elif target == "README.md":
            there = "index.md"
        elif leaves_the_site(target):
            there = source_page(target)
        else:
            return match[0]
        return posixpath.relpath(there, posixpath.dirname(here) or ".") + (match[2] or "")

    return LINK.sub(moved, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Takes the script of the search from the site."""
    return output.replace(FETCHED, posixpath.relpath("iframe-worker.js", posixpath.dirname(page.file.dest_uri) or "."))


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page of what is not found."""
    return output.replace(FETCHED, "iframe-worker.js")


def repository_path(uri: str) -> str:
    """The path in the repository of a page of the site."""
    return uri.removeprefix("root/") if uri.startswith("root/") else f"docs/{uri}"


def normal(page: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def leaves_the_site(target: str) -> bool:
    """Whether a path in the repository is a file that is no page of the site."""
    is_page = target.startswith("docs/") or ("/" not in target and target.endswith(".md"))
    return not is_page and not target.startswith("..") and (ROOT / target).is_file()


def source_page(target: str) -> str:
    return f"source/{target.replace('.', '-')}.md"


def source(target: str) -> str:
    """A page with a file of the repository."""
    path = ROOT / target
    text = path.read_text(encoding="utf-8")
    return f"# {target}\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{text.rstrip()}\n````\n"


def c_reference(header: str) -> str:
    """The header's comments, which are Markdown, each with what it describes."""
    opening = header[header.index("/*") + 2 : header.index("*/")]
    lines = [line.strip().removeprefix("*").removeprefix(" ") for line in opening.splitlines()]
    parts = ["# The C interface", "```text\n" + "\n".join(lines).strip() + "\n```"]
    block = re.compile(
        r"((?:^//.*\n)+)((?:#define|typedef|(?:respaldo_status|void|const char|uint32_t)\b)[^\n]*(?:\n[ )][^\n]*)*)",
        re.M,
    )
    statuses: list[str] = []
    for comment, declaration in block.findall(header):
        text = re.sub(r"^// ?", "", comment, flags=re.M).strip()
        constant = re.match(r"#define (\w+) (\d+)", declaration)
        if constant:
            statuses.append(f"| `{constant[1]}` | {constant[2]} | {' '.join(text.split())} |")
            continue
        if statuses:
            parts += ["## Constants", "| name | value | |\n|---|---|---|\n" + "\n".join(statuses)]
            statuses = []
        name = re.search(r"(respaldo_\w+)\)?\(|(respaldo_\w+);|\*(respaldo_\w+)\)", declaration)
        assert name, declaration
        parts += [f"## {next(filter(None, name.groups()))}", f"```c\n{declaration.strip()}\n```", text]
    return "\n\n".join(parts) + "\n"


def python_reference() -> str:
    """The package's public names, in the order in which one meets them."""
    first = ["Store", "Daily", "Progress"]
    init = (ROOT / "bindings/python/src/respaldo/__init__.py").read_text(encoding="utf-8")
    listed = re.findall(r'^    "(\w+)",$', init, re.M)
    names = [*first, *(name for name in listed if name not in (*first, "__version__"))]
    described = [f"::: respaldo.{name}" for name in names]
    described[0] += "\n    options:\n      inherited_members: true"  # the store's methods stand in several files
    parts = ["# The Python package", *described, "::: respaldo.errors"]
    return "\n\n".join(parts) + "\n"


def command_reference(language: str, title: str) -> str:
    """The pages of ``respaldo man``, from the same parser."""
    sys.path.insert(0, str(ROOT / "bindings" / "python" / "src"))
    from respaldo.cli import manual, parser
    from respaldo.cli.texts import texts_in

    texts = texts_in(language)
    pages = manual.pages(parser.build(texts), texts).values()
    return f"# {title}\n\n" + "\n".join(manual.markdown(page, texts) for page in pages)
