//! What the fuzz targets share: a studio with its database and backups, and a second opinion on databases.
//!
//! Everything here looks at files by itself, with the same linked SQLite but none of the library's own checks.

mod hostile;
mod opinion;
mod studio;

pub use opinion::{Contents, contents, problems};
pub use studio::{BACKUPS, DATABASE, Files, NOW, Studio, assert_same, studio_database};

/// The causes that are a fault of the library's or of the machine's, whatever bytes it is given.
pub fn assert_sensible(error: &respaldo::Error) {
    use respaldo::Status::{DiskFull, Internal, InvalidArgument, InvalidHandle, IoError, PermissionDenied};
    let status = error.status();
    assert!(
        ![
            Internal,
            IoError,
            PermissionDenied,
            DiskFull,
            InvalidArgument,
            InvalidHandle
        ]
        .contains(&status),
        "{error:?}"
    );
}
