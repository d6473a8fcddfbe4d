//! Reserving a file's disk space before it is written, so that ext4 finds it once and in one piece.

use std::path::Path;

/// Reserves `bytes` for the file at `path`, whose size stays as it is. A failure is ignored: writing the file reports a full
/// disk.
///
/// On ext4 only. On other file systems it gains nothing, or does harm: Btrfs would not compress the file.
#[cfg(target_os = "linux")]
pub(crate) fn preallocate(path: &Path, bytes: u64) {
    use std::fs::File;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;

    /// Finding space for less takes no time.
    const MIN_BYTES: u64 = 1 << 20;

    if bytes < MIN_BYTES {
        return;
    }
    let (Ok(file), Ok(bytes)) = (File::options().write(true).open(path), libc::off_t::try_from(bytes)) else {
        return;
    };
    let mut file_system = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open; the result is read only if the call has filled it in.
    let file_system =
        unsafe { (libc::fstatfs(file.as_raw_fd(), file_system.as_mut_ptr()) == 0).then(|| file_system.assume_init()) };
    // The C libraries do not agree on the type of either number.
    if file_system.is_some_and(|found| i128::from(found.f_type) == i128::from(libc::EXT4_SUPER_MAGIC)) {
        // SAFETY: the descriptor is open, and no memory is passed.
        unsafe { libc::fallocate(file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, 0, bytes) };
    }
}

/// On other systems no gain is known.
#[cfg(not(target_os = "linux"))]
pub(crate) fn preallocate(_path: &Path, _bytes: u64) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use std::process::Command;

    #[test]
    fn space_is_reserved_on_ext4_and_nowhere_else() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(file.path()).output();
        let on_ext4 = kind.expect("stat ran").stdout.starts_with(b"ext2/ext3");
        for (bytes, is_enough) in [(1 << 19, false), (3 << 20, true)] {
            preallocate(file.path(), bytes);
            let after = file.as_file().metadata().expect("metadata");
            let reserved = after.blocks() * 512;
            assert_eq!(reserved >= bytes, on_ext4 && is_enough, "{reserved} of {bytes} bytes");
            assert_eq!(after.len(), 0);
        }
    }
}
