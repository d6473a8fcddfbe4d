//! Writing on a thread of its own, while the next block is being collected.

use std::ffi::c_int;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use errno::Errno;
use rusqlite::ffi;

/// Blocks that may wait to be written.
const MOST_WAITING: usize = 8;

/// A thread that writes blocks in the order in which it gets them. Dropping it waits for its end.
pub(crate) struct WriteBehind {
    blocks: Option<SyncSender<Block>>,
    written: Receiver<Written>,
    waiting: usize,
    thread: Option<JoinHandle<()>>,
}

struct Block {
    bytes: Vec<u8>,
    offset: i64,
}

struct Written {
    room: Vec<u8>,
    code: c_int,
    /// The system's reason, which each thread has of its own.
    system: Errno,
}

impl WriteBehind {
    /// Starts the thread, which writes with `write`; `None` where none can be had.
    pub fn start(write: impl Fn(&[u8], i64) -> c_int + Send + 'static) -> Option<WriteBehind> {
        let (blocks, to_write) = mpsc::sync_channel::<Block>(MOST_WAITING);
        let (to_report, written) = mpsc::sync_channel(MOST_WAITING);
        let writer = move || {
            for Block {
                bytes: mut room,
                offset,
            } in to_write
            {
                let code = write(&room, offset);
                let system = errno::errno();
                room.clear();
                if to_report.send(Written { room, code, system }).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("respaldo-write".to_owned())
            .spawn(writer)
            .ok()?;
        Some(WriteBehind {
            blocks: Some(blocks),
            written,
            waiting: 0,
            thread: Some(thread),
        })
    }

    /// Passes a block on and gives room for the next one. An error is that of an earlier block; then this one is not written.
    pub fn pass_on(&mut self, bytes: Vec<u8>, offset: i64) -> Result<Vec<u8>, c_int> {
        let room = if self.waiting == MOST_WAITING {
            self.wait()?
        } else {
            Vec::new()
        };
        let block = Block { bytes, offset };
        match self.blocks.as_ref().map(|blocks| blocks.send(block)) {
            Some(Ok(())) => self.waiting += 1,
            _ => return Err(ffi::SQLITE_IOERR_WRITE),
        }
        Ok(room)
    }

    /// Whether something may not be written yet.
    pub fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Waits until everything is written. The error is the first.
    pub fn finish(&mut self) -> Result<(), c_int> {
        let mut result = Ok(());
        while self.waiting > 0 {
            result = result.and(self.wait().map(drop));
        }
        result
    }

    fn wait(&mut self) -> Result<Vec<u8>, c_int> {
        self.waiting -= 1;
        match self.written.recv() {
            Ok(Written {
                room,
                code: ffi::SQLITE_OK,
                ..
            }) => Ok(room),
            Ok(Written { code, system, .. }) => {
                errno::set_errno(system);
                Err(code)
            }
            Err(_) => Err(ffi::SQLITE_IOERR_WRITE),
        }
    }
}

impl Drop for WriteBehind {
    fn drop(&mut self) {
        let _ = self.finish();
        self.blocks = None; // which ends the thread
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const MORE_THAN_WAIT: i64 = 3 * MOST_WAITING as i64;

    #[test]
    fn blocks_are_written_in_their_order() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&written);
        let mut behind = WriteBehind::start(move |bytes, offset| {
            seen.lock().expect("unbroken").push((bytes.to_vec(), offset));
            ffi::SQLITE_OK
        })
        .expect("a thread");
        for offset in 0..MORE_THAN_WAIT {
            let room = behind.pass_on(vec![7; 3], offset).expect("written");
            assert!(room.is_empty());
        }
        assert_eq!(behind.finish(), Ok(()));
        let expected: Vec<_> = (0..MORE_THAN_WAIT).map(|offset| (vec![7; 3], offset)).collect();
        assert_eq!(*written.lock().expect("unbroken"), expected);
    }

    #[test]
    fn a_failure_is_told_once_with_the_systems_reason() {
        let mut behind = WriteBehind::start(|_, offset| {
            errno::set_errno(Errno(28));
            if offset == 1 { ffi::SQLITE_FULL } else { ffi::SQLITE_OK }
        })
        .expect("a thread");
        let mut told = Vec::new();
        for offset in 0..MORE_THAN_WAIT {
            errno::set_errno(Errno(0));
            if let Err(code) = behind.pass_on(vec![1], offset) {
                told.push((code, errno::errno()));
            }
        }
        assert_eq!(told, [(ffi::SQLITE_FULL, Errno(28))]);
        assert_eq!(behind.finish(), Ok(()));
    }
}
