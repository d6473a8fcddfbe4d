//! Kinds of operating-system errors.

use std::io;

/// Whether another program has the file open and does not share it.
#[cfg(windows)]
pub(crate) fn is_sharing_violation(error: &io::Error) -> bool {
    use windows_sys::Win32::Foundation::{ERROR_LOCK_VIOLATION, ERROR_SHARING_VIOLATION};
    has_system_code(error, &[ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION])
}

/// Whether another program has the file open and does not share it.
#[cfg(not(windows))]
pub(crate) fn is_sharing_violation(_error: &io::Error) -> bool {
    false
}

/// Whether the system's code of this error is one of `codes`.
#[cfg(windows)]
pub(crate) fn has_system_code(error: &io::Error, codes: &[u32]) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| codes.contains(&code.cast_unsigned()))
}

/// Whether the error means that the file does not exist.
pub(crate) fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename)
}

/// Whether an error means that the file system does not do such a thing at all.
pub(crate) fn cannot_be_asked(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// Whether the disk or the user's quota is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether this user lacks permission, or the file system is read-only.
pub(crate) fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Whether the device or the system failed, as opposed to a lack of permission.
pub(crate) fn is_device_error(error: &io::Error) -> bool {
    #[cfg(unix)]
    const CODES: [i32; 4] = [libc::EIO, libc::EMFILE, libc::ENFILE, libc::ENOMEM];
    #[cfg(windows)]
    const CODES: [i32; 10] = {
        use windows_sys::Win32::Foundation as system;
        [
            system::ERROR_CRC.cast_signed(),
            system::ERROR_IO_DEVICE.cast_signed(),
            system::ERROR_NOT_READY.cast_signed(),
            system::ERROR_SEM_TIMEOUT.cast_signed(), // a drive or server that does not answer
            system::ERROR_NETNAME_DELETED.cast_signed(),
            system::ERROR_UNEXP_NET_ERR.cast_signed(),
            system::ERROR_TOO_MANY_OPEN_FILES.cast_signed(),
            system::ERROR_NOT_ENOUGH_MEMORY.cast_signed(),
            system::ERROR_OUTOFMEMORY.cast_signed(),
            system::ERROR_NO_SYSTEM_RESOURCES.cast_signed(),
        ]
    };
    error.raw_os_error().is_some_and(|code| CODES.contains(&code))
}
