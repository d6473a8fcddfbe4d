//! Los textos sobre daños, en español.

use crate::report::damage::{Damage, DamageKind, DamagedIndex};

pub(super) fn of_database(damage: &Damage, path: &str) -> (String, String) {
    let message = message(
        damage,
        &format!("La base de datos {path} está dañada"),
        &format!("de la base de datos {path}"),
    );
    let hint = match &damage.kind {
        DamageKind::IndexDiffers(_) if damage.repairable => {
            "No hace falta restaurar nada. El soporte de la aplicación lo repara con la instrucción REINDEX de SQLite; después, haga el respaldo otra vez."
        }
        DamageKind::NotUnique(_) => {
            "No hace falta restaurar nada. El soporte de la aplicación puede quitar los valores repetidos; después, haga el respaldo otra vez."
        }
        DamageKind::IndexDiffers(_) | DamageKind::Index(_) => {
            "No hace falta restaurar nada. El soporte de la aplicación la repara escribiendo todos los registros en un archivo nuevo con la orden .dump del programa sqlite3; después, haga el respaldo otra vez."
        }
        DamageKind::Bookkeeping => {
            "No hace falta restaurar nada. El soporte de la aplicación la repara pasando todo a un archivo nuevo con la instrucción VACUUM INTO de SQLite; después, haga el respaldo otra vez."
        }
        DamageKind::Changed
        | DamageKind::Schema
        | DamageKind::Structure
        | DamageKind::Rows(_)
        | DamageKind::CutOff(_) => {
            "No se tocó ningún respaldo. Si la aplicación muestra errores o le faltan datos, restaure el respaldo más reciente: la base de datos tal como está ahora se guarda en una copia de seguridad."
        }
    };
    (message, format!("{hint}{}", way_out(damage)))
}

pub(super) fn of_backup(damage: &Damage, path: &str) -> (String, String) {
    let message = message(
        damage,
        &format!("El respaldo {path} está dañado"),
        &format!("del respaldo {path}"),
    );
    let hint = match &damage.kind {
        DamageKind::IndexDiffers(_) if damage.repairable => {
            "Para restaurarlo, el soporte de la aplicación lo repara antes con la instrucción REINDEX de SQLite, en una copia; o use otro respaldo de la lista."
        }
        DamageKind::NotUnique(_) => {
            "Use otro respaldo de la lista. Si solo queda este, el soporte de la aplicación puede quitar los valores repetidos en una copia."
        }
        DamageKind::IndexDiffers(_) | DamageKind::Index(_) => {
            "Use otro respaldo de la lista. Si solo queda este, el soporte de la aplicación lo repara escribiendo todos los registros en un archivo nuevo con la orden .dump del programa sqlite3."
        }
        DamageKind::Bookkeeping => {
            "Use otro respaldo de la lista. Si solo queda este, el soporte de la aplicación lo repara pasando todo a un archivo nuevo con la instrucción VACUUM INTO de SQLite."
        }
        DamageKind::Changed => {
            "Use otro respaldo de la lista. Si solo queda este, se puede restaurar, pero algún dato puede no ser el que era."
        }
        DamageKind::CutOff(_) => "Use otro respaldo de la lista. Si copió este de otro lugar, cópielo de nuevo.",
        DamageKind::Schema | DamageKind::Structure | DamageKind::Rows(_) => "Use otro respaldo de la lista.",
    };
    (message, format!("{hint}{}", way_out(damage)))
}

/// Where rows may be lost: the backup to go back to, and how to save what can be read.
fn way_out(damage: &Damage) -> String {
    if !damage.may_lose_rows() {
        return String::new();
    }
    let last_good = damage.last_good.as_ref().map(|last| match last.rows_since {
        None | Some(0) => format!(" El último respaldo bueno es del {}.", last.display),
        Some(1) => format!(
            " El último respaldo bueno es del {}; el archivo dañado tiene un registro más.",
            last.display
        ),
        Some(rows) => format!(
            " El último respaldo bueno es del {}; el archivo dañado tiene {} registros más.",
            last.display, rows
        ),
    });
    last_good.unwrap_or_default() + " La orden \"salvage\" hace un archivo nuevo con lo que aún se puede leer."
}

fn message(damage: &Damage, is_damaged: &str, of_file: &str) -> String {
    let index =
        |DamagedIndex { index, table }: &DamagedIndex| format!("El índice «{index}» de la tabla «{table}» {of_file}");
    match &damage.kind {
        DamageKind::Bookkeeping => format!(
            "{is_damaged}: lleva mal la cuenta de sus páginas libres y ocupadas. No se encontró ningún registro dañado."
        ),
        DamageKind::IndexDiffers(of) => {
            format!("{} no coincide con su tabla. No se perdió ningún registro.", index(of))
        }
        DamageKind::NotUnique(of) => format!(
            "{} no admite valores repetidos, y los hay. No se perdió ningún registro.",
            index(of)
        ),
        DamageKind::Index(of) => format!("{} está dañado. No se encontró ningún registro dañado.", index(of)),
        DamageKind::Changed => format!("{is_damaged}: se puede leer, pero su contenido ya no es el que se respaldó."),
        DamageKind::Schema => format!("{is_damaged}: no se puede leer la definición de sus tablas."),
        DamageKind::Structure => {
            format!("{is_damaged}: partes del archivo se contradicen, y puede haber registros perdidos.")
        }
        DamageKind::Rows(table) => {
            format!("{is_damaged}: la tabla «{table}» no se puede leer entera, y puede haber registros perdidos.")
        }
        DamageKind::CutOff(bytes) => {
            format!("{is_damaged}: al archivo le faltan los últimos {bytes} bytes, y puede haber registros perdidos.")
        }
    }
}
