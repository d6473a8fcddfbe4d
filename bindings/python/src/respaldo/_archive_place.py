"""Where an archive is, as people and programs are told it on the sheet for the worst day."""

from __future__ import annotations

import json
import shlex

from .archive import ArchiveOptions

_SECRETS = ("password", "secret_access_key")


def is_folder(options: ArchiveOptions) -> bool:
    """Whether the archive is in a folder, and not on a server."""
    return not options["repository"].startswith("opendal:")


def for_people(options: ArchiveOptions) -> str:
    """A folder, or a server with what leads to the archive there."""
    if is_folder(options):
        return options["repository"]
    server = options.get("options", {})
    return "/".join(server[key].strip("/") for key in ("endpoint", "bucket", "root") if server.get(key, "").strip("/"))


def for_restic(options: ArchiveOptions) -> str | None:
    """What ``restic -r`` takes, quoted for a shell; None for a server that restic itself does not reach."""
    if is_folder(options):
        return shlex.quote(options["repository"])
    if options["repository"] == "opendal:s3":
        return shlex.quote(f"s3:{for_people(options)}")
    return None


def for_the_command(options: ArchiveOptions) -> str:
    """What ``respaldo --archive`` takes, quoted for a shell; a server's own secrets are left to be written in."""
    if is_folder(options):
        return shlex.quote(options["repository"])
    server = {key: "..." if key in _SECRETS else value for key, value in options.get("options", {}).items()}
    return shlex.quote(json.dumps({"repository": options["repository"], "options": server}, ensure_ascii=False))
