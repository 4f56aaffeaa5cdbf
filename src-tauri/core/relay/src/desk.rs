//! The desk: one thread that owns the queue and the ledger, and writes in them one thing after the other.
//!
//! One writer per database is a rule (the SQLite that SQLCipher brings has a fault that needs two), and one thread for
//! both makes the order "ledger first, then queue" a matter of course.

use crate::clock::now;
use crate::faults::OrFault;
use crate::spool::SpoolFolder;
use relaypacs_ledger::{self as ledger, DestinationLabel, Ledger, ReceiptId};
use relaypacs_model::{Code, Fault};
use relaypacs_queue::{Import, ImportId, Queue};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// What lies on the desk.
pub(crate) struct Books {
    pub(crate) queue: Queue,
    pub(crate) ledger: Ledger,
    pub(crate) spool: SpoolFolder,
    /// Receipts that were begun or written in during this run.
    open: BTreeMap<ReceiptId, ImportId>,
    /// Imports that nobody wants any more, and that could not be taken out on a full disk. They hold their studies.
    unwanted: Vec<Import>,
}

impl Books {
    /// The books of a home, opened.
    pub(crate) fn new(queue: Queue, ledger: Ledger, spool: SpoolFolder) -> Self {
        Self { queue, ledger, spool, open: BTreeMap::new(), unwanted: Vec::new() }
    }

    /// Removes the files of copies that no row needs any more. What cannot be removed now is tried again later.
    pub(crate) fn clear_leftovers(&mut self) -> Result<(), Fault> {
        loop {
            let names = self.queue.leftovers(1_000).or_fault()?;
            let gone: Vec<String> =
                names.into_iter().filter(|name| self.spool.remove(name).is_ok()).collect();
            if gone.is_empty() {
                return Ok(());
            }
            self.queue.leftovers_removed(&gone).or_fault()?;
        }
    }

    /// Removes every file of the spool that no row needs: what a process that died had begun. What a row needs, and was
    /// put aside with a damaged queue, is brought back.
    pub(crate) fn sweep_spool(&mut self) -> Result<(), Fault> {
        self.clear_leftovers()?;
        let view = self.queue.view();
        let back = self.spool.take_back(&|name| view.needs_file(name).or_fault())?;
        let removed = self.spool.sweep(&|name| view.needs_file(name).or_fault())?;
        if removed + back > 0 {
            tracing::info!(removed, back, "files of the spool");
        }
        Ok(())
    }

    /// Takes out what nobody wants and what could not be taken out before, as far as that can be done now.
    pub(crate) fn abandon_the_rest(&mut self) {
        for import in std::mem::take(&mut self.unwanted) {
            let _ = self.abandon(import);
        }
    }

    /// Takes an import out again, now or in a later turn of the work. One that has ended stays.
    pub(crate) fn abandon(&mut self, import: Import) -> Result<(), Fault> {
        let out = self.queue.abandon_import(&import, now()).or_fault();
        if out.is_err() {
            self.unwanted.push(import);
        }
        out.map(drop)
    }

    /// The name of an import in the ledger: stable, and never that of another import, not even one of a queue that
    /// was begun anew.
    pub(crate) fn import_name(&self, import: ImportId) -> Result<ledger::ImportId, Fault> {
        let created = self.queue.view().import(import).or_fault()?.created;
        let mut sum = Sha256::new();
        sum.update(import.0.to_le_bytes());
        sum.update(created.0.to_le_bytes());
        let mut name = [0u8; 16];
        name.iter_mut().zip(sum.finalize()).for_each(|(to, from)| *to = from);
        Ok(ledger::ImportId(name))
    }

    /// The receipt of an import at a destination, begun where it was not.
    pub(crate) fn receipt_of(
        &mut self,
        import: ImportId,
        label: &DestinationLabel,
    ) -> Result<ReceiptId, Fault> {
        let name = self.import_name(import)?;
        let receipt = self.ledger.begin_receipt(name, label, now()).or_fault()?;
        self.open.insert(receipt, import);
        Ok(receipt)
    }

    /// Ends the receipts of a run: complete for now. What waits and gets there later ends them again.
    pub(crate) fn end_receipts(&mut self) -> Result<(), Fault> {
        while let Some((receipt, _)) = self.open.first_key_value().map(|(a, b)| (*a, *b)) {
            self.ledger.end_receipt(receipt, now()).or_fault()?;
            self.open.remove(&receipt);
        }
        self.forget_sources()
    }
}

impl Books {
    /// Receipts that were begun or written in and not ended since, with their imports.
    pub(crate) fn open_receipts(&self) -> Vec<(ReceiptId, ImportId)> {
        self.open.iter().map(|(receipt, import)| (*receipt, *import)).collect()
    }

    /// A receipt was ended.
    pub(crate) fn is_ended(&mut self, receipt: ReceiptId) {
        self.open.remove(&receipt);
    }
}

type Errand = Box<dyn FnOnce(&mut Books) + Send>;

/// A way to the desk. Cheap to clone. The books are closed when the relay goes, whoever still has a way: what runs on in
/// the background of a program that ends must not have a database open under its exit (OpenSSL, which SQLCipher uses,
/// cleans up there).
#[derive(Clone)]
pub(crate) struct Desk(Arc<Inner>);

struct Inner {
    /// Taken when the books are closed, which ends the thread.
    errands: Mutex<Option<mpsc::Sender<Errand>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    /// Waits for the errands that were accepted, and for the books to be closed.
    fn close(&self) {
        drop(self.errands.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A desk that failed has nothing left to close.
            let _ = thread.join();
        }
    }
}

/// Closes the books of a desk when it goes.
pub(crate) struct Closing(pub(crate) Desk);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.0.close();
    }
}

impl Desk {
    /// Begins a thread, has it open the books, and waits for that. They are opened, used and closed on this one thread, and
    /// whoever closes it waits for its end: OpenSSL gives back what a thread has of it when that thread ends, and a
    /// program that exits meanwhile gives the same back twice.
    pub(crate) fn open<T: Send + 'static>(
        open: impl FnOnce() -> Result<(Books, T), Fault> + Send + 'static,
    ) -> Result<(Self, T), Fault> {
        let (errands, inbox) = mpsc::channel::<Errand>();
        let (tell, told) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("relaypacs-desk".into())
            .spawn(move || {
                let mut books = match open() {
                    Ok((books, more)) => {
                        let _ = tell.send(Ok(more));
                        books
                    }
                    Err(fault) => {
                        let _ = tell.send(Err(fault));
                        return;
                    }
                };
                for errand in inbox {
                    errand(&mut books);
                }
            })
            .map_err(|error| Fault::with(Code::Internal, error))?;
        let desk = Self(Arc::new(Inner {
            errands: Mutex::new(Some(errands)),
            thread: Mutex::new(Some(thread)),
        }));
        let more = told.recv().map_err(|_| closed())??;
        Ok((desk, more))
    }

    /// Has something read or written, and waits for it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        errand: impl FnOnce(&mut Books) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, wait) = oneshot::channel();
        self.send(move |books| {
            let _ = answer.send(errand(books));
        })?;
        wait.await.map_err(|_| closed())?
    }

    /// The same from a thread that may block.
    pub(crate) fn ask_blocking<T: Send + 'static>(
        &self,
        errand: impl FnOnce(&mut Books) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, wait) = mpsc::sync_channel(1);
        self.send(move |books| {
            let _ = answer.send(errand(books));
        })?;
        wait.recv().map_err(|_| closed())?
    }

    fn send(&self, errand: impl FnOnce(&mut Books) + Send + 'static) -> Result<(), Fault> {
        let errands = self.0.errands.lock().unwrap_or_else(PoisonError::into_inner);
        errands.as_ref().ok_or_else(closed)?.send(Box::new(errand)).map_err(|_| closed())
    }
}

fn closed() -> Fault {
    Fault::with(Code::Internal, "the queue's thread has ended")
}
