//! A queued instance as something that can be sent: its bytes, as long as they are still those that were scanned.

use relaypacs_model::{Location, SopClassUid, SopInstanceUid};
use relaypacs_queue::InstanceRow;
use relaypacs_scan::Opener;
use relaypacs_upload::Part;
use std::io::{self, Read};
use std::time::SystemTime;

/// The bytes of one instance where the scan found them.
pub(crate) struct SourcePart {
    sop_instance_uid: SopInstanceUid,
    sop_class_uid: SopClassUid,
    bytes: u64,
    modified: Option<SystemTime>,
    location: Location,
    opener: Opener,
}

impl SourcePart {
    pub(crate) fn new(row: &InstanceRow, opener: &Opener) -> Self {
        Self {
            sop_instance_uid: row.sop_uid.clone(),
            sop_class_uid: row.sop_class_uid.clone(),
            bytes: row.bytes,
            modified: row.modified,
            location: row.location.clone(),
            opener: opener.clone(),
        }
    }
}

impl Part for SourcePart {
    fn sop_instance_uid(&self) -> &SopInstanceUid {
        &self.sop_instance_uid
    }

    fn sop_class_uid(&self) -> &SopClassUid {
        &self.sop_class_uid
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let opened = self.opener.open(&self.location)?;
        // Whole milliseconds: the queue keeps no finer time than that.
        let millis = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH).map(|d| d.as_millis()).ok()
        };
        let same_time = match (opened.modified, self.modified) {
            (Some(now), Some(then)) => millis(now) == millis(then),
            _ => true,
        };
        if opened.bytes != self.bytes || !same_time {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is not what was scanned",
            ));
        }
        Ok(opened.reader)
    }
}
