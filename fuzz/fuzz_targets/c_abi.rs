//! Sequences of calls on the C functions, with any strings, handles, NULLs and cancelling callbacks.

#![no_main]

use std::collections::HashSet;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, ptr};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use respaldo::capi::*;
use respaldo::codes::{RESPALDO_CANCELLED, RESPALDO_INTERNAL, RESPALDO_INVALID_ARGUMENT, RESPALDO_INVALID_HANDLE};
use respaldo_fuzz::{DATABASE, studio_database};
use serde_json::Value;

#[derive(Debug, Arbitrary)]
enum Call {
    Open {
        options: Text,
        no_store: bool,
        no_json: bool,
    },
    Close {
        store: Which,
    },
    Operation {
        operation: Operation,
        store: Which,
        request: Text,
        cancel_at: Option<u8>,
        no_json: bool,
    },
    StatusName {
        status: i32,
    },
}

#[derive(Debug, Arbitrary, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    CreateIfDue,
    List,
    LastBackup,
    Restore,
    Verify,
    Prune,
    Annotate,
    Health,
    Rehearse,
    Compare,
    Find,
    History,
}

impl Operation {
    /// The keys of a successful answer.
    fn answer(self) -> &'static [&'static str] {
        match self {
            Operation::Create | Operation::CreateIfDue => &["created", "backup", "removed", "warnings"],
            Operation::List => &["backups", "warnings"],
            Operation::LastBackup => &["last_backup_at", "display"],
            Operation::Restore => &["restored_from", "database", "safety_backup", "warnings", "duration_ms"],
            Operation::Verify => &["ok", "path", "pages", "page_size", "problems"],
            Operation::Prune => &["kept", "removed", "dry_run", "warnings"],
            Operation::Annotate => &["backup"],
            Operation::Health => &[
                "overall",
                "headline",
                "findings",
                "newest_verified",
                "damaged",
                "safety_copies",
            ],
            Operation::Rehearse => &["ok", "backup", "checks", "problems", "warnings", "duration_ms"],
            Operation::Compare => &["identical", "summary", "tables", "schema"],
            Operation::Find => &["found", "complete", "backups", "warnings"],
            Operation::History => &["title", "versions", "gone_since", "live", "warnings"],
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Which {
    /// The nth that was ever opened here; it may be closed by now.
    Opened(u8),
    Number(u32),
}

#[derive(Debug, Arbitrary)]
enum Text {
    Null,
    Usual,
    Object(Vec<(Key, Word)>),
    Bytes(Vec<u8>),
}

#[derive(Debug, Arbitrary, Clone, Copy)]
enum Key {
    Database,
    Settings,
    BackupDir,
    MaxBackups,
    Timezone,
    BusyTimeout,
    Verify,
    Language,
    IncludeSafety,
    IncludeOthers,
    AllowDifferent,
    Backup,
    Reason,
    Target,
    DryRun,
    Label,
    Note,
    Made,
    Pinned,
    SkipUnchanged,
    Confirmed,
    Deep,
    Checks,
    Retention,
    Schema,
    Health,
    SecondPlace,
    With,
    Rows,
    Table,
    Words,
    RowKey,
    Unknown,
}

#[derive(Debug, Arbitrary)]
enum Word {
    Null,
    Boolean(bool),
    Whole(u64),
    Negative(i8),
    Fraction(f64),
    Known(u8),
    Text(String),
    List,
    Object,
}

const KNOWN: [&str; 16] = [
    DATABASE,
    "backups",
    "settings.json",
    "garbage.db",
    "nowhere.db",
    "backup",
    "new.db",
    "full",
    "quick",
    "es",
    "en",
    "UTC",
    "America/Hermosillo",
    "clients",
    "ana",
    "",
];

/// A folder of its own as the current one, so that every relative path leads there.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder").keep();
    env::set_current_dir(&folder).expect("entered");
    folder
});
static DATABASE_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| studio_database(512, "delete"));

fuzz_target!(|calls: Vec<Call>| {
    furnish();
    let mut session = Session::default();
    for call in calls.iter().take(12) {
        session.make(call);
    }
    for store in session.open {
        assert_eq!(respaldo_close(store), 0);
        assert_eq!(respaldo_close(store), RESPALDO_INVALID_HANDLE);
    }
});

/// The same folder for every input: a database, a file that is none, and one backup.
fn furnish() {
    for entry in fs::read_dir(&*FOLDER).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        }
        .expect("removed");
    }
    fs::create_dir("backups").expect("made");
    fs::write(DATABASE, &*DATABASE_BYTES).expect("written");
    fs::write("backups/backup", &*DATABASE_BYTES).expect("written");
    fs::write("garbage.db", "garbage").expect("written");
}

#[derive(Default)]
struct Session {
    opened: Vec<u32>,
    open: HashSet<u32>,
}

impl Session {
    fn make(&mut self, call: &Call) {
        match call {
            Call::Open {
                options,
                no_store,
                no_json,
            } => self.open(options, *no_store, *no_json),
            Call::Close { store } => {
                let store = self.number(store);
                let expected = if self.open.remove(&store) {
                    0
                } else {
                    RESPALDO_INVALID_HANDLE
                };
                assert_eq!(respaldo_close(store), expected);
            }
            Call::Operation {
                operation,
                store,
                request,
                cancel_at,
                no_json,
            } => {
                self.operate(*operation, self.number(store), request, *cancel_at, *no_json);
            }
            // SAFETY: the answer is a static string.
            Call::StatusName { status } => {
                assert!(!unsafe { CStr::from_ptr(respaldo_status_name(*status)) }.is_empty())
            }
        }
    }

    fn number(&self, which: &Which) -> u32 {
        match which {
            Which::Opened(n) if !self.opened.is_empty() => self.opened[usize::from(*n) % self.opened.len()],
            Which::Opened(n) => u32::from(*n),
            Which::Number(number) => *number,
        }
    }

    fn open(&mut self, options: &Text, no_store: bool, no_json: bool) {
        let Ok(options) = options.as_c("{\"database\": \"studio.db\", \"busy_timeout_ms\": 0}") else {
            return;
        };
        let mut store = 77;
        let out_store = if no_store { ptr::null_mut() } else { &mut store };
        // SAFETY: every pointer is NULL or outlives the call.
        let status = answered(no_json, &[], |out| unsafe {
            respaldo_open(pointer(&options), out_store, out)
        });
        if no_store {
            assert_eq!(status, RESPALDO_INVALID_ARGUMENT);
            return;
        }
        assert_eq!(store != 0, status == 0);
        if status == 0 {
            assert!(self.open.insert(store), "{store} is open already");
            self.opened.push(store);
        }
    }

    fn operate(&self, operation: Operation, store: u32, request: &Text, cancel_at: Option<u8>, no_json: bool) {
        let usual = match operation {
            Operation::Restore | Operation::Verify | Operation::Annotate | Operation::Compare => {
                "{\"backup\": \"backup\"}"
            }
            Operation::Find => "{\"text\": \"ana\"}",
            Operation::History => "{\"table\": \"clients\", \"key\": {\"id\": 1}}",
            _ => "{}",
        };
        let Ok(request) = request.as_c(usual) else { return };
        let request = pointer(&request);
        let mut watcher = Watcher {
            store,
            cancel_at,
            calls: 0,
            cancelled: false,
        };
        let user_data = ptr::from_mut(&mut watcher).cast::<c_void>();
        let watch: ProgressCallback = cancel_at.map(|_| watch as unsafe extern "C" fn(_, _, _) -> _);
        // SAFETY: every pointer is NULL or outlives the call.
        let status = answered(no_json, operation.answer(), |out| unsafe {
            match operation {
                Operation::Create => respaldo_create(store, request, watch, user_data, out),
                Operation::CreateIfDue => respaldo_create_if_due(store, request, watch, user_data, out),
                Operation::List => respaldo_list(store, request, out),
                Operation::LastBackup => respaldo_last_backup(store, out),
                Operation::Restore => respaldo_restore(store, request, watch, user_data, out),
                Operation::Verify => respaldo_verify(store, request, watch, user_data, out),
                Operation::Prune => respaldo_prune(store, request, out),
                Operation::Annotate => respaldo_annotate(store, request, watch, user_data, out),
                Operation::Health => respaldo_health(store, request, watch, user_data, out),
                Operation::Rehearse => respaldo_rehearse(store, request, watch, user_data, out),
                Operation::Compare => respaldo_compare(store, request, watch, user_data, out),
                Operation::Find => respaldo_find(store, request, watch, user_data, out),
                Operation::History => respaldo_history(store, request, watch, user_data, out),
            }
        });
        assert_eq!(status == RESPALDO_INVALID_HANDLE, !self.open.contains(&store));
        let cancelled = status == RESPALDO_CANCELLED;
        // What a restore has committed, nobody can cancel any more.
        assert!(
            cancelled == watcher.cancelled || (operation == Operation::Restore && !cancelled),
            "{operation:?}"
        );
    }
}

struct Watcher {
    store: u32,
    cancel_at: Option<u8>,
    calls: u8,
    cancelled: bool,
}

unsafe extern "C" fn watch(user_data: *mut c_void, pages_done: u64, pages_total: u64) -> i32 {
    // SAFETY: the library hands back what `operate` gave it, on the same thread, while it lives.
    let watcher = unsafe { &mut *user_data.cast::<Watcher>() };
    assert!(pages_done <= pages_total);
    // SAFETY: NULL is allowed for both.
    unsafe { respaldo_list(watcher.store, ptr::null(), ptr::null_mut()) };
    watcher.calls = watcher.calls.saturating_add(1);
    watcher.cancelled |= watcher.cancel_at.is_some_and(|at| watcher.calls > at % 4);
    watcher.cancelled.into()
}

/// Makes a call and judges its answer: there is one, it is JSON, and of the contract's shape.
fn answered(no_json: bool, keys: &[&str], call: impl FnOnce(*mut *mut c_char) -> i32) -> i32 {
    let untouched = ptr::dangling_mut();
    let mut json: *mut c_char = untouched;
    let status = call(if no_json { ptr::null_mut() } else { &mut json });
    assert_ne!(status, RESPALDO_INTERNAL);
    if no_json {
        return status;
    }
    assert!(json != untouched && !json.is_null(), "no answer");
    // SAFETY: the library has set it to a string of its own.
    let text = unsafe { CStr::from_ptr(json) }.to_str().expect("UTF-8").to_owned();
    // SAFETY: as above, and freed once.
    unsafe { respaldo_string_free(json) };
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    if status == 0 {
        let object = answer.as_object().expect("an object");
        assert!(keys.iter().all(|key| object.contains_key(*key)), "{text}");
        assert!(!keys.is_empty() || object.is_empty(), "{text}");
        return status;
    }
    let error = &answer["error"];
    // SAFETY: the answer is a static string.
    let name = unsafe { CStr::from_ptr(respaldo_status_name(status)) }
        .to_str()
        .expect("UTF-8");
    assert_eq!(
        (error["status"].as_i64(), error["name"].as_str()),
        (Some(status.into()), Some(name)),
        "{text}"
    );
    for key in ["message", "hint"] {
        assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{text}");
    }
    assert!(error["path"].is_null() || error["path"].is_string(), "{text}");
    status
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// A text that leads out of the folder: nothing outside it may be touched.
struct Outside;

impl Text {
    fn as_c(&self, usual: &str) -> Result<Option<CString>, Outside> {
        let mut bytes = match self {
            Text::Null => return Ok(None),
            Text::Usual => usual.as_bytes().to_owned(),
            Text::Object(members) => {
                let members = members
                    .iter()
                    .map(|(key, word)| format!("\"{}\": {}", key.text(), word.json()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", ")).into_bytes()
            }
            Text::Bytes(bytes) => bytes.clone(),
        };
        bytes.retain(|byte| *byte != 0);
        if serde_json::from_slice(&bytes).is_ok_and(|json| leads_out(&json)) {
            return Err(Outside);
        }
        Ok(Some(CString::new(bytes).expect("no NUL")))
    }
}

fn leads_out(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains('/') && !KNOWN.contains(&text.as_str()) || text.contains(".."),
        Value::Object(members) => members.values().any(leads_out),
        _ => false,
    }
}

impl Key {
    fn text(self) -> &'static str {
        match self {
            Key::Database => "database",
            Key::Settings => "settings",
            Key::BackupDir => "backup_dir",
            Key::MaxBackups => "max_backups",
            Key::Timezone => "timezone",
            Key::BusyTimeout => "busy_timeout_ms",
            Key::Verify => "verify",
            Key::Language => "language",
            Key::IncludeSafety => "include_safety",
            Key::IncludeOthers => "include_others",
            Key::AllowDifferent => "allow_different",
            Key::Backup => "backup",
            Key::Reason => "reason",
            Key::Target => "target",
            Key::DryRun => "dry_run",
            Key::Label => "label",
            Key::Note => "note",
            Key::Made => "made",
            Key::Pinned => "pinned",
            Key::SkipUnchanged => "skip_unchanged",
            Key::Confirmed => "confirmed",
            Key::Deep => "deep",
            Key::Checks => "checks",
            Key::Retention => "retention",
            Key::Schema => "schema",
            Key::Health => "health",
            Key::SecondPlace => "second_place",
            Key::With => "with",
            Key::Rows => "rows",
            Key::Table => "table",
            Key::Words => "text",
            Key::RowKey => "key",
            Key::Unknown => "backup\\u0000",
        }
    }
}

impl Word {
    fn json(&self) -> String {
        match self {
            Word::Null => "null".to_owned(),
            Word::Boolean(value) => value.to_string(),
            Word::Whole(number) => number.to_string(),
            Word::Negative(number) => number.to_string(),
            Word::Fraction(number) => format!("{number:?}"),
            Word::Known(n) => Value::from(KNOWN[usize::from(*n) % KNOWN.len()]).to_string(),
            Word::Text(text) => Value::from(text.as_str()).to_string(),
            Word::List => "[1]".to_owned(),
            Word::Object => "{\"id\": 1}".to_owned(),
        }
    }
}
