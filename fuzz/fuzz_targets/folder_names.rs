//! Any names and kinds of files in the backup folder and beside the database.

#![no_main]

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use respaldo::{Backup, Kind, RestoreRequest, Settings, Status, unwatched};
use respaldo_fuzz::{BACKUPS, DATABASE, Studio, assert_sensible, studio_database};

#[derive(Debug, Arbitrary)]
struct Folder {
    max_backups: u8,
    entries: Vec<Entry>,
}

#[derive(Debug, Arbitrary)]
struct Entry {
    beside_the_database: bool,
    name: Vec<Fragment>,
    content: Content,
    modified: Option<i64>,
}

#[derive(Debug, Arbitrary)]
enum Fragment {
    Whole(u8),
    Backup,
    Date(u16),
    Today,
    Time(u16),
    Ordinal(u8),
    Db,
    Sidecar(u8),
    Temporary,
    TemporaryStart,
    Safety,
    RestoreLog,
    Settings,
    Bytes(Vec<u8>),
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Content {
    Nothing,
    Database,
    Truncated,
    Text,
    Folder,
    FullFolder,
    LinkToDatabase,
    LinkToFolder,
    LinkToNothing,
    LinkToItself,
    Fifo,
}

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| studio_database(512, "delete"));

fuzz_target!(|folder: Folder| {
    let studio = Studio::with(|options| {
        options.max_backups = usize::from(folder.max_backups % 4) + 1;
        options.settings = Settings::BesideDatabase;
    });
    studio.write(DATABASE, &BYTES);
    studio.write("outside.db", &BYTES);
    fs::create_dir(studio.path("outside")).expect("made");
    for entry in folder.entries.iter().take(8) {
        entry.make(&studio);
    }
    let store = &studio.store;
    let before = tree(&studio);

    let listed = store.list(false).expect("listed").backups;
    assert_list(&studio, &listed, &before);
    let with_safety = store.list(true).expect("listed").backups;
    assert_list(&studio, &with_safety, &before);
    let last = store.last_backup().expect("read");
    if let Some(time) = &last.last_backup_at {
        DateTime::parse_from_rfc3339(time).expect("a time");
    }
    for backup in &with_safety {
        // A fifo where its journal belongs is refused as an I/O error.
        match store.verify(&backup.path, &mut unwatched) {
            Err(error) if error.status() != Status::IoError => assert_sensible(&error),
            _ => {}
        }
    }
    let plan = store.prune(true).expect("planned");
    assert_eq!(tree(&studio), before, "looking changed something");

    let pruned = store.prune(false).expect("pruned");
    assert_eq!((&pruned.removed, &pruned.kept), (&plan.removed, &plan.kept));
    assert_eq!(pruned.warnings, []);
    let names: Vec<&str> = pruned.removed.iter().map(|decision| decision.name.as_str()).collect();
    let after = tree(&studio);
    assert_gone(&before, &after, &names);
    let was_good = listed
        .iter()
        .find(|backup| backup.kind == Kind::Backup && backup.intact == Some(true));
    assert!(
        was_good.is_none_or(|backup| backup.path.exists()),
        "the newest good one went"
    );

    let due = store.create_if_due(&mut unwatched).expect("a good database");
    let before = tree(&studio);
    assert_gone(&after, &before, &due.removed);
    let created = store.create(&mut unwatched).expect("a good database");
    assert!(created.backup.path.exists() && created.backup.intact == Some(true));
    let after = tree(&studio);
    assert_gone(&before, &after, &created.removed);
    store
        .restore(&RestoreRequest::of(&created.backup.name), &mut unwatched)
        .expect("a good backup");
    assert_gone(&after, &tree(&studio), &[""; 0]);
});

impl Entry {
    fn make(&self, studio: &Studio) {
        let mut name: Vec<u8> = self.name.iter().flat_map(Fragment::bytes).collect();
        name.retain(|byte| ![0, b'/'].contains(byte));
        name.truncate(200);
        // What stands in for the database's own sidecars is SQLite's to complain about.
        if name.is_empty() || name == b"." || name == b".." || name.starts_with(b"studio.db-") {
            return;
        }
        let folder = if self.beside_the_database { "" } else { BACKUPS };
        let path = studio.path(folder).join(OsString::from_vec(name));
        if fs::symlink_metadata(&path).is_ok() {
            return;
        }
        let link = |to: &Path| symlink(to, &path);
        match self.content {
            Content::Nothing => fs::write(&path, ""),
            Content::Database => fs::write(&path, &*BYTES),
            Content::Truncated => fs::write(&path, &BYTES[..700]),
            Content::Text => fs::write(&path, "{\"last_backup_at\": \"+9999-01-01\"}"),
            Content::Folder => fs::create_dir(&path),
            Content::FullFolder => fs::create_dir(&path).and_then(|()| fs::write(path.join("backup"), "x")),
            Content::LinkToDatabase => link(&studio.path("outside.db")),
            Content::LinkToFolder => link(&studio.path("outside")),
            Content::LinkToNothing => link(Path::new("nowhere")),
            Content::LinkToItself => link(Path::new(path.file_name().expect("a name"))),
            Content::Fifo => fifo(&path),
        }
        .expect("made");
        if let Some(seconds) = self.modified {
            set_modified(&path, seconds);
        }
    }
}

impl Fragment {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Fragment::Whole(day) => format!("backup_202602{:02}_120000.db", day % 28 + 1),
            Fragment::Backup => "backup_".to_owned(),
            Fragment::Date(number) => format!("{:04}{:02}{:02}", number / 6, number % 13, number % 32),
            Fragment::Today => "20260304".to_owned(),
            Fragment::Time(number) => format!("_{:02}{:02}{:02}", number % 25, number % 61, number % 60),
            Fragment::Ordinal(number) => format!("_{number}"),
            Fragment::Db => ".db".to_owned(),
            Fragment::Sidecar(number) => ["-wal", "-shm", "-journal"][usize::from(number % 3)].to_owned(),
            Fragment::Temporary => ".respaldo-abc123.tmp".to_owned(),
            Fragment::TemporaryStart => ".respaldo-".to_owned(),
            Fragment::Safety => "studio.db.before_restore_20260304_142305".to_owned(),
            Fragment::RestoreLog => "restores.jsonl".to_owned(),
            Fragment::Settings => "settings.json".to_owned(),
            Fragment::Bytes(bytes) => return bytes.clone(),
        }
        .into_bytes()
    }
}

fn fifo(path: &Path) -> std::io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    // SAFETY: a NUL-terminated path.
    match unsafe { libc::mkfifo(path.as_ptr(), 0o600) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// A time that the file system does not know is left as it is.
fn set_modified(path: &Path, seconds: i64) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    let time = libc::timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    // SAFETY: a NUL-terminated path and two times.
    unsafe {
        libc::utimensat(
            libc::AT_FDCWD,
            path.as_ptr(),
            [time, time].as_ptr(),
            libc::AT_SYMLINK_NOFOLLOW,
        )
    };
}

/// Everything in the studio, links not followed: whether it is a plain file, and which one.
type Tree = BTreeMap<PathBuf, (bool, u64)>;

fn tree(studio: &Studio) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(studio.folder.path().join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            let metadata = entry.metadata().expect("metadata");
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            tree.insert(path, (metadata.is_file(), metadata.ino()));
        }
    }
    tree
}

/// Nothing went but plain files: those of these names in the backup folder, which are of the library's own grammar, and
/// its temporaries. Nothing was replaced but the settings and the log, which are written anew.
fn assert_gone(before: &Tree, after: &Tree, removed: &[impl AsRef<str>]) {
    let removed: Vec<PathBuf> = removed
        .iter()
        .map(|name| Path::new(BACKUPS).join(name.as_ref()))
        .collect();
    for (path, (is_plain, file)) in before {
        let name = path.file_name().expect("a name").to_string_lossy();
        match after.get(path) {
            Some((_, now)) => assert!(now == file || name == "settings.json" || name == "catalog.json", "{path:?} was replaced"),
            None if removed.contains(path) => assert!(*is_plain && is_backup_name(&name), "{path:?} went"),
            None => assert!(*is_plain && is_temporary_name(&name), "{path:?} went"),
        }
    }
    assert!(
        removed.iter().all(|path| !after.contains_key(path)),
        "not removed: {removed:?}"
    );
}

fn assert_list(studio: &Studio, listed: &[Backup], tree: &Tree) {
    assert!(
        listed.is_sorted_by_key(|backup| std::cmp::Reverse(backup.created_at)),
        "{listed:?}"
    );
    for backup in listed {
        assert!(backup.path.is_absolute() && backup.path.ends_with(&backup.name));
        let below = backup.path.strip_prefix(studio.folder.path()).expect("in the studio");
        assert!(backup.path.is_file(), "{backup:?}");
        let in_folder = below.starts_with(BACKUPS);
        let ours = in_folder && is_backup_name(&backup.name) && tree[below].0;
        assert_eq!(backup.kind == Kind::Backup, ours, "{backup:?}");
        assert_eq!(backup.kind == Kind::Safety, !in_folder, "{backup:?}");
        let json = serde_json::to_value(backup).expect("JSON");
        let time = json["created_at"].as_str().expect("a text");
        DateTime::parse_from_rfc3339(time).unwrap_or_else(|error| panic!("{error}: {backup:?}"));
    }
    let missing = tree.iter().filter(|(path, (is_plain, _))| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        *is_plain
            && path.parent() == Some(Path::new(BACKUPS))
            && is_backup_name(&name)
            && listed.iter().all(|backup| backup.name != name)
    });
    assert_eq!(missing.count(), 0, "{listed:?}");
}

/// The grammar in other words.
fn is_backup_name(name: &str) -> bool {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(stamp) = name.strip_prefix("backup_").and_then(|rest| rest.strip_suffix(".db")) else {
        return false;
    };
    match stamp.split('_').collect::<Vec<_>>().as_slice() {
        [date, time] => digits(date, 8) && digits(time, 6) && is_real(stamp),
        [date, time, ordinal] => {
            let number = ordinal
                .parse::<u32>()
                .is_ok_and(|number| number >= 2 && number.to_string() == *ordinal);
            digits(date, 8) && digits(time, 6) && is_real(&stamp[..15]) && number
        }
        _ => false,
    }
}

fn is_real(stamp: &str) -> bool {
    chrono::NaiveDateTime::parse_from_str(stamp, "%Y%m%d_%H%M%S").is_ok() && !stamp.ends_with("60")
}

fn is_temporary_name(name: &str) -> bool {
    name.starts_with(".respaldo-") && name.contains(".tmp")
}
