//! Rustic's progress, passed on to the meter.

use std::sync::Arc;

use rustic_core::{Progress, ProgressBars, ProgressType, RusticProgress};

use crate::archive::meter::Meter;

/// Rustic's progress in bytes, passed on to the meter. Its other progress is of no interest.
#[derive(Debug)]
pub(super) struct Bars(pub(super) Arc<Meter>);

impl ProgressBars for Bars {
    fn progress(&self, kind: ProgressType, _: &str) -> Progress {
        match kind {
            ProgressType::Bytes => Progress::new(Bar(Arc::clone(&self.0))),
            _ => Progress::hidden(),
        }
    }
}

#[derive(Debug)]
struct Bar(Arc<Meter>);

impl RusticProgress for Bar {
    fn is_hidden(&self) -> bool {
        false
    }

    fn set_length(&self, bytes: u64) {
        self.0.start(bytes);
    }

    fn set_title(&self, _: &str) {}

    fn inc(&self, bytes: u64) {
        self.0.advance(bytes);
    }

    fn finish(&self) {}
}
