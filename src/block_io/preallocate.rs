//! Asking for a file's room before it is written.
//!
//! Ext4 then finds room once, and in one piece, and not anew for each portion.

use std::path::Path;

/// Reserves `bytes` for the file at `path`, whose size stays as it is. A hint: what does not fit the writing will tell.
///
/// For ext4 only. Elsewhere it is of no use, or does harm: Btrfs would not compress the file.
#[cfg(target_os = "linux")]
pub(crate) fn preallocate(path: &Path, bytes: u64) {
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;

    /// Finding room for less takes no time.
    const WORTH_IT: u64 = 1 << 20;

    if bytes < WORTH_IT {
        return;
    }
    let (Ok(file), Ok(bytes)) = (File::options().write(true).open(path), libc::off_t::try_from(bytes)) else {
        return;
    };
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open, and there is room for an answer, which is looked at only if there is one.
    let found = unsafe { (libc::fstatfs(file.as_raw_fd(), found.as_mut_ptr()) == 0).then(|| found.assume_init()) };
    // The C libraries do not agree on the type of either number.
    if found.is_some_and(|found| i128::from(found.f_type) == i128::from(libc::EXT4_SUPER_MAGIC)) {
        // SAFETY: the descriptor is open, and no memory is passed.
        unsafe { libc::fallocate(file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, 0, bytes) };
    }
}

/// Elsewhere nothing is known to be gained.
#[cfg(not(target_os = "linux"))]
pub(crate) fn preallocate(_path: &Path, _bytes: u64) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use std::process::Command;

    #[test]
    fn room_is_reserved_on_ext4_and_nowhere_else() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(file.path()).output();
        let on_ext4 = kind.expect("stat ran").stdout.starts_with(b"ext2/ext3");
        for (bytes, worth_it) in [(1 << 19, false), (3 << 20, true)] {
            preallocate(file.path(), bytes);
            let after = file.as_file().metadata().expect("looked at");
            let reserved = after.blocks() * 512;
            assert_eq!(reserved >= bytes, on_ext4 && worth_it, "{reserved} of {bytes} bytes");
            assert_eq!(after.len(), 0);
        }
    }
}
