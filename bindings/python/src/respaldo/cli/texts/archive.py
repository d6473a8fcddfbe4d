"""The words of ``archive``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .command_texts import CommandTexts


@dataclass(frozen=True)
class ArchiveTexts:
    """What is said of the archive. Names in braces are filled in by ``str.format``."""

    doing: Mapping[str, str]
    """By the action."""
    waited_for: str
    """While a backup that is made waits for its way into the archive."""
    made: str
    sheet: str
    """What to print and keep: all that is needed on a new computer, but for the password, which is written by hand."""
    sheet_restic: str
    sheet_copied: str
    """Where restic itself does not reach the server."""
    key_changed: str
    pushed: str
    stored: str
    fetched: str
    restored: str
    checked: str
    freed: str
    action: tuple[str, str]
    what: tuple[str, str]
    include_others: str
    snapshot: tuple[str, str]
    other_snapshot: str
    snapshots_too: str
    read_data: str
    new_password_file: str
    new_password_command: str
    command: str
    help: CommandTexts


SPANISH = ArchiveTexts(
    doing={
        "init": "Creando el archivo",
        "push": "Archivando",
        "list": "Leyendo el archivo",
        "fetch": "Recuperando",
        "restore": "Recuperando y restaurando",
        "check": "Revisando el archivo",
        "prune": "Ordenando el archivo",
        "key": "Cambiando la contraseña",
    },
    waited_for="El respaldo está hecho. Guardándolo en el archivo (Ctrl-C: dejarlo para después)",
    made="El archivo de respaldos está creado: {repository}",
    sheet="""
  ---- Para imprimir y guardar lejos de esta computadora ----
  Archivo de respaldos (formato restic)
  Lugar:       {place}
  Contraseña:  ________________________________  (a mano)
  En una computadora nueva, con este programa:
    respaldo archive restore latest --database {database} --archive {archive}
{restic}
  ------------------------------------------------------------""",
    sheet_restic="""\
  o solo con el programa restic (https://restic.net):
    restic -r {address} restore latest --target .""",
    sheet_copied="""\
  o con el programa restic (https://restic.net), una vez copiada esa carpeta
  del servidor a un disco:
    restic -r CARPETA restore latest --target .""",
    key_changed="La contraseña se cambió. La anterior ya no abre el archivo.",
    pushed="En el archivo: {name} ({total}, de los que {added} eran nuevos)",
    stored="El archivo ocupa {size}.",
    fetched="Recuperado y verificado: {path}",
    restored="Restaurado desde el archivo: {database}",
    checked="El archivo está en buen estado.",
    freed="Ya no hace falta: {size}",
    action=("ACCIÓN", "init, push, list, fetch, restore, check, prune o key"),
    what=("QUÉ", "para push un respaldo; para fetch y restore una instantánea, sus primeras cifras, o latest"),
    include_others="incluir las instantáneas de otras bases de datos y programas",
    snapshot=("INSTANTÁNEA", "en vez de un respaldo, una instantánea del archivo: sus primeras cifras, o latest"),
    other_snapshot="compararlo con esta instantánea del archivo, en vez de la base de datos",
    snapshots_too="también en el archivo, donde guarda lo que ya no está aquí",
    read_data="leer cada byte",
    new_password_file="un archivo cuya primera línea es la contraseña nueva",
    new_password_command="un comando que escribe la contraseña nueva",
    command="COMANDO",
    help=CommandTexts(
        usage="%(prog)s ACCIÓN [QUÉ] --database ARCHIVO --archive CARPETA [opciones]",
        summary="años de respaldos en otro lugar, cifrados, en poco espacio",
        details="""\
Guarda respaldos en un archivo cifrado, en el formato del programa restic: en una
carpeta, por ejemplo de una memoria USB, o en un servidor S3 o WebDAV.

  init      crear uno nuevo e imprimir la hoja que hay que guardar
  push      guardar un respaldo (el más reciente, si no se da ninguno)
  list      ver qué hay
  fetch     recuperar una instantánea en un archivo nuevo, verificada
  restore   recuperar una instantánea y ponerla en lugar de la base de datos
  check     ver si todo está ahí y sin cambios
  prune     quitar lo que la retención del archivo ya no quiere
  key       cambiar la contraseña

Dónde está la contraseña se dice en --archive como JSON, o en el entorno:
RESPALDO_ARCHIVE_PASSWORD_FILE o RESPALDO_ARCHIVE_PASSWORD_COMMAND.""",
        examples="""\
ejemplos:
  respaldo archive init --database tattoostudio.db --archive /media/usb/archivo
  respaldo archive push --database tattoostudio.db --archive /media/usb/archivo
  respaldo archive fetch latest --target viejo.db --database tattoostudio.db --archive /media/usb/archivo""",
    ),
)

ENGLISH = ArchiveTexts(
    doing={
        "init": "Making the archive",
        "push": "Archiving",
        "list": "Reading the archive",
        "fetch": "Fetching",
        "restore": "Fetching and restoring",
        "check": "Checking the archive",
        "prune": "Tidying the archive",
        "key": "Changing the password",
    },
    waited_for="The backup is made. Storing it in the archive (Ctrl-C: leave that for later)",
    made="The archive is made: {repository}",
    sheet="""
  ---- To print, and to keep away from this computer ----
  Archive of backups (restic format)
  Place:     {place}
  Password:  ________________________________  (by hand)
  On a new computer, with this program:
    respaldo archive restore latest --database {database} --archive {archive}
{restic}
  --------------------------------------------------------""",
    sheet_restic="""\
  or with the program restic alone (https://restic.net):
    restic -r {address} restore latest --target .""",
    sheet_copied="""\
  or with the program restic (https://restic.net), once that folder of the
  server has been copied to a disk:
    restic -r FOLDER restore latest --target .""",
    key_changed="The password is changed. The old one no longer opens the archive.",
    pushed="In the archive: {name} ({total}, of which {added} were new)",
    stored="The archive takes {size}.",
    fetched="Fetched and verified: {path}",
    restored="Restored out of the archive: {database}",
    checked="The archive is good.",
    freed="No longer needed: {size}",
    action=("ACTION", "init, push, list, fetch, restore, check, prune or key"),
    what=("WHAT", "for push a backup; for fetch and restore a snapshot, its first digits, or latest"),
    include_others="list the snapshots of other databases and programs too",
    snapshot=("SNAPSHOT", "instead of a backup, a snapshot of the archive: its first digits, or latest"),
    other_snapshot="compare it with this snapshot of the archive instead of the database",
    snapshots_too="in the archive too, where it has what is not here any more",
    read_data="read every byte of it",
    new_password_file="a file whose first line is the new password",
    new_password_command="a command that writes the new password",
    command="COMMAND",
    help=CommandTexts(
        usage="%(prog)s ACTION [WHAT] --database FILE --archive FOLDER [options]",
        summary="years of backups elsewhere, encrypted, in little room",
        details="""\
Keeps backups in an encrypted archive in the format of the program restic: in a
folder, such as one on a USB stick, or on an S3 or WebDAV server.

  init      make a new one, and print the sheet to keep
  push      store a backup (the newest, if none is given)
  list      list what is there
  fetch     fetch a snapshot into a new file, verified
  restore   fetch a snapshot and put it in the place of the database
  check     see whether all of it is there and unchanged
  prune     remove what the archive's retention does not want
  key       change the password

The password's place is said in --archive as JSON, or in the environment:
RESPALDO_ARCHIVE_PASSWORD_FILE or RESPALDO_ARCHIVE_PASSWORD_COMMAND.""",
        examples="""\
examples:
  respaldo archive init --database tattoostudio.db --archive /media/usb/archive
  respaldo archive push --database tattoostudio.db --archive /media/usb/archive
  respaldo archive fetch latest --target old.db --database tattoostudio.db --archive /media/usb/archive""",
    ),
)
