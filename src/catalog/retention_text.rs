//! The sentence that says why a backup stays or is deleted.

use chrono::Datelike;

use crate::catalog::retention_policy::Reason;
use crate::clock::Moment;
use crate::report::messages::Language;

/// The sentence for a backup made at `at`. In a dry run it says what would happen.
pub(crate) fn sentence(reason: Reason, at: &Moment, dry_run: bool, language: Language) -> String {
    let what = match (language, reason.keeps(), dry_run) {
        (Language::Spanish, true, _) => "se conserva",
        (Language::Spanish, false, true) => "se borraría",
        (Language::Spanish, false, false) => "se borró",
        (Language::English, true, _) => "stays",
        (Language::English, false, true) => "would be deleted",
        (Language::English, false, false) => "deleted",
    };
    let why = match language {
        Language::Spanish => spanish(reason, at),
        Language::English => english(reason, at),
    };
    format!("{what}: {why}")
}

fn spanish(reason: Reason, at: &Moment) -> String {
    const MONTHS: [&str; 12] = [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    let text = match reason {
        Reason::WithinLimit => "es de los más recientes",
        Reason::LastOfDay => return format!("último del día {}", at.format("%d/%m/%Y")),
        Reason::LastOfWeek => return format!("último de la semana {}", at.iso_week().week()),
        Reason::LastOfMonth => return format!("último de {} de {}", month(at, &MONTHS), at.year()),
        Reason::LastOfYear => return format!("último del año {}", at.year()),
        Reason::NewestGood => "es el más reciente que está en buen estado",
        Reason::JustMade => "acaba de crearse",
        Reason::Pinned => "está fijado",
        Reason::DatedInFuture => "tiene fecha futura",
        Reason::Preserved => "lo renombró o lo puso ahí una persona",
        Reason::OtherDatabase => "es de otra base de datos",
        Reason::HeldBack => "se perdieron muchas filas de golpe y nadie lo ha confirmado",
        Reason::OverLimit => "ya hay suficientes más recientes",
        Reason::OverBytes => "todos juntos ocuparían más de lo permitido",
    };
    text.to_owned()
}

fn english(reason: Reason, at: &Moment) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = match reason {
        Reason::WithinLimit => "one of the newest",
        Reason::LastOfDay => return format!("the last of {}", at.format("%d/%m/%Y")),
        Reason::LastOfWeek => return format!("the last of week {}", at.iso_week().week()),
        Reason::LastOfMonth => return format!("the last of {} {}", month(at, &MONTHS), at.year()),
        Reason::LastOfYear => return format!("the last of {}", at.year()),
        Reason::NewestGood => "the newest good one",
        Reason::JustMade => "just made",
        Reason::Pinned => "pinned",
        Reason::DatedInFuture => "dated in the future",
        Reason::Preserved => "renamed, or put there by a person",
        Reason::OtherDatabase => "of another database",
        Reason::HeldBack => "many rows were lost at once, and nobody has confirmed that this is right",
        Reason::OverLimit => "there are enough newer ones",
        Reason::OverBytes => "all together would take more room than allowed",
    };
    text.to_owned()
}

fn month(at: &Moment, names: &[&'static str; 12]) -> &'static str {
    names.get(at.month0() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_the_month_and_what_happens_are_named() {
        let utc = chrono::DateTime::parse_from_rfc3339("2026-09-13T20:00:00-07:00").expect("a time");
        let at = utc.with_timezone(&chrono_tz::America::Hermosillo);
        let said = |reason, dry_run, language| sentence(reason, &at, dry_run, language);
        let (es, en) = (Language::Spanish, Language::English);
        assert_eq!(
            said(Reason::LastOfWeek, false, es),
            "se conserva: último de la semana 37"
        );
        assert_eq!(
            said(Reason::LastOfMonth, true, es),
            "se conserva: último de septiembre de 2026"
        );
        assert_eq!(
            said(Reason::LastOfMonth, false, en),
            "stays: the last of September 2026"
        );
        assert_eq!(
            said(Reason::OverLimit, true, es),
            "se borraría: ya hay suficientes más recientes"
        );
        assert_eq!(
            said(Reason::OverLimit, false, en),
            "deleted: there are enough newer ones"
        );
    }
}
