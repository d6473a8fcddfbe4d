"""The words of ``config``, ``doctor`` and ``man``, and of a bad configuration file, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .command_texts import CommandTexts


@dataclass(frozen=True)
class AdministrationTexts:
    """One language. Names in braces are filled in by ``str.format``."""

    commands: Mapping[str, CommandTexts]
    config_option: tuple[str, str]
    man_command: str

    # config
    no_file: str
    file_read: str
    option_columns: tuple[str, str, str]
    by_default: str
    by_file: str
    none: str
    hidden: str

    # A configuration file that cannot be used: a message and a hint for each reason
    bad_configuration: Mapping[str, tuple[str, str]]

    # doctor
    headings: Mapping[str, str]
    facts: Mapping[str, str]
    yes: str
    no: str
    free: str
    failed: str
    to_send: str

    # man
    manual_sections: Mapping[str, str]


SPANISH = AdministrationTexts(
    commands={
        "config": CommandTexts(
            usage="%(prog)s [--database ARCHIVO] [--config ARCHIVO] [opciones]",
            summary="ver qué opciones valen, y de dónde vienen",
            details="""\
Dice qué opciones valen y de dónde viene cada una. Una opción gana a su
variable, y esta al archivo de configuración: respaldo.toml junto a la base de
datos, o el que diga --config o la variable RESPALDO_CONFIG. Sus claves son las
de la biblioteca; sus rutas se toman desde la carpeta del archivo:

  database = "tattoostudio.db"
  max_backups = 30
  language = "es"

  [retention]
  last = 20
  weeks = 8

  [names.clients]
  one = "cliente"
  many = "clientes\"""",
            examples="""\
ejemplos:
  respaldo config --database tattoostudio.db
  respaldo config --config /etc/respaldo.toml --json""",
        ),
        "doctor": CommandTexts(
            usage="%(prog)s [--database ARCHIVO] [opciones]",
            summary="ver lo que hace falta para reportar un problema",
            details="""\
Escribe lo que hace falta para entender un problema: versiones, rutas, sistema
de archivos, espacio, candados y la salud de los respaldos. No cambia nada, no
lee los datos de la base y no dice nombres de personas: la carpeta de cada quien
se escribe ~, y lo que se puso como nombre o nota de un respaldo no se escribe.""",
            examples="""\
ejemplo:
  respaldo doctor --database tattoostudio.db > problema.txt""",
        ),
        "man": CommandTexts(
            usage="%(prog)s [ORDEN]",
            summary="escribir la página de manual",
            details="""\
Escribe la página de manual, de todo o de una orden, para la orden «man».""",
            examples="""\
ejemplos:
  respaldo man | man -l -
  respaldo man restore | man -l -
  respaldo man > ~/.local/share/man/es/man1/respaldo.1""",
        ),
    },
    config_option=(
        "ARCHIVO",
        "archivo de configuración (si no se dice: respaldo.toml junto a la base de datos, si lo hay)",
    ),
    man_command="una orden (si no se dice: el programa)",
    no_file="No hay archivo de configuración.",
    file_read="Archivo de configuración: {path}",
    option_columns=("Opción", "Valor", "Viene de"),
    by_default="lo normal",
    by_file="el archivo",
    none="ninguno",
    hidden="(no se muestra)",
    bad_configuration={
        "unreadable": (
            "No se pudo leer el archivo de configuración {path}: {detail}.",
            "Revise la ruta y los permisos.",
        ),
        "not_toml": (
            "El archivo de configuración {path} no es TOML: {detail}.",
            "Corríjalo; respaldo config --help muestra un ejemplo.",
        ),
        "unknown_key": (
            "El archivo de configuración {path} dice «{detail}», que no es ninguna opción.",
            "Corríjalo; respaldo config muestra las que hay.",
        ),
        "bad_value": (
            "El archivo de configuración {path} da a «{detail}» un valor que no sirve.",
            "Ponga un texto, un número, true o false.",
        ),
        "command_in_unnamed": (
            "El archivo de configuración {path} manda ejecutar un programa ({detail}), y nadie dijo que se usara.",
            "Si es suyo, dígalo con --config.",
        ),
    },
    headings={
        "versions": "Versiones",
        "machine": "Equipo",
        "options": "Opciones",
        "paths": "Rutas",
        "locks": "Candados",
        "health": "Salud",
    },
    facts={
        "respaldo": "respaldo",
        "library": "biblioteca",
        "library_file": "archivo de la biblioteca",
        "sqlite": "SQLite de Python",
        "python": "Python",
        "system": "sistema",
        "encoding": "codificación",
        "terminal": "terminal",
        "timezone": "hora",
        "database": "base de datos",
        "database_wal": "su WAL",
        "database_shm": "su índice del WAL",
        "database_journal": "su diario",
        "settings": "archivo de ajustes",
        "backup_dir": "carpeta de respaldos",
        "second_place": "segundo lugar",
        "config_file": "archivo de configuración",
        "backups": "respaldos",
        "safety_copies": "copias de antes de restaurar",
        "last_backup": "último respaldo",
        "database_lock": "base de datos",
        "backup_lock": "carpeta de respaldos",
        "overall": "en suma",
        "findings": "hallazgos",
        "days_without": "días sin respaldo verificado",
        "damaged": "dañados",
        "room_for": "cabrían más",
    },
    yes="sí",
    no="no",
    free="libres",
    failed="no se pudo saber: {detail}",
    to_send="Para reportar un problema, envíe todo esto a quien mantiene el programa.",
    manual_sections={
        "name": "NOMBRE",
        "synopsis": "SINOPSIS",
        "description": "DESCRIPCIÓN",
        "commands": "ÓRDENES",
        "arguments": "ARGUMENTOS",
        "options": "OPCIONES",
        "examples": "EJEMPLOS Y ESTADO DE SALIDA",
        "see_also": "VÉASE TAMBIÉN",
        "manual": "Manual de respaldo",
    },
)

ENGLISH = AdministrationTexts(
    commands={
        "config": CommandTexts(
            usage="%(prog)s [--database FILE] [--config FILE] [options]",
            summary="see which options hold, and where they come from",
            details="""\
Says which options hold and where each comes from. An option wins over its
variable, and that over the configuration file: respaldo.toml beside the
database, or the one that --config or the variable RESPALDO_CONFIG names. Its
keys are those of the library; its paths are taken from the file's own folder:

  database = "tattoostudio.db"
  max_backups = 30
  language = "en"

  [retention]
  last = 20
  weeks = 8

  [names.clients]
  one = "client"
  many = "clients\"""",
            examples="""\
examples:
  respaldo config --database tattoostudio.db
  respaldo config --config /etc/respaldo.toml --json""",
        ),
        "doctor": CommandTexts(
            usage="%(prog)s [--database FILE] [options]",
            summary="see what a bug report needs",
            details="""\
Writes what it takes to understand a problem: versions, paths, file system,
room, locks, and the health of the backups. It changes nothing, does not read
the data, and names no people: everybody's home folder is written ~, and the
labels and notes of backups are not written.""",
            examples="""\
example:
  respaldo doctor --database tattoostudio.db > problem.txt""",
        ),
        "man": CommandTexts(
            usage="%(prog)s [COMMAND]",
            summary="write the manual page",
            details="""\
Writes the manual page, of everything or of one command, for the command man.""",
            examples="""\
examples:
  respaldo man --language en | man -l -
  respaldo man restore --language en | man -l -
  respaldo man --language en > ~/.local/share/man/man1/respaldo.1""",
        ),
    },
    config_option=("FILE", "configuration file (default: respaldo.toml beside the database, if there is one)"),
    man_command="a command (default: the program)",
    no_file="There is no configuration file.",
    file_read="Configuration file: {path}",
    option_columns=("Option", "Value", "Comes from"),
    by_default="default",
    by_file="the file",
    none="none",
    hidden="(not shown)",
    bad_configuration={
        "unreadable": (
            "The configuration file {path} could not be read: {detail}.",
            "Check the path and the permissions.",
        ),
        "not_toml": (
            "The configuration file {path} is not TOML: {detail}.",
            "Mend it; respaldo config --help shows an example.",
        ),
        "unknown_key": (
            'The configuration file {path} says "{detail}", which is no option.',
            "Mend it; respaldo config shows those that there are.",
        ),
        "bad_value": (
            'The configuration file {path} gives "{detail}" a value that is of no use.',
            "Put a text, a number, true or false.",
        ),
        "command_in_unnamed": (
            "The configuration file {path} has a program run ({detail}), and nobody said to use it.",
            "If it is yours, say so with --config.",
        ),
    },
    headings={
        "versions": "Versions",
        "machine": "Machine",
        "options": "Options",
        "paths": "Paths",
        "locks": "Locks",
        "health": "Health",
    },
    facts={
        "respaldo": "respaldo",
        "library": "library",
        "library_file": "the library's file",
        "sqlite": "Python's SQLite",
        "python": "Python",
        "system": "system",
        "encoding": "encoding",
        "terminal": "terminal",
        "timezone": "time",
        "database": "database",
        "database_wal": "its WAL",
        "database_shm": "its WAL index",
        "database_journal": "its journal",
        "settings": "settings file",
        "backup_dir": "backup folder",
        "second_place": "second place",
        "config_file": "configuration file",
        "backups": "backups",
        "safety_copies": "copies made before restores",
        "last_backup": "last backup",
        "database_lock": "database",
        "backup_lock": "backup folder",
        "overall": "overall",
        "findings": "findings",
        "days_without": "days without a verified backup",
        "damaged": "damaged",
        "room_for": "room for more",
    },
    yes="yes",
    no="no",
    free="free",
    failed="could not be told: {detail}",
    to_send="To report a problem, send all of this to whoever maintains the program.",
    manual_sections={
        "name": "NAME",
        "synopsis": "SYNOPSIS",
        "description": "DESCRIPTION",
        "commands": "COMMANDS",
        "arguments": "ARGUMENTS",
        "options": "OPTIONS",
        "examples": "EXAMPLES AND EXIT STATUS",
        "see_also": "SEE ALSO",
        "manual": "respaldo manual",
    },
)
