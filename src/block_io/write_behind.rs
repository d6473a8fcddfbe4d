//! Write-behind: a thread writes full blocks while the next one is collected.

use std::ffi::c_int;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use errno::Errno;
use rusqlite::ffi;

/// Blocks that are in memory at most, waiting to be written.
const MAX_PENDING: usize = 8;

/// A thread that writes blocks in the order in which it receives them. Dropping it waits for the thread's end.
pub(crate) struct WriterThread {
    blocks: Option<SyncSender<Block>>,
    results: Receiver<Written>,
    pending: usize,
    thread: Option<JoinHandle<()>>,
}

struct Block {
    bytes: Vec<u8>,
    offset: i64,
}

struct Written {
    /// The block's buffer, emptied.
    empty: Vec<u8>,
    code: c_int,
    /// The system's reason. `errno` is per thread, so the writer sends its own.
    system: Errno,
}

impl WriterThread {
    /// Starts the thread, which writes by calling `write`. `None` if the system gives no thread.
    pub fn start(write: impl Fn(&[u8], i64) -> c_int + Send + 'static) -> Option<WriterThread> {
        let (blocks, to_write) = mpsc::sync_channel::<Block>(MAX_PENDING);
        let (written, results) = mpsc::sync_channel(MAX_PENDING);
        let work = move || {
            for Block { mut bytes, offset } in to_write {
                let code = write(&bytes, offset);
                let system = errno::errno();
                bytes.clear();
                let result = Written {
                    empty: bytes,
                    code,
                    system,
                };
                if written.send(result).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("respaldo-write".to_owned())
            .spawn(work)
            .ok()?;
        Some(WriterThread {
            blocks: Some(blocks),
            results,
            pending: 0,
            thread: Some(thread),
        })
    }

    /// Sends a block to the thread, and returns an empty buffer for the next one. An error is that of an earlier block; this
    /// block is then not written.
    pub fn write(&mut self, bytes: Vec<u8>, offset: i64) -> Result<Vec<u8>, c_int> {
        let empty = if self.pending == MAX_PENDING {
            self.wait_for_one()?
        } else {
            Vec::new()
        };
        let block = Block { bytes, offset };
        match self.blocks.as_ref().map(|blocks| blocks.send(block)) {
            Some(Ok(())) => self.pending += 1,
            _ => return Err(ffi::SQLITE_IOERR_WRITE),
        }
        Ok(empty)
    }

    /// Whether a block may not be written yet.
    pub fn has_pending(&self) -> bool {
        self.pending > 0
    }

    /// Waits until every block is written. Returns the first error.
    pub fn finish(&mut self) -> Result<(), c_int> {
        let mut result = Ok(());
        while self.pending > 0 {
            result = result.and(self.wait_for_one().map(drop));
        }
        result
    }

    fn wait_for_one(&mut self) -> Result<Vec<u8>, c_int> {
        self.pending -= 1;
        match self.results.recv() {
            Ok(Written {
                empty,
                code: ffi::SQLITE_OK,
                ..
            }) => Ok(empty),
            Ok(Written { code, system, .. }) => {
                errno::set_errno(system);
                Err(code)
            }
            Err(_) => Err(ffi::SQLITE_IOERR_WRITE),
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        let _ = self.finish();
        self.blocks = None; // closes the channel, which ends the thread
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const MORE_THAN_PENDING: i64 = 3 * MAX_PENDING as i64;

    #[test]
    fn blocks_are_written_in_the_order_in_which_they_are_sent() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let by_thread = Arc::clone(&written);
        let mut writer = WriterThread::start(move |bytes, offset| {
            by_thread.lock().expect("unbroken").push((bytes.to_vec(), offset));
            ffi::SQLITE_OK
        })
        .expect("a thread");
        for offset in 0..MORE_THAN_PENDING {
            let empty = writer.write(vec![7; 3], offset).expect("written");
            assert!(empty.is_empty());
        }
        assert_eq!(writer.finish(), Ok(()));
        let expected: Vec<_> = (0..MORE_THAN_PENDING).map(|offset| (vec![7; 3], offset)).collect();
        assert_eq!(*written.lock().expect("unbroken"), expected);
    }

    #[test]
    fn a_failure_is_returned_once_with_the_systems_reason() {
        let mut writer = WriterThread::start(|_, offset| {
            errno::set_errno(Errno(28));
            if offset == 1 { ffi::SQLITE_FULL } else { ffi::SQLITE_OK }
        })
        .expect("a thread");
        let mut failures = Vec::new();
        for offset in 0..MORE_THAN_PENDING {
            errno::set_errno(Errno(0));
            if let Err(code) = writer.write(vec![1], offset) {
                failures.push((code, errno::errno()));
            }
        }
        assert_eq!(failures, [(ffi::SQLITE_FULL, Errno(28))]);
        assert_eq!(writer.finish(), Ok(()));
    }
}
