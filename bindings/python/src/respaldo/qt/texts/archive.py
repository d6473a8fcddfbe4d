"""What the windows say of the archive, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveTexts:
    """One language. An ``&`` stands before the letter that works with Alt."""

    # the menu
    set_up: str
    push: str

    # the list
    column: str
    unread: str
    pushing: str
    pushed: str
    fetching: str

    # where
    title: str
    intro: str
    kind_field: str
    kinds: dict[str, str]
    folder_field: str
    fields: dict[str, str]
    """By the library's name for it."""
    after_create: str
    test: str
    test_first: str
    testing: str
    test_empty: str
    test_empty_same_disk: str
    test_exists: str
    test_failed: str
    make: str
    go_on: str
    making: str

    # the password of one that is there
    password_intro: str
    password_field: str
    show_password: str
    open_it: str
    opening: str

    # the sheet
    sheet_intro: str
    sheet: str
    sheet_restic: str
    sheet_restic_server: str
    sheet_field: str
    sheet_name: str
    sheet_files: str
    save_sheet: str
    print_sheet: str
    kept: str
    finish: str
    leave_question: str
    leave_anyway: str
    stay: str

    # how it ended
    in_use: str
    removed: str


SPANISH = ArchiveTexts(
    set_up="Archivo &cifrado…",
    push="En&viar al archivo cifrado",
    column="En el archivo",
    unread="No se pudo leer el archivo cifrado. {error}",
    pushing="Enviando al archivo cifrado…",
    pushed="El respaldo del {date} está en el archivo cifrado, que creció {added}.",
    fetching="Recuperando del archivo cifrado…",
    title="Archivo cifrado",
    intro=(
        "Guarda años de respaldos en poco espacio, cifrados y lejos de esta computadora: contra un robo, un "
        "incendio o un programa que secuestra archivos."
    ),
    kind_field="&Dónde:",
    kinds={
        "folder": "Una carpeta: memoria USB, disco externo o red",
        "webdav": "Un servidor WebDAV: Nextcloud, un NAS",
        "s3": "Un servidor S3",
    },
    folder_field="Car&peta:",
    fields={
        "endpoint": "D&irección:",
        "root": "Carpeta en el ser&vidor:",
        "username": "&Usuario:",
        "password": "Contraseña del se&rvidor:",
        "bucket": "Buc&ket:",
        "region": "Re&gión:",
        "access_key_id": "&Clave de acceso:",
        "secret_access_key": "Clave secre&ta:",
    },
    after_create="Enviar ahí cada respaldo &nuevo",
    test="Pro&bar",
    test_first="Pruebe el lugar antes de seguir.",
    testing="Probando el lugar…",
    test_empty="Funciona. Todavía no hay un archivo ahí: se creará en {place}",
    test_empty_same_disk=(
        "Funciona, pero está en el mismo disco que la base de datos: si ese disco falla, se pierde todo. "
        "Se creará en {place}"
    ),
    test_exists="Funciona. Ya hay un archivo en {place}: para usarlo hace falta su contraseña.",
    test_failed="No funciona. {error}",
    make="Crear el &archivo",
    go_on="&Seguir",
    making="Creando el archivo cifrado…",
    password_intro="Escriba la contraseña de la hoja que se imprimió cuando se creó este archivo.",
    password_field="C&ontraseña:",
    show_password="&Mostrar la contraseña",
    open_it="&Abrir el archivo",
    opening="Abriendo el archivo cifrado…",
    sheet_intro=(
        "El archivo está listo. Sin su contraseña, todo lo que hay en él se pierde, y solo se muestra ahora: "
        "imprima esta hoja o guárdela lejos de esta computadora."
    ),
    sheet="""\
ARCHIVO CIFRADO DE RESPALDOS
Guarde esta hoja lejos de la computadora.

Base de datos:  {database}
Lugar:          {place}
Contraseña:     {password}
Creado:         {date}

{note}

En una computadora nueva, con la aplicación: Respaldos, Más, Archivo cifrado;
el mismo lugar y esta contraseña. Los respaldos aparecen en la lista.
{restic}""",
    sheet_restic="""
O solo con el programa restic (https://restic.net):
  restic -r {address} restore latest --target .""",
    sheet_restic_server="""
O con el programa restic (https://restic.net), una vez copiada esa carpeta
del servidor a un disco:
  restic -r CARPETA restore latest --target .""",
    sheet_field="Hoja de recuperación",
    sheet_name="archivo cifrado, hoja de recuperación.txt",
    sheet_files="Textos (*.txt)",
    save_sheet="&Guardar…",
    print_sheet="&Imprimir…",
    kept="&Ya la imprimí o la guardé en otro lugar",
    finish="&Terminar",
    leave_question="Sin la contraseña, lo que está en el archivo se pierde. ¿Cerrar sin haber guardado la hoja?",
    leave_anyway="&Cerrar de todos modos",
    stay="&Volver a la hoja",
    in_use="Ahora se usa el archivo de {place}",
    removed="Ya no se envía nada al archivo. Lo que está en él se queda.",
)

ENGLISH = ArchiveTexts(
    set_up="Encr&ypted archive…",
    push="Sen&d to the encrypted archive",
    column="In the archive",
    unread="The encrypted archive could not be read. {error}",
    pushing="Sending to the encrypted archive…",
    pushed="The backup of {date} is in the encrypted archive, which grew by {added}.",
    fetching="Fetching from the encrypted archive…",
    title="Encrypted archive",
    intro=(
        "It keeps years of backups in little room, encrypted and away from this computer: against theft, fire "
        "and programs that hold files to ransom."
    ),
    kind_field="Wh&ere:",
    kinds={
        "folder": "A folder: USB stick, external disk or network",
        "webdav": "A WebDAV server: Nextcloud, a NAS",
        "s3": "An S3 server",
    },
    folder_field="&Folder:",
    fields={
        "endpoint": "A&ddress:",
        "root": "&Folder on the server:",
        "username": "&User:",
        "password": "Server's pass&word:",
        "bucket": "&Bucket:",
        "region": "Re&gion:",
        "access_key_id": "Access &key:",
        "secret_access_key": "&Secret key:",
    },
    after_create="Send each &new backup there",
    test="&Test",
    test_first="Test the place before you go on.",
    testing="Testing the place…",
    test_empty="It works. There is no archive there yet: it will be made in {place}",
    test_empty_same_disk=(
        "It works, but it is on the same disk as the database: if that disk fails, everything is lost. "
        "It will be made in {place}"
    ),
    test_exists="It works. There is an archive in {place} already: its password is needed to use it.",
    test_failed="It does not work. {error}",
    make="&Make the archive",
    go_on="G&o on",
    making="Making the encrypted archive…",
    password_intro="Type the password from the sheet that was printed when this archive was made.",
    password_field="&Password:",
    show_password="&Show the password",
    open_it="&Open the archive",
    opening="Opening the encrypted archive…",
    sheet_intro=(
        "The archive is ready. Without its password everything in it is lost, and it is shown only now: print "
        "this sheet, or keep it away from this computer."
    ),
    sheet="""\
ENCRYPTED ARCHIVE OF BACKUPS
Keep this sheet away from the computer.

Database:  {database}
Place:     {place}
Password:  {password}
Made:      {date}

{note}

On a new computer, with the application: Backups, More, Encrypted archive;
the same place and this password. The backups appear in the list.
{restic}""",
    sheet_restic="""
Or with the program restic alone (https://restic.net):
  restic -r {address} restore latest --target .""",
    sheet_restic_server="""
Or with the program restic (https://restic.net), once that folder of the
server has been copied to a disk:
  restic -r FOLDER restore latest --target .""",
    sheet_field="Recovery sheet",
    sheet_name="encrypted archive, recovery sheet.txt",
    sheet_files="Texts (*.txt)",
    save_sheet="&Save…",
    print_sheet="&Print…",
    kept="I have printed it or &kept it elsewhere",
    finish="&Finish",
    leave_question="Without the password, what is in the archive is lost. Close without having kept the sheet?",
    leave_anyway="&Close anyway",
    stay="&Back to the sheet",
    in_use="The archive in {place} is used now",
    removed="Nothing is sent to the archive any more. What is in it stays.",
)
