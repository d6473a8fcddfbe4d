"""Los textos en español."""

from __future__ import annotations

from . import CommandTexts, Texts, administration, archive, backups, listing

TEXTS = Texts(
    creating="Creando el respaldo",
    restoring="Restaurando",
    verifying="Verificando",
    waiting="Esperando a otro programa",
    rehearsing="Ensayando",
    salvaging="Rescatando",
    bringing_back="Trayendo de vuelta",
    annotating="Anotando",
    error="Error",
    warning="Advertencia",
    insist="Si es el que quiere, agregue --allow-different.",
    cannot_compare="No se pudo ver qué se perdería: {message}",
    dry_run_created="Nada se cambió. Se crearía un respaldo de {database} ({size}) en\n{folder} ({free} libres).",
    dry_run_restore="Nada se cambió. {name} está bien y se restauraría en {database}",
    restore_question="¿Está seguro que desea restaurar este respaldo?",
    restore_overwrites="Advertencia: Esto sobrescribirá la base de datos actual.",
    restore_saves_first="Se creará una copia de seguridad de la BD actual antes de continuar.",
    restore_prompt="Escriba «sí» para continuar [s/N]:",
    yes=frozenset({"s", "si", "sí", "y", "yes"}),
    created="Respaldo creado: {name} ({size})",
    already_today="Ya hay un respaldo de hoy: {display} ({name})",
    unchanged="Nada cambió desde el respaldo {display} ({name}): no se creó otro.",
    no_database_yet="Todavía no hay base de datos en {database}: no hay nada que respaldar.",
    removed_name="Se borró el respaldo antiguo {name}",
    list_columns=("Fecha", "Tamaño", "Nombre", "Nota"),
    kinds={
        "backup": "",
        "preserved": "conservado",
        "safety": "antes de restaurar",
        "recovered": "recuperado",
        "other": "de otra base de datos",
    },
    damaged="DAÑADO",
    repairable="REPARABLE",
    more_problems="y {count} más, que se ven con --json",
    verified_on="verificado {date}",
    not_verified="sin verificar",
    elsewhere="no está en este equipo: leerlo lo descarga",
    no_backups="Todavía no hay respaldos. Para crear uno: respaldo create",
    last_backup="Último respaldo: {display}",
    verified="El respaldo está bien: {name} ({pages} páginas, {size})",
    restored="Restaurado: {name}\nen {database}",
    safety_copy="La base de datos anterior se guardó en {path}\nPara volver a ella: respaldo restore {name}",
    prune_columns=("Nombre", "Qué pasa, y por qué"),
    annotated="Anotado: {name} ({remarks})",
    dry_run_annotated="Nada se cambió. Quedaría anotado: {name} ({remarks})",
    pinned="fijado",
    severities={"note": "Nota", "attention": "Atención", "danger": "PELIGRO"},
    brought_back="Los registros están de vuelta, de {}.",
    not_brought_back="No se cambió nada. De {}:",
    table_plan="{}: {} agregados, {} reemplazados, {} iguales, {} en conflicto",
    salvaged="Lo que se puede leer se guardó en {name}",
    dry_run_salvaged="Nada se cambió. Se podría rescatar:",
    table_salvaged="{}: {} registros, {} cortados, faltan {} que el respaldo más reciente tiene",
    rehearsed="El ensayo salió bien: {name} se puede restaurar.",
    rehearsal_failed="El ensayo de {name} encontró algo:",
    comparing="Comparando",
    compared_with="Comparado con {}",
    compare_columns=("Tabla", "Se perderían", "Volverían", "Cambiarían", "Iguales"),
    row_columns=("Tabla", "Qué pasa", "Fila"),
    differences={
        "only_here": "no está en el respaldo",
        "only_there": "solo en el respaldo",
        "changed": "distinta",
        "differs": "distinto",
    },
    schema_kinds={
        "table": "tabla",
        "column": "columna",
        "index": "índice",
        "trigger": "disparador",
        "view": "vista",
    },
    searching="Buscando",
    found_columns=("Último", "Respaldos", "Tabla", "Clave", "Registro"),
    nothing_found="No se encontró nada en {count} respaldos.",
    found_more="Se muestran {count} y hay más: diga con más precisión qué busca, o suba --rows.",
    bring_one_back="Para traer de vuelta el primero: respaldo bring-back {} {} {}",
    history_columns=("Desde", "Hasta", "Último", "Cómo era, o qué cambió"),
    never_there="Ningún respaldo tiene este registro.",
    not_there_now="Ya no está en la base de datos.",
    changed_now="Desde el último de estos respaldos cambió: {}",
    same_now="En la base de datos está como en el último de estos respaldos.",
    gone_since="Falta desde el respaldo de {} ({}).",
    archive=archive.SPANISH,
    yes_word="sí",
    no_word="NO",
    done_before_interruption="Se pidió cancelar (Ctrl-C), pero el trabajo ya estaba hecho: es lo que dice arriba.",
    declined=("No se restauró nada; no se cambió nada.", ""),
    interrupted=("Se canceló con Ctrl-C; no se cambió nada.", "Puede repetirlo cuando quiera."),
    no_command="Falta la orden.",
    no_database=(
        "Falta decir cuál es la base de datos.",
        "Agregue --database ARCHIVO, o ponga su ruta en la variable RESPALDO_DATABASE o en un archivo de --config.",
    ),
    nothing_there=(
        "No se encontró la base de datos {database}, ni respaldos de ella en {folder}.",
        "Revise la ruta. Si los respaldos están en otra carpeta, agregue --backup-dir CARPETA.",
    ),
    perhaps_mistyped=(
        "No se encontró la base de datos {database}.",
        "Si la aplicación todavía no se ha usado, está bien así. Si ya se usa, revise la ruta.",
    ),
    meant="¿Será {path}?",
    nobody_to_ask=(
        "Restaurar pide confirmación, y aquí no hay una terminal donde preguntar. No se cambió nada.",
        "Si está seguro, agregue --yes.",
    ),
    bad_variable=("El valor de la variable {name} no es válido.", "Corríjala o bórrela."),
    not_unicode=("Una ruta tiene letras que no son Unicode.", "Renombre esa carpeta o ese archivo."),
    library_not_loaded=("No se pudo cargar la biblioteca de respaldo.\n{detail}", ""),
    output_failed=(
        "El trabajo está hecho, pero no se pudo escribir la respuesta: {detail}.",
        "Revise a dónde se manda la salida.",
    ),
    internal=(
        "Error interno de la orden respaldo: {detail}",
        "Es un fallo del programa; envíe este mensaje a quien lo mantiene.",
    ),
    which_row="Falta decir qué registro, con su tabla y su clave, como: clients 7",
    which_words='Falta decir qué buscar, como: find "ana lopez"',
    see_help="Ayuda: {program} --help",
    program=CommandTexts(
        usage="%(prog)s ORDEN --database ARCHIVO [opciones]",
        summary="respaldos de la base de datos SQLite de una aplicación",
        details="""\
Crea, prueba y restaura respaldos de la base de datos SQLite de una aplicación.
La aplicación puede seguir abierta mientras tanto.

Cada respaldo es un archivo .db completo y verificado, en la carpeta «backups»
junto a la base de datos. Se conservan los 20 más recientes.""",
        examples="""\
ejemplos:
  respaldo create --database tattoostudio.db     crear un respaldo ahora
  respaldo list --database tattoostudio.db       ver los respaldos
  respaldo restore backup_20260304_142305.db --database tattoostudio.db

  export RESPALDO_DATABASE=~/estudio/tattoostudio.db      (Linux, macOS)
  setx RESPALDO_DATABASE C:\\Estudio\\tattoostudio.db       (Windows)
  respaldo last                                  ya sin --database

estado de salida (con --json es también el «status» del error, salvo 130):
  0        bien hecho
  4        se contestó que no; no se cambió nada
  1 a 99   el número de error de la biblioteca, como lo dice el mensaje:
           20 no hay base de datos   21 no hay tal respaldo   22 sin permiso
           23 disco lleno   24 error del sistema   25 el archivo ya existe
           40 otro programa usa la base de datos   41 base de datos dañada
           42 no es una base de datos   43 respaldo dañado   44 mismo archivo
           45 respaldo de otra base de datos   46 respaldo de una versión más nueva
           60 otro respaldo en curso   61 la restauración no se completó
           47 filas en conflicto   70 falta el segundo lugar
           80, 81, 82, 83 el archivo remoto: sin respuesta, otra contraseña,
           no hay tal archivo, dañado   90 no está en esta biblioteca
           1, 3 opción con mal valor   99 fallo de la biblioteca
  100      no se entendió la orden, o no hubo a quién preguntar
  101      no se pudo cargar la biblioteca
  102      el trabajo está hecho, pero no se pudo escribir la respuesta
  103      un ensayo encontró algo
  130      Ctrl-C; no se cambió nada

Cada orden tiene su ayuda: respaldo restore --help""",
    ),
    commands={
        **backups.SPANISH,
        "archive": archive.SPANISH.help,
        "bring-back": CommandTexts(
            usage="%(prog)s [RESPALDO] TABLA CLAVE --database ARCHIVO [--row TABLA CLAVE] [--dry-run] [opciones]",
            summary="traer de vuelta registros y lo que les pertenece",
            details="""\
Trae de un respaldo registros a la base de datos, con los registros a los que se
refieren y los que se fueron con ellos, en una sola transacción. La base de datos
de ahora se guarda antes en una copia. Si un registro está con otro contenido no
se cambia nada, salvo que --on-conflict lo diga. Si no se dice de qué respaldo, es
el más reciente que tiene el registro.""",
            examples="""\
ejemplos:
  respaldo bring-back clients 7 --dry-run --database tattoostudio.db
  respaldo bring-back backup_20260304_142305.db clients 7 --database tattoostudio.db
  respaldo bring-back backup_20260304_142305.db --row sessions artist=1,day=2026-03-04 --database tattoostudio.db""",
        ),
        "salvage": CommandTexts(
            usage="%(prog)s [RESPALDO] --database ARCHIVO [--dry-run] [--deleted] [opciones]",
            summary="rescatar lo que se puede leer de una base dañada",
            details="""\
Hace un archivo nuevo, recovered_..., con lo que todavía se puede leer de la base
de datos o de un respaldo, que no se toca. Con «restore» se pone en su lugar.""",
            examples="""\
ejemplo:
  respaldo salvage --database tattoostudio.db""",
        ),
        "health": CommandTexts(
            usage="%(prog)s --database ARCHIVO [--deep] [opciones]",
            summary="saber si los datos están a salvo",
            details="""\
Dice en una frase si los datos están a salvo, y qué no está bien: respaldo
viejo, dañado o cambiado, datos que faltan, poco espacio, el reloj.

Estado de salida, como lo esperan los programas de vigilancia:
  0  todo bien   1  algo necesita atención   2  los datos corren peligro
  otro  no se pudo saber""",
            examples="""\
ejemplos:
  respaldo health --database tattoostudio.db
  respaldo health --deep --database tattoostudio.db""",
        ),
        "rehearse": CommandTexts(
            usage="%(prog)s [RESPALDO] --database ARCHIVO [--check SQL]... [opciones]",
            summary="ensayar una restauración, sin tocar nada",
            details="""\
Restaura el respaldo (si no se dice: el más reciente) en un archivo temporal, lo
verifica, le hace las preguntas y lo borra. Cada pregunta es SQL que solo lee;
está bien si su primer valor es verdadero. Estado de salida 103 si algo no.""",
            examples="""\
ejemplo:
  respaldo rehearse --check "SELECT count(*) > 0 FROM clients" --database tattoostudio.db""",
        ),
        "compare": CommandTexts(
            usage="%(prog)s [RESPALDO] --database ARCHIVO [--with RESPALDO] [--rows N] [opciones]",
            summary="ver qué se perdería al restaurar un respaldo",
            details="""\
Compara fila por fila un respaldo (el más reciente, si no se da ninguno) con la
base de datos: qué se perdería al restaurarlo, qué volvería y qué cambiaría. No
cambia nada. Con --names dice «14 sesiones» en vez de «14 filas de sessions». En
un archivo o una tubería, una línea por tabla distinta, con tabuladores: tabla, se
perderían, volverían, cambiarían, iguales.""",
            examples="""\
ejemplos:
  respaldo compare backup_20260304_142305.db --database tattoostudio.db
  respaldo compare backup_20260304_142305.db --with backup_20260303_142305.db --database tattoostudio.db
  respaldo compare backup_20260304_142305.db --database tattoostudio.db --json | jq -r .summary""",
        ),
        "find": CommandTexts(
            usage="%(prog)s [TABLA] TEXTO --database ARCHIVO [--rows N] [opciones]\n"
            "       %(prog)s --table TABLA --key CLAVE --database ARCHIVO [opciones]",
            summary="buscar algo en todos los respaldos",
            details="""\
Busca en cada respaldo los registros que tienen estas palabras: cada versión una
vez, lo más reciente primero. No importan mayúsculas, acentos ni el orden de las
palabras; con n se encuentra también ñ. Si la primera palabra es una tabla, busca
solo en ella. No cambia nada. En un archivo o una tubería, una línea por versión,
con tabuladores: respaldo más reciente, tabla, clave, cuántos respaldos la tienen,
título, valores.""",
            examples="""\
ejemplos:
  respaldo find "ana lopez" --database tattoostudio.db
  respaldo find clients "ana lopez" --database tattoostudio.db
  respaldo find clients id=7 --database tattoostudio.db""",
        ),
        "history": CommandTexts(
            usage="%(prog)s TABLA CLAVE --database ARCHIVO [opciones]",
            summary="ver cómo era un registro en cada respaldo",
            details="""\
Muestra cómo era un registro en cada respaldo, qué cambió y cuándo se fue, y cómo
está ahora. La clave es la de su tabla; si se compone de varias columnas, con sus
nombres. No cambia nada. En un archivo o una tubería, una línea por versión, con
tabuladores: respaldo más antiguo, más reciente, columnas que cambiaron, valores.""",
            examples="""\
ejemplos:
  respaldo history clients 7 --database tattoostudio.db
  respaldo history sessions artist=1,day=2026-03-04 --database tattoostudio.db""",
        ),
        "completion": CommandTexts(
            usage="%(prog)s {bash,zsh,fish}",
            summary="completar con la tecla TAB",
            details="""\
Escribe lo que su terminal necesita para completar órdenes, opciones y nombres
de respaldos con la tecla TAB.""",
            examples="""\
ejemplos:
  respaldo completion bash >> ~/.bashrc
  respaldo completion zsh  >> ~/.zshrc       (después de compinit)
  respaldo completion fish > ~/.config/fish/completions/respaldo.fish""",
        ),
    },
    store_group="la base de datos y sus respaldos",
    store_group_note="""\
Cada una puede venir también de una variable: RESPALDO_DATABASE, RESPALDO_SETTINGS,
RESPALDO_BACKUP_DIR, RESPALDO_MAX_BACKUPS, RESPALDO_RETENTION, RESPALDO_SCHEMA, RESPALDO_HEALTH, RESPALDO_SECOND_PLACE,
RESPALDO_NAMES, RESPALDO_TIMEZONE,
RESPALDO_BUSY_TIMEOUT, RESPALDO_VERIFY, RESPALDO_LANGUAGE; o de un archivo (vea: respaldo config --help).
La opción gana a la variable, y esta al archivo.""",
    store_options={
        "database": ("ARCHIVO", "la base de datos de la aplicación"),
        "settings": (
            "ARCHIVO",
            "donde se anota last_backup_at (si no se dice: settings.json junto a la base de datos)",
        ),
        "backup_dir": ("CARPETA", "dónde están los respaldos (si no se dice: backups junto a la base de datos)"),
        "max_backups": ("N", "cuántos conservar (si no se dice: 20)"),
        "retention": ("CUÁNTOS", "cuáles conservar: last=20,days=0,weeks=8,months=12,years=5,bytes=5000000000"),
        "schema": ("JSON", 'los esquemas que entiende la aplicación: {"newest_user_version": 7}'),
        "health": ("JSON", 'lo que vigila health: {"max_age_days": 2, "rehearse_every_days": 30}'),
        "second_place": (
            "CARPETA",
            'otra carpeta, en otro disco, a la que se copia cada respaldo; o {"folder": …, "last": 60}',
        ),
        "archive": (
            "CARPETA",
            "un archivo cifrado de los respaldos: una carpeta, o JSON para un servidor [RESPALDO_ARCHIVE]",
        ),
        "names": ("JSON", 'las filas: {"clients": {"one": "cliente", "many": "clientes"}}'),
        "timezone": ("ZONA", "de quién es «hoy» (si no se dice: America/Hermosillo)"),
        "busy_timeout_ms": ("SEGUNDOS", "cuánto esperar a otro programa (si no se dice: 5)"),
        "verify": ("{full,quick}", "verificación completa o rápida (si no se dice: full)"),
        "language": ("{es,en}", "idioma de todo (si no se dice: es)"),
    },
    no_settings="no hay archivo de configuración: no anotar nada",
    help="mostrar esta ayuda y terminar",
    json="para programas: la respuesta o el error de la biblioteca, en JSON, en la salida estándar",
    version="mostrar la versión y terminar",
    safety="también las copias de antes de restaurar",
    include_others="también los respaldos de otras bases de datos en la misma carpeta",
    elsewhere_too="los que están en la otra carpeta (--second-place)",
    backup=("RESPALDO", "nombre de un respaldo de la lista, o la ruta de un archivo"),
    yes_option="no preguntar",
    reason=("TEXTO", "por qué, para el registro de restauraciones"),
    target=("ARCHIVO", "escribir este archivo nuevo en vez de la base de datos"),
    allow_different="aunque sea un respaldo de otra base de datos",
    dry_run="solo decir qué se borraría",
    dry_run_restore_option="solo verificarlo y decir qué se perdería",
    dry_run_create="solo decir si se crearía, dónde y cuánto espacio hay",
    other=("RESPALDO", "compararlo con este otro respaldo, en vez de la base de datos"),
    rows="cuántas filas distintas mostrar de cada tabla (si no se dice: 20)",
    text=("[TABLA] TEXTO", "las palabras que se buscan, en todas las tablas o en una"),
    table=("TABLA", "solo en esta tabla"),
    table_and_key=("TABLA CLAVE", "la tabla y la clave del registro, como: clients 7, o clients id=7"),
    backup_and_row=(
        "[RESPALDO] TABLA CLAVE",
        "el respaldo (si no se dice: el más reciente que tiene el registro) y el registro, como: clients 7",
    ),
    key=("CLAVE", "la clave del registro, como: 7, o id=7"),
    rows_found="cuántas versiones mostrar (si no se dice: 100)",
    label=("TEXTO", "un nombre para las personas, como «antes de actualizar 2.0»"),
    note=("TEXTO", "algo más que decir del respaldo"),
    pin="no borrarlo nunca",
    unpin="se puede borrar otra vez",
    confirm="las filas que faltan en él faltan a propósito",
    before_upgrade="es de antes de actualizar la aplicación",
    skip_unchanged="no crear ninguno si nada cambió desde el más reciente",
    deep="leer enteros la base de datos y cada respaldo",
    check=("SQL", "una pregunta al respaldo, que solo lea; se puede repetir"),
    row=("TABLA", "CLAVE", "un registro más, como: clients id=7; se puede repetir"),
    alone="sin los registros que se fueron con ellos",
    on_conflict="si un registro choca: no cambiar nada, dejar lo que hay o reemplazarlo (si no se dice: refuse)",
    triggers="dejar que actúen los disparadores de la base de datos",
    dry_run_rows="solo decir qué pasaría",
    deleted_rows="guardar también los registros borrados que aún se pueden leer, en una tabla aparte",
    shell="su terminal",
    commands_group="órdenes",
    command="ORDEN",
    argparse={
        "usage: ": "uso: ",
        "options": "opciones",
        "positional arguments": "argumentos",
        "argument %(argument_name)s: %(message)s": "%(argument_name)s: %(message)s",
        "expected one argument": "falta su valor",
        "ignored explicit argument %r": "no lleva valor: %r",
        "invalid %(type)s value: %(value)r": "debe ser un número: %(value)r",
        "invalid choice: %(value)r (choose from %(choices)s)": "no existe %(value)r; elija entre %(choices)s",
        "unrecognized arguments: %s": "no se entiende: %s",
        "the following arguments are required: %s": "falta: %s",
        "not allowed with argument %s": "no se puede usar junto con %s",
    },
    listing=listing.SPANISH,
    administration=administration.SPANISH,
)
