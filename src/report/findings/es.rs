//! The findings in Spanish.

use crate::report::findings::{Age, Observation, Overall};
use crate::report::messages::{self, Language, megabytes, second_place};

pub(super) const NOTHING_YET: &str = "Todavía no hay datos que respaldar.";

pub(super) fn headline(overall: Overall, newest: Option<&Age>, worst: &str) -> String {
    match (overall, newest.map(age)) {
        (Overall::Ok, Some(age)) => format!("Sus datos están a salvo: el último respaldo verificado es de {age}."),
        (Overall::Ok, None) => NOTHING_YET.to_owned(),
        (Overall::Attention, Some(age)) => {
            format!("Hay un respaldo verificado de {age}, pero algo necesita su atención: {worst}")
        }
        (Overall::Attention, None) => format!("Algo necesita su atención: {worst}"),
        (Overall::Danger, _) => format!("Sus datos corren peligro: {worst}"),
    }
}

fn age(age: &Age) -> String {
    match age.days {
        0 => format!("hoy a las {}", age.time),
        1 => format!("ayer a las {}", age.time),
        days => format!("hace {days} días ({})", age.date),
    }
}

pub(super) fn finding(observation: &Observation<'_>) -> (String, String) {
    match observation {
        Observation::NoBackup => (
            "No hay ningún respaldo de la base de datos.".to_owned(),
            "Cree uno ahora.".to_owned(),
        ),
        Observation::DatabaseMissing(path) => (
            format!(
                "No se encuentra la base de datos {}, de la que sí hay respaldos.",
                path.display()
            ),
            "Revise si se movió o se renombró. Si se perdió, restaure el respaldo más reciente.".to_owned(),
        ),
        Observation::DatabaseDamaged { found: Some(error), .. } => {
            let text = messages::error(error, Language::Spanish);
            (text.message, text.hint)
        }
        Observation::DatabaseDamaged { path, found: None } => (
            format!(
                "La base de datos {} está dañada y no se puede respaldar; en este momento no se puede leer.",
                path.display()
            ),
            "Cierre los otros programas que la usan y revise de nuevo. Lo que aún se puede leer se rescata con el comando «salvage»; también se puede restaurar el respaldo más reciente."
                .to_owned(),
        ),
        Observation::LastBackupOld { days, display, .. } => (
            format!("El último respaldo verificado es de hace {days} días ({display})."),
            "Cree un respaldo ahora, y revise por qué no se hizo solo.".to_owned(),
        ),
        Observation::NoneVerified => (
            "De ningún respaldo se sabe que esté en buen estado.".to_owned(),
            "Verifique el más reciente, o cree uno ahora.".to_owned(),
        ),
        Observation::Damaged { names, newest } => (
            match names {
                [name] if *newest => format!("El respaldo más reciente está dañado: {name}."),
                [name] => format!("Un respaldo está dañado: {name}."),
                names => format!("{} respaldos están dañados: {}.", names.len(), names.join(", ")),
            },
            "Cree un respaldo ahora. Si se repite, el disco puede estar fallando: lleve una copia a otro.".to_owned(),
        ),
        Observation::Repairable(names) => (
            match names {
                [name] => format!("Al respaldo {name} no le falta ninguna fila, pero tiene un índice dañado."),
                names => format!(
                    "A {} respaldos no les falta ninguna fila, pero tienen un índice dañado: {}.",
                    names.len(),
                    names.join(", ")
                ),
            },
            "Cree un respaldo ahora. Si más adelante necesita uno de esos, se repara antes con «respaldo salvage»."
                .to_owned(),
        ),
        Observation::Changed(names) => (
            match names {
                [name] => format!("Un respaldo cambió después de verificarse: {name}."),
                names => format!(
                    "{} respaldos cambiaron después de verificarse: {}.",
                    names.len(),
                    names.join(", ")
                ),
            },
            "Verifíquelos; quizá otro programa los abrió y los modificó.".to_owned(),
        ),
        Observation::NewestMissing(name) => (
            format!("El respaldo más reciente ya no está en la carpeta: {name}."),
            "Si lo movió a otro disco, todo está bien. Si no, cree un respaldo ahora.".to_owned(),
        ),
        Observation::LittleRoom { backups: 0, free } => (
            format!(
                "En el disco de los respaldos no cabe otro más: quedan {} libres.",
                megabytes(*free)
            ),
            "Libere espacio hoy; mientras tanto no se puede hacer ningún respaldo.".to_owned(),
        ),
        Observation::LittleRoom { backups, free } => (
            format!(
                "En el disco de los respaldos caben pocos más: {backups}, en {} libres.",
                megabytes(*free)
            ),
            "Libere espacio, o conserve menos respaldos.".to_owned(),
        ),
        Observation::DiskWillFill { days, free } => (
            format!(
                "Al ritmo actual, el disco de los respaldos se llena en unos {days} días: quedan {} libres.",
                megabytes(*free)
            ),
            "Libere espacio, o conserve menos respaldos.".to_owned(),
        ),
        Observation::ManySafetyCopies { count, bytes } => (
            format!(
                "Hay {count} copias de antes de restaurar junto a la base de datos; ocupan {}.",
                megabytes(*bytes)
            ),
            "No se borran solas: quite a mano las que ya no necesite.".to_owned(),
        ),
        Observation::ClockWentBackwards(display) => (
            format!("Hay un respaldo con fecha futura ({display}): el reloj de la computadora cambió."),
            "Revise la fecha y la hora de la computadora.".to_owned(),
        ),
        Observation::SameDisk => (
            "Los respaldos están en el mismo disco que la base de datos: si ese disco falla, se pierde todo."
                .to_owned(),
            "Lleve una copia a otro disco cada semana.".to_owned(),
        ),
        Observation::DatabaseSynced { program, path } => (
            format!(
                "La base de datos está en una carpeta que {program} sincroniza: {}. Eso puede dañarla mientras se usa.",
                path.display()
            ),
            format!("Muévala a una carpeta fuera de {program}; los respaldos sí pueden estar ahí."),
        ),
        Observation::Shrunk { losses, before } => (
            format!("Faltan muchos datos desde el respaldo anterior: {losses}."),
            format!(
                "Si fue a propósito, confírmelo; si no, esos datos están en el respaldo {before}. Mientras tanto no se borra ningún respaldo."
            ),
        ),
        Observation::RehearsalDue(days) => (
            match days {
                Some(days) => format!("Hace {days} días que no se ensaya una restauración."),
                None => "Nunca se ha ensayado una restauración.".to_owned(),
            },
            "Ensáyela: no toca la base de datos y se borra sola.".to_owned(),
        ),
        Observation::RehearsalFailed(name) => (
            format!("El ensayo de restaurar el respaldo {name} falló."),
            "Cree un respaldo ahora y ensáyelo; si vuelve a fallar, avise a quien mantiene la aplicación.".to_owned(),
        ),
        Observation::SecondPlaceAbsent { path, trouble } => {
            let (message, hint) = second_place(trouble, Language::Spanish);
            (
                format!("Los respaldos no se copian a {}: {message}.", path.display()),
                hint.to_owned(),
            )
        }
        Observation::SecondPlaceBehind { path, waiting } => (
            format!("{waiting} respaldos todavía no están en {}.", path.display()),
            "Cree un respaldo ahora: copia también los que falten.".to_owned(),
        ),
        Observation::SecondPlaceDamaged { path, names } => (
            format!("Hay copias dañadas en {}: {}.", path.display(), names.join(", ")),
            "Borre esos archivos de ahí: el próximo respaldo copia de nuevo los que aquí estén completos.".to_owned(),
        ),
        Observation::ArchiveBehind { path, waiting, why } => (
            match why {
                Some(why) => format!("Faltan {waiting} respaldos en el archivo {}: {why}", path.display()),
                None => format!("Faltan {waiting} respaldos en el archivo {}.", path.display()),
            },
            "Arréglelo; el próximo respaldo guarda también los que faltan.".to_owned(),
        ),
        Observation::CatalogueNotRead(why) => (
            format!("No se pudo leer lo que se sabe de los respaldos: {why}."),
            "Los respaldos siguen ahí y se pueden restaurar. El próximo respaldo lo escribe de nuevo.".to_owned(),
        ),
    }
}
