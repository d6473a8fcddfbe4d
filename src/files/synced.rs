//! Folders that a program keeps in step with other computers, told by their names.

use std::path::Path;

/// By how the name of its folder begins. OneDrive's of a company has the company's name behind a dash.
const PROGRAMS: [(&str, &str); 9] = [
    ("onedrive", "OneDrive"),
    ("dropbox", "Dropbox"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("icloud drive", "iCloud"),
    ("iclouddrive", "iCloud"),
    ("nextcloud", "Nextcloud"),
    ("pcloud", "pCloud"),
    ("megasync", "MEGA"),
];

/// The program that keeps a folder above `path` in step, if its name tells.
pub(crate) fn syncing_program(path: &Path) -> Option<&'static str> {
    path.ancestors().skip(1).find_map(|folder| {
        let name = folder.file_name()?.to_str()?.to_lowercase();
        let is_its = |beginning: &str| {
            name.strip_prefix(beginning)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-', '(']))
        };
        let (_, program) = PROGRAMS.iter().find(|(beginning, _)| is_its(beginning))?;
        Some(*program)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synced_folder_is_told_by_its_name_and_by_nothing_less() {
        let program = |path: &str| syncing_program(Path::new(path));
        assert_eq!(program("/home/ana/OneDrive/estudio/a.db"), Some("OneDrive"));
        assert_eq!(program("/home/ana/OneDrive - Estudio SA/a.db"), Some("OneDrive"));
        assert_eq!(program("/home/ana/Dropbox (Personal)/a.db"), Some("Dropbox"));
        assert_eq!(program("/home/ana/dropboxed/a.db"), None);
        assert_eq!(program("/home/ana/estudio/Dropbox"), None, "the database's own name");
    }
}
