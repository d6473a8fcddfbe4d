"""What ``--help`` says of the commands on whole backups, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from .command_texts import CommandTexts

SPANISH: Mapping[str, CommandTexts] = {
    "create": CommandTexts(
        usage="%(prog)s --database ARCHIVO [opciones]",
        summary="crear un respaldo ahora",
        details="""\
Crea un respaldo, lo verifica y lo asegura en el disco. La aplicación puede
seguir abierta. Después borra los respaldos más antiguos que el número a
conservar; nunca uno renombrado. Ctrl-C cancela sin dejar nada a medias.
«prune --dry-run» dice qué se borraría.""",
        examples="""\
ejemplos:
  respaldo create --database tattoostudio.db
  respaldo create --database tattoostudio.db --backup-dir E:\\respaldos
  respaldo create --database tattoostudio.db --json | jq -r .backup.path""",
    ),
    "due": CommandTexts(
        usage="%(prog)s --database ARCHIVO [opciones]",
        summary="crear un respaldo si hoy todavía no hay uno",
        details="""\
Crea un respaldo si todavía no hay uno de hoy, según la zona horaria. Termina
con estado 0 en ambos casos; con --json, «created» dice si lo creó.""",
        examples="""\
ejemplo, todos los días a las 9 con cron:
  0 9 * * * respaldo due --database /home/ana/estudio/tattoostudio.db""",
    ),
    "list": CommandTexts(
        usage="%(prog)s --database ARCHIVO [--since FECHA] [--limit N] [--kind CLASE]... [--long] [opciones]",
        summary="ver los respaldos, el más reciente primero",
        details="""\
En una terminal, una tabla. En un archivo o una tubería, una línea por respaldo
con tabuladores: nombre, fecha, bytes, tipo (backup, preserved, safety,
recovered, other), «intact», «damaged» o «elsewhere» (solo en la nube), y
cuándo se verificó, si se hizo. «intact» solo mira el encabezado: «verificado»
quiere decir que se leyó completo. «preserved» es el que alguien renombró: nunca
se borra.

--long agrega: qué lo creó (automatic, manual, before_upgrade), su nombre,
«pinned», cuándo se ensayó, cuántos registros tiene, base de datos y ruta.""",
        examples="""\
ejemplos:
  respaldo list --database tattoostudio.db
  respaldo list --database tattoostudio.db --since 7d --long
  respaldo list --database tattoostudio.db --kind preserved --kind safety
  respaldo list --database tattoostudio.db | head -1 | cut -f1""",
    ),
    "last": CommandTexts(
        usage="%(prog)s --database ARCHIVO [opciones]",
        summary="ver cuándo fue el último respaldo",
        details="""\
Dice cuándo se hizo el último respaldo, aunque ya esté en un disco externo;
«—» si nunca se hizo uno.""",
        examples="""\
ejemplo:
  respaldo last --database tattoostudio.db""",
    ),
    "verify": CommandTexts(
        usage="%(prog)s RESPALDO --database ARCHIVO [opciones]",
        summary="probar que un respaldo está bien",
        details="Lee el respaldo completo y lo revisa. No cambia nada.",
        examples="""\
ejemplos:
  respaldo verify backup_20260304_142305.db --database tattoostudio.db
  respaldo verify E:\\respaldos\\backup_20260304_142305.db --database tattoostudio.db""",
    ),
    "restore": CommandTexts(
        usage="%(prog)s RESPALDO --database ARCHIVO [--yes | --target ARCHIVO | --dry-run] [opciones]",
        summary="volver a un respaldo",
        details="""\
Pone el respaldo en lugar de la base de datos. Antes dice qué se perdería y
pregunta, y antes de cambiar nada guarda la base de datos actual junto a ella,
con el nombre <base de datos>.before_restore_<fecha>: restaurar esa copia
deshace todo. --dry-run solo dice qué se perdería.

Ctrl-C cancela sin cambiar nada (estado 130). Si llega cuando la restauración
ya está hecha, lo dice, y el estado es 0.""",
        examples="""\
ejemplos:
  respaldo restore backup_20260304_142305.db --database tattoostudio.db
  respaldo restore E:\\respaldos\\backup_20260304_142305.db --database tattoostudio.db
  respaldo restore backup_20260304_142305.db --database tattoostudio.db --target ensayo.db
                                       un ensayo: escribe otro archivo, no pregunta
  respaldo restore backup_20260304_142305.db --database tattoostudio.db --yes \\
                   --reason "se borró una clienta por error\"""",
    ),
    "prune": CommandTexts(
        usage="%(prog)s --database ARCHIVO [--dry-run] [opciones]",
        summary="borrar los respaldos antiguos que sobran",
        details="""\
«create» ya lo hace; esto sirve para ver qué se borraría, o después de bajar
--max-backups. Nunca borra uno renombrado, el más reciente que está bien, ni
una copia de antes de restaurar.""",
        examples="""\
ejemplos:
  respaldo prune --database tattoostudio.db --dry-run
  respaldo prune --database tattoostudio.db --max-backups 5""",
    ),
    "annotate": CommandTexts(
        usage="%(prog)s RESPALDO --database ARCHIVO [--label TEXTO] [--note TEXTO] [--pin | --unpin] [--confirm]\n"
        "       [--dry-run]",
        summary="ponerle nombre o nota a un respaldo, o fijarlo",
        details="""\
Anota lo que se dice de un respaldo; el archivo no se toca. Lo que no se da
queda como está, y un texto vacío lo quita. Uno fijado no se borra nunca.

--confirm es para cuando «create» avisa que faltan muchos datos y es a
propósito: hasta entonces no se borra ningún respaldo.""",
        examples="""\
ejemplos:
  respaldo annotate backup_20260304_142305.db --label "cierre de mes" --pin --database tattoostudio.db
  respaldo annotate backup_20260304_142305.db --confirm --database tattoostudio.db""",
    ),
}

ENGLISH: Mapping[str, CommandTexts] = {
    "create": CommandTexts(
        usage="%(prog)s --database FILE [options]",
        summary="make a backup now",
        details="""\
Makes a backup, verifies it and sees it onto the disk. The application can stay
open. Then it deletes the oldest backups beyond the number to keep; never a
renamed one. Ctrl-C cancels and leaves nothing half done. "prune --dry-run" says
what would be deleted.""",
        examples="""\
examples:
  respaldo create --database tattoostudio.db
  respaldo create --database tattoostudio.db --backup-dir E:\\backups
  respaldo create --database tattoostudio.db --json | jq -r .backup.path""",
    ),
    "due": CommandTexts(
        usage="%(prog)s --database FILE [options]",
        summary="make a backup unless there is one of today",
        details="""\
Makes a backup unless there is one of today, in the time zone. Its exit status
is 0 in both cases; with --json, "created" says whether it made one.""",
        examples="""\
example, every day at 9 with cron:
  0 9 * * * respaldo due --database /home/ana/studio/tattoostudio.db""",
    ),
    "list": CommandTexts(
        usage="%(prog)s --database FILE [--since DATE] [--limit N] [--kind KIND]... [--long] [options]",
        summary="see the backups, newest first",
        details="""\
On a terminal, a table. In a file or a pipe, one line a backup with tabs: name,
date, bytes, kind (backup, preserved, safety, recovered, other), "intact",
"damaged" or "elsewhere" (online only), and when it was last verified, if it
was. "intact" goes by the header alone: only "verified" means that all of it
was read. A "preserved" one was renamed by somebody, and is never deleted.

--long adds: what made it (automatic, manual, before_upgrade), label, "pinned",
when it was rehearsed, how many rows it has, database, path.""",
        examples="""\
examples:
  respaldo list --database tattoostudio.db
  respaldo list --database tattoostudio.db --since 7d --long
  respaldo list --database tattoostudio.db --kind preserved --kind safety
  respaldo list --database tattoostudio.db | head -1 | cut -f1""",
    ),
    "last": CommandTexts(
        usage="%(prog)s --database FILE [options]",
        summary="see when the last backup was made",
        details="""\
Says when the last backup was made, even if it lies on an external drive now;
"—" if there never was one.""",
        examples="""\
example:
  respaldo last --database tattoostudio.db""",
    ),
    "verify": CommandTexts(
        usage="%(prog)s BACKUP --database FILE [options]",
        summary="check that a backup is good",
        details="Reads the whole backup and checks it. Changes nothing.",
        examples="""\
examples:
  respaldo verify backup_20260304_142305.db --database tattoostudio.db
  respaldo verify E:\\backups\\backup_20260304_142305.db --database tattoostudio.db""",
    ),
    "restore": CommandTexts(
        usage="%(prog)s BACKUP --database FILE [--yes | --target FILE | --dry-run] [options]",
        summary="go back to a backup",
        details="""\
Puts the backup in the place of the database. It says what would be lost and
asks first, and before it changes anything it saves the current database beside
itself, as <database>.before_restore_<time>: restoring that copy undoes it all.
--dry-run only says what would be lost.

Ctrl-C cancels and changes nothing (status 130). If it comes when the restore
is done already, that is said, and the status is 0.""",
        examples="""\
examples:
  respaldo restore backup_20260304_142305.db --database tattoostudio.db
  respaldo restore E:\\backups\\backup_20260304_142305.db --database tattoostudio.db
  respaldo restore backup_20260304_142305.db --database tattoostudio.db --target rehearsal.db
                                       a rehearsal: writes another file, asks nothing
  respaldo restore backup_20260304_142305.db --database tattoostudio.db --yes \\
                   --reason "a client was deleted by mistake\"""",
    ),
    "prune": CommandTexts(
        usage="%(prog)s --database FILE [--dry-run] [options]",
        summary="delete old backups beyond the number to keep",
        details="""\
"create" does this already; it is for seeing what would go, or after lowering
--max-backups. It never deletes a renamed one, the newest good one, or a copy
made before a restore.""",
        examples="""\
examples:
  respaldo prune --database tattoostudio.db --dry-run
  respaldo prune --database tattoostudio.db --max-backups 5""",
    ),
    "annotate": CommandTexts(
        usage="%(prog)s BACKUP --database FILE [--label TEXT] [--note TEXT] [--pin | --unpin] [--confirm] [--dry-run]",
        summary="give a backup a name or a note, or pin it",
        details="""\
Notes what is said of a backup; the file is not touched. What is not given stays
as it is, and an empty text takes it away. A pinned one is never deleted.

--confirm is for when "create" warns that much is missing, and that is meant:
until then no backup is deleted.""",
        examples="""\
examples:
  respaldo annotate backup_20260304_142305.db --label "end of month" --pin --database tattoostudio.db
  respaldo annotate backup_20260304_142305.db --confirm --database tattoostudio.db""",
    ),
}
