//! Opening the books of a home, and putting a damaged queue aside: nothing of it is overwritten, and work goes on with a
//! new one that holds what could still be read. The rest is on its sources, and what was confirmed is in the archive.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::home::{Home, disk_fault};
use crate::key::Keys;
use crate::spool::SpoolFolder;
use relaypacs_ledger::{Event, EventId, Ledger, LedgerKey, LedgerReader};
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{Queue, QueueError, QueueKey, Salvaged, finish_salvage, replace_damaged};
use std::fs;
use std::time::SystemTime;

/// The books of a home.
pub(crate) struct Opened {
    pub(crate) books: Books,
    /// Set where a damaged queue was put aside.
    pub(crate) set_aside: Option<SetAside>,
}

/// A damaged queue that was put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Instances that could be read and go on in a new queue, the archive being asked first.
    pub salvaged: u64,
    /// Instances that could not be read; `None` where not even their number is known.
    pub lost: Option<u64>,
}

impl SetAside {
    /// True where something that waited has to be sent anew.
    #[must_use]
    pub fn needs_a_person(self) -> bool {
        self.lost != Some(0)
    }

    /// The same in words.
    #[must_use]
    pub fn fault(self) -> Fault {
        let Self { salvaged, lost } = self;
        let code = match (salvaged, lost) {
            (_, Some(0)) => Code::QueueSalvaged,
            (0, _) => Code::QueueDamaged,
            (_, Some(_) | None) => Code::QueuePartlySalvaged,
        };
        let lost = lost.map_or_else(|| "an unknown number".to_owned(), |lost| lost.to_string());
        Fault::with(code, format_args!("{salvaged} images taken over, {lost} not"))
    }
}

/// Opens the books.
pub(crate) fn open(home: &Home, keys: &Keys) -> Result<Opened, Fault> {
    finish_salvage(&home.queue()).or_fault()?;
    let open_ledger = || Ledger::open(&home.ledger(), &LedgerKey::new(*keys.ledger)).or_fault();
    let open_queue = || Queue::open(&home.queue(), &QueueKey::new(*keys.queue), now());
    // A ledger with a history opens with the key of this home alone. Both keys come from one secret, so a queue that does
    // not open after that has not another key, it is damaged.
    let proof = if has_history(home) { Some(open_ledger()?) } else { None };
    // Looked at before it is opened: opening would make a new one of it.
    let queue =
        if proof.is_some() && is_emptied(home)? { Err(QueueError::Damaged) } else { open_queue() };
    let (mut ledger, queue) = match (queue, proof) {
        (Ok(queue), proof) => (proof.map_or_else(open_ledger, Ok)?, Some(queue)),
        (Err(QueueError::Damaged | QueueError::WrongKey), Some(ledger)) => (ledger, None),
        // Told from a wrong key by pages that do open with this one.
        (Err(QueueError::Damaged), None) => (open_ledger()?, None),
        (Err(error), _) => return Err(error).or_fault(),
    };
    if let Some(queue) = queue {
        return Ok(Opened {
            books: Books::new(queue, ledger, SpoolFolder::new(home.spool())),
            set_aside: None,
        });
    }
    ledger.append(id_of(home)?, &Event::QueueSetAside, now()).or_fault()?;
    // The spool first: a new queue does not know of its files yet, and nothing of it may be swept away meanwhile.
    SpoolFolder::set_aside(&home.spool(), now())?;
    let key = QueueKey::new(*keys.queue);
    let (_, Salvaged { instances, lost }) =
        replace_damaged(&home.queue(), &key, now()).or_fault()?;
    let set_aside = SetAside { salvaged: instances, lost };
    tracing::error!(salvaged = instances, lost, "the queue is damaged and was put aside");
    let queue = open_queue().or_fault()?;
    Ok(Opened {
        books: Books::new(queue, ledger, SpoolFolder::new(home.spool())),
        set_aside: Some(set_aside),
    })
}

/// True for a queue that once was there and has not a byte left: a database without a byte would count as a new one.
pub(crate) fn is_emptied(home: &Home) -> Result<bool, Fault> {
    match fs::metadata(home.queue()) {
        Ok(file) => Ok(file.len() == 0 && has_history(home)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(disk_fault(&error)),
    }
}

fn has_history(home: &Home) -> bool {
    let events = LedgerReader::open(&home.ledger()).and_then(|ledger| ledger.history(1, None));
    events.is_ok_and(|events| !events.is_empty())
}

/// The same for the same damaged file, so that a crash before it was put aside does not make two events of one.
fn id_of(home: &Home) -> Result<EventId, Fault> {
    let file = fs::metadata(home.queue()).map_err(|error| disk_fault(&error))?;
    let changed = file.modified().ok();
    let changed = changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let changed = changed.unwrap_or_default().as_nanos();
    Ok(EventId::of(&[b"queue set aside", &file.len().to_le_bytes(), &changed.to_le_bytes()]))
}
