//! Where the password of the archive comes from. It is kept in memory that is cleared when it is dropped.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::options::Password;
use crate::report::error::{Argument, Cause, Error, Expected, Result};

/// No password is longer; a file that is, is another file.
const MOST_BYTES: u64 = 4096;

impl Password {
    /// The password itself.
    pub(crate) fn read(&self) -> Result<SecretString> {
        let password = match self {
            Password::Text(password) => password.clone(),
            Password::File(path) => from_file(path)?,
            Password::Command(command) => from_command(command)?,
        };
        if password.expose_secret().is_empty() {
            return Err(Error::argument(Argument::BadValue {
                key: "archive.password",
                expected: Expected::Password,
            }));
        }
        Ok(password)
    }
}

fn from_file(path: &Path) -> Result<SecretString> {
    let failed = |error| Error::io(&error, path);
    let mut file = File::open(path).map_err(failed)?;
    if is_readable_by_others(&file.metadata().map_err(failed)?) {
        return Err(Error::at(Cause::PasswordExposed, path));
    }
    first_line(&mut file).ok_or_else(|| Error::at(Cause::Io("it holds no password".to_owned()), path))
}

#[cfg(unix)]
fn is_readable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

/// On Windows a file of the user is readable by the user and by administrators unless somebody has changed that.
#[cfg(not(unix))]
fn is_readable_by_others(_: &Metadata) -> bool {
    false
}

/// Runs the command by the system's shell. Its errors may quote the password, so they are not repeated.
fn from_command(command: &str) -> Result<SecretString> {
    let failed = |why: String| Error::new(Cause::PasswordCommand(why));
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let started = Command::new(shell)
        .args([option, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| failed(error.to_string()))?;
    let password = child.stdout.take().and_then(|mut output| first_line(&mut output));
    // One that writes on is not waited for.
    if password.is_none() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    match password {
        Some(password) if status.success() => Ok(password),
        Some(_) => Err(failed(status.to_string())),
        None => Err(failed("it wrote no password".to_owned())),
    }
}

/// The text up to the end of the first line; `None` if it is too long or not UTF-8.
fn first_line(source: &mut impl Read) -> Option<SecretString> {
    let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
    // Of this size from the beginning: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).ok().filter(|_| bytes.len() <= most)?;
    Some(SecretString::from(text))
}
