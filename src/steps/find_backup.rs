//! Finding a backup by name or path, opening it in a read transaction, and checking it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::catalog::names;
use crate::database::check::{self, Remarks};
use crate::database::connection;
use crate::database::sqlite_error::Role;
use crate::database::wal_index::WalIndexCleanup;
use crate::files::given_path::absolute;
use crate::files::paths::{is_free, parent, same_file};
use crate::files::sidecars::has_wal;
use crate::report::damage::Damage;
use crate::report::error::{Cause, Result};
use crate::report::progress::ProgressFn;
use crate::steps::snapshot::Source;
use crate::store::Store;

impl Store {
    /// The absolute path of a backup given by name or path.
    pub(crate) fn find_backup(&self, backup: &Path) -> Result<PathBuf> {
        let path = if is_bare_name(backup) {
            let listed = self.backup_dir.join(backup);
            let beside = parent(&self.database).join(backup);
            let is_safety = backup
                .to_str()
                .is_some_and(|name| names::parse_safety(&self.database_name(), name).is_some());
            let there = self.second_place.as_ref().map(|place| place.folder.join(backup));
            match there.filter(|there| fs::metadata(there).is_ok()) {
                _ if !is_free(&listed) => listed,
                _ if is_safety => beside,
                Some(there) => there,
                None => listed,
            }
        } else {
            absolute("backup", backup)?
        };
        connection::require_file(&path, Cause::BackupNotFound)?;
        Ok(path)
    }

    /// Opens a backup in a read transaction.
    pub(crate) fn hold_backup(&self, path: &Path) -> Result<Source> {
        if same_file(path, &self.database) {
            // The live database can be verified too, but its file must not be opened outside SQLite.
            let connection = connection::open_live_for_reading(path, self.busy_timeout)?;
            return Source::hold(connection, path, Role::Live);
        }
        let wal_index = WalIndexCleanup::before_reading(path);
        let source = Source::hold(connection::open_backup(path, self.busy_timeout)?, path, Role::Backup)?;
        Ok(Source {
            _wal_index: wal_index,
            ..source
        })
    }

    /// Checks an open backup. Fails when it is damaged, and else returns the remarks.
    pub(crate) fn check_backup(&self, source: &mut Source, progress: ProgressFn<'_>) -> Result<Remarks> {
        let mut cut_off = None;
        if !has_wal(&source.path) {
            cut_off = check::length_problem(&source.path, &source.shape)?;
        }
        let Source {
            connection,
            shape,
            path,
            role,
            ..
        } = source;
        let findings = check::run(connection, (path, *role), None, self.verify, shape, progress)?;
        match cut_off.into_iter().chain(findings.damage).reduce(Damage::and) {
            None => Ok(findings.remarks),
            Some(damage) => Err(source.corrupt(damage)),
        }
    }
}

fn is_bare_name(path: &Path) -> bool {
    let mut components = path.components();
    matches!((components.next(), components.next()), (Some(Component::Normal(name)), None) if name == path.as_os_str())
}
