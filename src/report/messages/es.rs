//! Los textos en español.

use super::{Notice, PlaceTrouble, conflict_text, es_damage, first_names, first_of, in_brackets, megabytes, path_text};
use crate::report::error::{Argument, Cause, Error, Expected};

const NO_PERMISSION: &str = if cfg!(windows) {
    "Elija una carpeta de su usuario, por ejemplo en Documentos; en Archivos de programa, abra la aplicación con «Ejecutar como administrador». \
     Si el archivo está marcado como «Solo lectura», quite la marca en sus Propiedades. Si Seguridad de Windows protege la carpeta, \
     permita la aplicación en «Acceso controlado a carpetas»."
} else {
    "Dé permiso de escritura sobre esa carpeta a su usuario, o elija otra carpeta."
};

const LOCKED: &str = if cfg!(windows) {
    "Cierre la aplicación y cualquier otro programa que tenga abierto el archivo, y repita la operación. Si sigue igual, espere a que \
     terminen el antivirus o la sincronización (OneDrive, Dropbox), o reinicie la computadora."
} else {
    "Cierre la aplicación y cualquier otro programa que la tenga abierta, y repita la operación."
};

const LOCKED_BY_ITSELF: &str = "Si la ocupa esta misma aplicación, quien la mantiene debe terminar antes sus transacciones y consultas \
                                abiertas (COMMIT, cerrar cursores), y no usar locking_mode=EXCLUSIVE.";

const NO_DEVICE: &str = if cfg!(windows) {
    "Revise que el disco o la unidad de red estén conectados y en buen estado, y repita la operación."
} else {
    "Revise que el disco esté conectado y en buen estado, y repita la operación."
};

pub(super) fn error(error: &Error) -> (String, String) {
    let path = path_text(error);
    let (message, hint) = match &error.cause {
        Cause::InvalidArgument(argument) => (
            argument_text(argument),
            "Corrija ese valor en el programa o en la orden que lo dio.".to_owned(),
        ),
        Cause::InvalidHandle => (
            "El almacén de respaldos no está abierto.".to_owned(),
            "Ábralo de nuevo antes de usarlo.".to_owned(),
        ),
        Cause::UnknownTimezone(zone) => (
            format!("No existe la zona horaria «{zone}»."),
            "Use un nombre de la IANA, por ejemplo «America/Hermosillo».".to_owned(),
        ),
        Cause::Cancelled => (
            "La operación se canceló; no se cambió nada.".to_owned(),
            "Puede repetirla cuando quiera.".to_owned(),
        ),
        Cause::DatabaseNotFound => (
            format!("No se encontró la base de datos {path}."),
            "Revise si se movió, se renombró o se borró. Si se perdió, restaure un respaldo.".to_owned(),
        ),
        Cause::BackupNotFound => (
            format!("No se encontró el respaldo {path}."),
            "Quizá se borró o se movió a mano, o la carpeta no es la correcta. Elija otro de la lista o búsquelo en el disco externo.".to_owned(),
        ),
        Cause::PermissionDenied(detail) => (
            format!("No hay permiso para usar {path} ({detail})."),
            NO_PERMISSION.to_owned(),
        ),
        Cause::DiskFull { needed, free } => (
            match (needed, free) {
                (Some(needed), Some(free)) => format!(
                    "No hay espacio en el disco de {path}: se necesitan {} y hay {} libres.",
                    megabytes(*needed),
                    megabytes(*free)
                ),
                (None, Some(free)) => format!(
                    "Se llenó el disco de {path}: quedan {} libres.",
                    megabytes(*free)
                ),
                _ => format!("Se llenó el disco de {path}."),
            },
            "Libere espacio en ese disco y repita la operación. No se perdió nada.".to_owned(),
        ),
        Cause::Io(detail) => (
            format!("El sistema no pudo leer o escribir {path}: {detail}."),
            NO_DEVICE.to_owned(),
        ),
        Cause::NoThread(detail) => (
            format!("El sistema no dejó iniciar otro hilo para el trabajo: {detail}."),
            "Cierre otros programas y repita la operación. En un contenedor o servicio, aumente su límite de procesos e hilos \
             (pids, TasksMax, ulimit -u)."
                .to_owned(),
        ),
        Cause::DescriptorTableForbidden(detail) => (
            format!(
                "El entorno restringido (contenedor o «sandbox») de la aplicación prohíbe lo que el respaldo necesita para respetar los \
                 bloqueos de la base de datos: una tabla propia de archivos abiertos ({detail})."
            ),
            "Permita «close_range» en su perfil seccomp, o actualice el programa de contenedores (Docker, containerd) y libseccomp. \
             Mientras tanto, haga los respaldos desde fuera de él con la orden respaldo."
                .to_owned(),
        ),
        Cause::NotAFolder => (
            format!("{path} es un archivo, no una carpeta."),
            "Elija otra carpeta, o mueva ese archivo.".to_owned(),
        ),
        Cause::DatabaseIsAFolder => (
            format!("{path} es una carpeta, no una base de datos."),
            "Agregue el nombre del archivo de la base de datos que está en ella.".to_owned(),
        ),
        Cause::LinkLeadsNowhere => (
            format!("{path} es un enlace a algo que no está."),
            "Conecte el disco al que lleva, o elija otra carpeta.".to_owned(),
        ),
        Cause::PathTooLong => (
            format!("La ruta {path} es demasiado larga."),
            "Acorte el nombre, o elija una carpeta con una ruta más corta.".to_owned(),
        ),
        Cause::ClockOutOfRange(year) => (
            format!("El reloj de la computadora dice que es el año {year}."),
            "Corrija la fecha y la hora de la computadora, y repita la operación.".to_owned(),
        ),
        Cause::TargetExists => (
            format!("Ya existe el archivo {path}; no se sobrescribe."),
            "Elija otro nombre o mueva ese archivo.".to_owned(),
        ),
        Cause::DatabaseLocked => (
            format!("Otro programa está usando la base de datos {path}, o esta misma aplicación no la ha soltado."),
            format!("{LOCKED} {LOCKED_BY_ITSELF}"),
        ),
        Cause::DatabaseCorrupt(damage) => es_damage::of_database(damage, &path),
        Cause::NotADatabase => (
            format!("{path} no es una base de datos SQLite: tiene otro formato, está cifrado o está vacío."),
            "Revise que sea el archivo correcto. Si es la base de datos de la aplicación, restaure un respaldo.".to_owned(),
        ),
        Cause::BackupCorrupt(damage) => es_damage::of_backup(damage, &path),
        Cause::SameFile => (
            format!("El origen y el destino son el mismo archivo: {path}."),
            "Elija un respaldo distinto de la base de datos en uso, u otro destino.".to_owned(),
        ),
        Cause::DifferentDatabase(name) => (
            match name {
                Some(name) => format!("El respaldo {path} es de otra base de datos: {name}."),
                None => format!("El respaldo {path} es de otra base de datos: no comparte ninguna tabla con la actual."),
            },
            "Elija un respaldo de esta base de datos. No se cambió nada.".to_owned(),
        ),
        Cause::SecondPlaceAbsent(why) => {
            let (message, hint) = second_place(why);
            (format!("El respaldo está hecho, pero no está en {path}, y debe estar: {message}."), hint.to_owned())
        }
        Cause::SchemaTooNew(version) => (
            format!("El respaldo {path} es de una versión más nueva de la aplicación (esquema {version}), que esta no entiende."),
            "Actualice la aplicación y repita la operación, o elija un respaldo anterior. No se cambió nada.".to_owned(),
        ),
        Cause::RowsInConflict(conflicts) => (
            format!("Traer de vuelta esos registros a {path} chocaría con lo que hay: {}.", conflict_text(conflicts)),
            "No se cambió nada. Revise las dos versiones y repita la operación con «skip» para conservar lo que hay, o con «overwrite» para poner lo del respaldo.".to_owned(),
        ),
        Cause::Busy => (
            format!("Ya hay otro respaldo o restauración en curso en {path}."),
            "Espere a que termine y repita la operación.".to_owned(),
        ),
        Cause::RestoreFailed { cause, safety_backup, undone } => (
            format!(
                "No se pudo completar la restauración de {path}; la base de datos {} como estaba. Causa: {}",
                if *undone { "quedó" } else { "NO quedó" },
                self::error(cause).0
            ),
            format!(
                "La copia de seguridad de antes de restaurar está en {}. {}",
                safety_backup.display(),
                if *undone { "Corrija la causa y repita la operación." } else { "Restáurela ahora." }
            ),
        ),
        Cause::ArchiveUnreachable(detail) => (
            format!("No se puede llegar al archivo de respaldos {path}: {detail}."),
            "Revise que el disco esté conectado, o que haya internet y que la dirección, el usuario y la clave del servidor sean los \
             correctos, y repita la operación. Lo que ya está guardado ahí sigue igual."
                .to_owned(),
        ),
        Cause::ArchiveUntrusted(detail) => (
            format!("No se puede confiar en el certificado del servidor del archivo de respaldos {path}: {detail}. No se envió nada."),
            "Revise que la dirección del servidor y el reloj de esta computadora sean los correctos. Si el servidor tiene su propia autoridad \
             certificadora, como muchos NAS, indique el archivo del certificado de ella en la opción \"ca_file\"."
                .to_owned(),
        ),
        Cause::ArchiveWrongPassword => (
            format!("La contraseña no es la del archivo de respaldos {path}."),
            "Búsquela en la hoja que imprimió o escribió al crearlo. Sin ella nadie puede leerlo.".to_owned(),
        ),
        Cause::ArchiveNotFound => (
            format!("En {path} no hay ningún archivo de respaldos."),
            "Revise que sean la carpeta y el disco correctos. Si nunca hubo uno, créelo primero.".to_owned(),
        ),
        Cause::ArchiveAppendOnly => (
            format!("El archivo {path} no deja que esta computadora borre nada. No se cambió nada."),
            "Así debe ser contra el ransomware. Quite instantáneas viejas desde una computadora segura, con una clave que pueda borrar.".to_owned(),
        ),
        Cause::ArchiveExists => (
            format!("En {path} ya hay un archivo de respaldos."),
            "Úselo con su contraseña, o elija otra carpeta, vacía.".to_owned(),
        ),
        Cause::ArchiveDamaged(problems) => (
            format!("Algo está dañado en el archivo de respaldos {path}: {}.", first_of(problems)),
            "Recupere de él lo que aún se pueda y cree otro en otro lugar. La base de datos y los respaldos de esta computadora no están \
             afectados."
                .to_owned(),
        ),
        Cause::SnapshotNotFound(id) => (
            format!("El archivo de respaldos no tiene la instantánea \"{id}\"."),
            "Elija una de su lista.".to_owned(),
        ),
        Cause::SnapshotNotADatabase(id) => (
            format!("La instantánea {id} del archivo de respaldos {path} no contiene una sola base de datos: la hizo otro programa."),
            "Elija otra de su lista, o saque los archivos de esta con el programa restic.".to_owned(),
        ),
        Cause::PasswordExposed => (
            format!("Otros usuarios de esta computadora pueden leer {path}, que guarda la contraseña del archivo de respaldos."),
            "Quíteles el permiso (chmod 600) y repita la operación.".to_owned(),
        ),
        Cause::PasswordCommand(detail) => (
            format!("Falló el comando que debe dar la contraseña del archivo de respaldos: {detail}."),
            "Ejecútelo en una terminal para ver qué le falta.".to_owned(),
        ),
        Cause::Unsupported(part) => (
            format!("Esta compilación de respaldo se hizo sin la parte \"{part}\"."),
            format!("Use una que la tenga: el paquete de Python la tiene, y `cargo build --release --features {part}` hace una biblioteca con ella."),
        ),
        Cause::Internal(detail) => (
            format!("Error interno de respaldo: {detail}."),
            "Es un fallo de la biblioteca; envíe este mensaje a quien mantiene la aplicación.".to_owned(),
        ),
    };
    (message, hint)
}

fn argument_text(argument: &Argument) -> String {
    match argument {
        Argument::Null(name) => format!("El argumento «{name}» es NULL."),
        Argument::NotUtf8(name) => format!("El texto de «{name}» no es UTF-8."),
        Argument::NotJson(detail) => format!("El texto no es JSON: {detail}."),
        Argument::NotAnObject => "El JSON debe ser un objeto.".to_owned(),
        Argument::UnknownKey(key) => format!("No se conoce la clave «{key}»."),
        Argument::NotBoth(one, other) => format!("De las claves \"{one}\" y \"{other}\" solo se puede dar una."),
        Argument::MissingKey(key) => format!("Falta la clave «{key}»."),
        Argument::NoneOf(keys) => format!("Falta una de las claves «{}».", keys.join("», «")),
        Argument::Url { key, url, path } => match path {
            Some(path) => format!("El valor de «{key}» es una URL, y debe ser una ruta: «{path}» en vez de «{url}»."),
            // It is not repeated: it can hold a password.
            None => format!("El valor de «{key}» es una URL, y debe ser la ruta de un archivo."),
        },
        Argument::InMemory { key, value } => format!(
            "El valor de «{key}» debe ser la ruta de un archivo; «{value}» es una base de datos en memoria, que no tiene archivo."
        ),
        Argument::NoSuchRow(what) => format!("El respaldo no tiene {what}."),
        Argument::NoSuchTable { table, tables } => {
            let there_are = those_there_are(tables);
            format!("La base de datos no tiene una tabla {table} a la que se puedan traer registros.{there_are}")
        }
        Argument::TableNowhere { table, tables } => {
            format!("Ningún respaldo tiene una tabla {table}.{}", those_there_are(tables))
        }
        Argument::NotTheKey { table, key } => {
            format!("La clave de un registro de {table} se compone de: {}.", key.join(", "))
        }
        Argument::BadValue { key, expected } => {
            format!(
                "El valor de «{key}» no es válido: debe ser {}.",
                expected_text(*expected)
            )
        }
    }
}

fn those_there_are(tables: &[String]) -> String {
    match tables {
        [] => String::new(),
        tables => format!(" Las tablas que hay: {}.", tables.join(", ")),
    }
}

fn expected_text(expected: Expected) -> String {
    match expected {
        Expected::Text => "un texto".to_owned(),
        Expected::Path => "una ruta no vacía, en UTF-8 y sin caracteres NUL".to_owned(),
        Expected::Boolean => "true o false".to_owned(),
        Expected::Object => "un objeto".to_owned(),
        Expected::Rows => "una lista de registros, como [{\"table\": \"clients\", \"key\": {\"id\": 7}}]".to_owned(),
        Expected::Key => "un objeto con las columnas de la clave y sus valores, como {\"id\": 7}".to_owned(),
        Expected::Words => "de 1 a 32 palabras que buscar, de 1000 bytes en total como máximo".to_owned(),
        Expected::Texts => "una lista de textos".to_owned(),
        Expected::Whole(from, to) => format!("un número entero de {from} a {to}"),
        Expected::Password => "una contraseña que no esté vacía".to_owned(),
        Expected::Repository => {
            "la ruta de una carpeta, u \"opendal:\" y un servicio al que llegue esta compilación".to_owned()
        }
        Expected::TextsByName => "un objeto cuyos valores sean textos".to_owned(),
        Expected::OneOf(words) => format!("uno de: {}", words.join(", ")),
    }
}

pub(super) fn warning(notice: &Notice<'_>) -> (String, String) {
    match notice {
        Notice::SettingsNotUpdated(path, why) => (
            format!("No se anotó la fecha del respaldo en {}: {why}.", path.display()),
            "El respaldo está hecho. Revise ese archivo de configuración.".to_owned(),
        ),
        Notice::OldBackupNotRemoved(path, why) => (
            format!("No se pudo borrar el respaldo antiguo {}: {why}.", path.display()),
            "Bórrelo a mano si ya no lo necesita.".to_owned(),
        ),
        Notice::ClockWentBackwards(newest) => (
            format!("El respaldo más reciente ({newest}) tiene fecha futura: el reloj de la computadora cambió."),
            "Revise la fecha y la hora de la computadora.".to_owned(),
        ),
        Notice::LastBackupOld(newest) => (
            format!("El último respaldo es de hace más de dos días ({newest})."),
            "Cree un respaldo ahora.".to_owned(),
        ),
        Notice::RestoreNotLogged(path, why) => (
            format!("La restauración no se anotó en {}: {why}.", path.display()),
            "La restauración está hecha. Revise los permisos de la carpeta de respaldos.".to_owned(),
        ),
        Notice::BackupWasDownloaded(path) => (
            format!(
                "El respaldo {} no estaba en este equipo: se descargó para restaurarlo, y eso puede tardar.",
                path.display()
            ),
            "La restauración está hecha. Para que la próxima no dependa de la conexión, marque la carpeta de respaldos con «Mantener \
             siempre en este dispositivo».".to_owned(),
        ),
        Notice::BackupNotSearched(path, why) => (
            format!("Lo que falte en la respuesta puede estar en el respaldo {}, que no se pudo leer hasta el final: {why}", path.display()),
            "Los demás respaldos se leyeron. Verifique este para saber qué tiene.".to_owned(),
        ),
        Notice::BackupIsElsewhere(path) => (
            format!("El respaldo {} no está en este equipo y no se leyó.", path.display()),
            "Si lo que busca puede estar en él, descárguelo primero y repita la búsqueda.".to_owned(),
        ),
        Notice::LiveNotRead(path, why) => (
            format!("No se pudo leer cómo está la fila ahora en {}: {why}", path.display()),
            "Los respaldos se leyeron.".to_owned(),
        ),
        Notice::SchemaOlder(path, version) => (
            format!("El respaldo {} es de una versión anterior de la aplicación (esquema {version}).", path.display()),
            "La restauración está hecha. La aplicación debe actualizar la base de datos antes de usarla; suele hacerlo al abrirse.".to_owned(),
        ),
        Notice::ColumnsLeftOut(columns) => (
            format!("La base de datos ya no tiene estas columnas del respaldo, y lo que contienen se quedó fuera: {}.", columns.join(", ")),
            "Los registros están, sin eso. Lo que se quedó fuera sigue en el respaldo.".to_owned(),
        ),
        Notice::NotSalvaged(names) => (
            format!("No se pudieron rehacer estas tablas, índices, vistas o disparadores: {}.", first_names(names)),
            "Los registros que se encontraron están. Compare el archivo recuperado con un respaldo antes de usarlo.".to_owned(),
        ),
        Notice::ValuesCut(tables) => (
            format!("Valores largos de estas tablas no se pudieron leer hasta el final y están vacíos en el archivo recuperado: {}.", first_names(tables)),
            "Lo que se pudo leer de ellos está en su tabla lost_and_found_cut. Tómelos de un respaldo donde pueda.".to_owned(),
        ),
        Notice::DiskUnreadable(path, bytes) => (
            format!("El disco no pudo leer {bytes} bytes de {}.", path.display()),
            "El disco puede estar fallando: copie el archivo recuperado y los respaldos a otro.".to_owned(),
        ),
        Notice::Shrunk(losses, before) => (
            format!("Faltan muchos datos desde el respaldo anterior: {losses}. El respaldo está hecho y no se borró ninguno."),
            format!("Si fue a propósito, confírmelo; si no, esos datos están en el respaldo {before}. Mientras tanto no se borra ningún respaldo."),
        ),
        Notice::SnapshotsUnreadable(path, count) => (
            format!("{count} instantáneas del archivo de respaldos {} no se pueden leer.", path.display()),
            "Revise el archivo. Las demás están en la lista y se pueden recuperar.".to_owned(),
        ),
        Notice::NotArchivedYet(path, why) => (
            match why {
                Some(why) => format!("El respaldo está hecho, pero aún no está en el archivo {}: {why}", path.display()),
                None => format!("El respaldo está hecho, pero aún no está en el archivo {}.", path.display()),
            },
            "No se pierde nada: el próximo respaldo guarda también los que faltan. «respaldo archive push» guarda ahora el más reciente.".to_owned(),
        ),
        Notice::SecondPlace(path, trouble) => {
            let (message, hint) = second_place(trouble);
            (format!("El respaldo está hecho, pero no está en {}: {message}.", path.display()), hint.to_owned())
        }
        Notice::NameNotUtf8(path) => (
            format!("Se omitió un archivo con un nombre ilegible: {}.", path.display()),
            "Renómbrelo para que aparezca en la lista.".to_owned(),
        ),
        Notice::CatalogueNotWritten(path, why) => (
            format!("No se pudo guardar lo que se sabe de los respaldos en {}: {why}.", path.display()),
            "Los respaldos están completos. Revise los permisos de la carpeta de respaldos y, si hay un enlace con ese nombre, quítelo."
                .to_owned(),
        ),
        Notice::CatalogueNotRead(path, why) => (
            format!("No se pudo leer lo que se sabe de los respaldos en {}: {why}.", path.display()),
            "Los respaldos están completos y se pueden restaurar; solo faltan sus etiquetas y la fecha en que se verificaron."
                .to_owned(),
        ),
        Notice::CatalogueRebuilt(path, why) => (
            format!("El archivo {} estaba dañado y se hizo de nuevo: {why}.", path.display()),
            "Los respaldos están completos; se perdieron sus etiquetas y notas. Verifíquelos para volver a saber que están bien."
                .to_owned(),
        ),
        Notice::CheckedWithoutIndexes { tables, missing } => (
            format!(
                "Hay índices que no se compararon con su tabla, porque usan algo que solo tiene la aplicación: {}{}.",
                tables.join(", "),
                in_brackets(missing)
            ),
            "Los datos están completos y su estructura se verificó; no hace falta hacer nada.".to_owned(),
        ),
        Notice::RowsBreakConstraints(columns) => (
            format!(
                "Hay registros con un valor que su columna no admite (vacío o de otro tipo): {}.",
                columns.join(", ")
            ),
            "No es un daño y no se perdió nada. El soporte de la aplicación puede corregir esos valores.".to_owned(),
        ),
        Notice::SearchIndexDiffers(tables) => (
            format!("El índice de búsqueda no coincide con sus datos: {}.", tables.join(", ")),
            "Los datos están completos; solo las búsquedas pueden fallar. El soporte de la aplicación lo reconstruye con la instrucción 'rebuild' de esa tabla.".to_owned(),
        ),
    }
}

/// Why a backup is not in the second place, and what to do.
pub(super) fn second_place(trouble: &PlaceTrouble) -> (String, &'static str) {
    let (message, hint) = match trouble {
        PlaceTrouble::Absent => (
            "ese lugar no está",
            "Conecte el disco; el próximo respaldo copia lo que falte.",
        ),
        PlaceTrouble::Another => (
            "ahí hay otro disco, que no se toca",
            "Conecte el disco de siempre. Si es uno nuevo, elija otra carpeta en él, o borre second_place.json de la carpeta de respaldos.",
        ),
        PlaceTrouble::Full => (
            "ese disco está lleno",
            "Libere espacio en él, o conserve ahí menos respaldos.",
        ),
        PlaceTrouble::TooLarge => (
            "su formato no admite archivos de 4 GB o más",
            "Dé a ese disco el formato exFAT o NTFS, o use otro; no se perdió nada.",
        ),
        PlaceTrouble::Slow => (
            "copiarlo tarda demasiado",
            "Sigue copiándose mientras la aplicación esté abierta; si no termina, el próximo respaldo lo intenta de nuevo.",
        ),
        PlaceTrouble::Failed(why) => {
            return (
                why.clone(),
                "Revise ese disco; el próximo respaldo lo intenta de nuevo.",
            );
        }
    };
    (message.to_owned(), hint)
}
