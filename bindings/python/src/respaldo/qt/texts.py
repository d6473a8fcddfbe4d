"""Every text of the windows, in Spanish and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["es", "en"]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. An ``&`` stands before the letter that works with Alt."""

    locale: str
    """For the size of files."""

    # the dialog
    title: str
    backups: str
    date: str
    kind: str
    size: str
    name: str
    kinds: dict[str, str]
    verified: str
    """The column; below it stands the date, or one of these."""
    not_verified: str
    damaged: str
    repairable: str
    elsewhere: str
    none_yet: str
    include_safety: str
    create: str
    verify: str
    restore: str
    save_copy: str
    open_folder: str
    close: str
    cancel: str

    # the question before a restore
    sure: str
    downloads: str
    overwrites: str
    saved_before: str
    do_restore: str
    do_not: str

    # what is going on
    progress: str
    listing: str
    creating: str
    creating_daily: str
    verifying: str
    restoring: str
    saving_copy: str
    checking: str
    cancelling: str

    # how it ended
    ok: str
    created: str
    verified_whole: str
    restored: str
    safety_copy: str
    copy_saved: str
    daily_failed: str
    not_prepared: str
    not_reloaded: str
    folder_not_opened: str
    unexpected: str

    # closing during work
    close_now: str
    cancel_and_close: str
    wait: str
    closing: str

    # saving a copy
    save_copy_title: str
    databases: str

    # the status bar
    last_backup: str
    last_backup_old: str
    last_backup_never: str


SPANISH = Texts(
    locale="es_MX",
    title="Respaldos",
    backups="Respaldos, del más nuevo al más antiguo",
    date="Fecha",
    kind="Tipo",
    size="Tamaño",
    name="Archivo",
    kinds={
        "backup": "Respaldo",
        "preserved": "Conservado",
        "safety": "Previo a restaurar",
        "recovered": "Recuperado",
        "other": "De otra base",
    },
    verified="Verificado",
    not_verified="Todavía no",
    damaged="Dañado",
    repairable="Reparable",
    elsewhere="En línea",
    none_yet="Todavía no hay respaldos.",
    include_safety="Mostrar también las copias de &seguridad previas a una restauración",
    create="&Crear respaldo",
    verify="&Verificar",
    restore="&Restaurar…",
    save_copy="&Guardar copia en…",
    open_folder="&Abrir carpeta",
    close="C&errar",
    cancel="Cance&lar",
    sure="¿Está seguro que desea restaurar este respaldo?",
    downloads="No está en este equipo: se descargará primero, y puede tardar.",
    overwrites="Advertencia: Esto sobrescribirá la base de datos actual.",
    saved_before="Se creará una copia de seguridad de la BD actual antes de continuar.",
    do_restore="&Restaurar",
    do_not="&No restaurar",
    progress="Avance",
    listing="Leyendo la carpeta de respaldos…",
    creating="Creando el respaldo…",
    creating_daily="Creando el respaldo de hoy…",
    verifying="Verificando el respaldo…",
    restoring="Restaurando la base de datos…",
    saving_copy="Guardando la copia…",
    checking="Comprobando…",
    cancelling="Cancelando…",
    ok="&Aceptar",
    created="Se creó el respaldo del {date}.",
    verified_whole="El respaldo del {date} está íntegro: se leyó y se comprobó completo.",
    restored="Se restauró el respaldo del {date}.",
    safety_copy="La base de datos anterior quedó en {path}",
    copy_saved="La copia se guardó y se comprobó: {path}",
    daily_failed="No se pudo crear el respaldo de hoy.",
    not_prepared="La aplicación no pudo cerrar la base de datos; no se restauró nada.",
    not_reloaded="La aplicación no pudo volver a leer la base de datos. Ciérrela y ábrala de nuevo.",
    folder_not_opened="No se pudo abrir la carpeta. Está en {path}",
    unexpected="Ocurrió un error inesperado: {error}",
    close_now="Hay una operación en curso. ¿Desea cancelarla y cerrar?",
    cancel_and_close="&Cancelar y cerrar",
    wait="&Esperar",
    closing="La aplicación se cerrará en cuanto termine.",
    save_copy_title="Guardar copia en",
    databases="Bases de datos (*.db);;Todos los archivos (*)",
    last_backup="Último respaldo: {date}",
    last_backup_old="El último respaldo tiene más de dos días. Cree un respaldo ahora.",
    last_backup_never="Todavía no hay ningún respaldo. Cree un respaldo ahora.",
)

ENGLISH = Texts(
    locale="en_US",
    title="Backups",
    backups="Backups, newest first",
    date="Date",
    kind="Kind",
    size="Size",
    name="File",
    kinds={
        "backup": "Backup",
        "preserved": "Preserved",
        "safety": "Before a restore",
        "recovered": "Recovered",
        "other": "Of another database",
    },
    verified="Verified",
    not_verified="Not yet",
    damaged="Damaged",
    repairable="Repairable",
    elsewhere="Online only",
    none_yet="There are no backups yet.",
    include_safety="Show the &safety copies made before a restore too",
    create="&Create backup",
    verify="&Verify",
    restore="&Restore…",
    save_copy="Save a co&py to…",
    open_folder="&Open folder",
    close="C&lose",
    cancel="C&ancel",
    sure="Are you sure that you want to restore this backup?",
    downloads="It is not on this computer: it will be downloaded first, which can take a while.",
    overwrites="Warning: this will overwrite the current database.",
    saved_before="A safety copy of the current database will be made before going on.",
    do_restore="&Restore",
    do_not="&Do not restore",
    progress="Progress",
    listing="Reading the folder of backups…",
    creating="Creating the backup…",
    creating_daily="Creating today's backup…",
    verifying="Verifying the backup…",
    restoring="Restoring the database…",
    saving_copy="Saving the copy…",
    checking="Checking…",
    cancelling="Cancelling…",
    ok="&OK",
    created="The backup of {date} was created.",
    verified_whole="The backup of {date} is intact: all of it was read and checked.",
    restored="The backup of {date} was restored.",
    safety_copy="The database as it was before is in {path}",
    copy_saved="The copy was saved and checked: {path}",
    daily_failed="Today's backup could not be created.",
    not_prepared="The application could not close the database; nothing was restored.",
    not_reloaded="The application could not read the database again. Close it and open it anew.",
    folder_not_opened="The folder could not be opened. It is {path}",
    unexpected="An unexpected error occurred: {error}",
    close_now="Work is going on. Cancel it and close?",
    cancel_and_close="&Cancel and close",
    wait="&Wait",
    closing="The application will close as soon as this has ended.",
    save_copy_title="Save a copy to",
    databases="Databases (*.db);;All files (*)",
    last_backup="Last backup: {date}",
    last_backup_old="The last backup is more than two days old. Create a backup now.",
    last_backup_never="There is no backup yet. Create a backup now.",
)


def texts_in(language: Language) -> Texts:
    """The texts of a language.

    Raises:
        ValueError: ``language`` is neither ``"es"`` nor ``"en"``.
    """
    try:
        return {"es": SPANISH, "en": ENGLISH}[language]
    except KeyError:
        raise ValueError(f"language must be 'es' or 'en', not {language!r}") from None
