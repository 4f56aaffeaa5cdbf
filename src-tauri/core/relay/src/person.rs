//! What a person does with destinations and with what waits.

use crate::cancelled::Cancelled;
use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::relay::{Relay, Target, saved};
use relaypacs_ledger::{Event, EventId, Setting};
use relaypacs_model::{Code, Destination, DestinationName, Fault, Priority, StudyInstanceUid};
use relaypacs_queue::{
    DestinationId, DestinationRow, Queue, QueueError, Retry, Scope, StudyFilter, StudyId,
};
use relaypacs_upload::{Archive, Checked, Timing};

/// Something that a person wants with studies in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Send nothing of them until they are resumed.
    Pause,
    /// Go on with them.
    Resume,
    /// Try again what failed, and nothing else; their destinations are tried now.
    Retry,
    /// Take them out.
    Cancel,
    /// Send what is not confirmed to the saved destination of this name.
    Move(String),
    /// Send them before all of a lower priority.
    Priority(Priority),
}

impl Relay {
    /// Carries out a wish for studies by their UIDs, or for everything where none is named (not for `Cancel`, `Move` and
    /// `Priority`). Returns how many studies or instances it touched.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`] where one of them is not in the queue; then nothing was done.
    pub async fn wish(&self, wish: Wish, studies: Vec<String>) -> Result<u64, Fault> {
        self.grant(wish, move |books| scopes(books, &studies)).await
    }

    /// Carries out a wish for these studies and no others: not for the same study on its way to another destination, and
    /// for nothing where none is named. Returns how many studies or instances it touched.
    ///
    /// # Errors
    /// [`Code::StudyUnknown`] where one of them is not in the queue; then nothing was done.
    pub async fn wish_for(&self, wish: Wish, studies: Vec<StudyId>) -> Result<u64, Fault> {
        self.grant(wish, move |books| {
            for study in &studies {
                books.queue.view().study(*study).or_fault()?;
            }
            Ok(studies.into_iter().map(Scope::Study).collect())
        })
        .await
    }

    async fn grant(
        &self,
        wish: Wish,
        scopes: impl FnOnce(&Books) -> Result<Vec<Scope>, Fault> + Send + 'static,
    ) -> Result<u64, Fault> {
        let found = match wish {
            // A disc that is back in is found first, wherever it is mounted now.
            Wish::Retry => self.find_sources_again().await?,
            Wish::Pause | Wish::Resume | Wish::Cancel | Wish::Move(_) | Wish::Priority(_) => 0,
        };
        let cancelled = self.cancelled.clone();
        let granted = move |books: &mut Books| {
            let scopes = scopes(books)?;
            carry_out(books, &wish, scopes, &cancelled)
        };
        Ok(found + self.desk.ask(granted).await?)
    }

    /// Saves a destination under a name, or replaces the one of this name.
    ///
    /// # Errors
    /// [`Code::DestinationNotUsable`] for a name that cannot be one.
    pub async fn save_destination(
        &self,
        name: &str,
        destination: Destination,
    ) -> Result<(), Fault> {
        let save = |queue: &mut Queue, name: &DestinationName, to: &Destination| {
            queue.save_destination(name, to)
        };
        self.keep(name, destination, |_, _| Ok(()), save).await
    }

    /// Saves the destination of the practice archive, and never in the place of one that a person saved.
    ///
    /// # Errors
    /// [`Code::DestinationNotUsable`] for a name that cannot be one or that another destination has.
    pub async fn save_practice(&self, name: &str, destination: Destination) -> Result<(), Fault> {
        let look = |known: &[DestinationRow], name: &DestinationName| {
            let there = known.iter().any(|row| row.practice);
            if there { Ok(()) } else { is_free(known, name, None) }
        };
        let save = |queue: &mut Queue, name: &DestinationName, to: &Destination| {
            queue.save_practice(name, to)
        };
        self.keep(name, destination, look, save).await
    }

    /// Gives a destination another name, and replaces what it was. What waits for it goes there.
    ///
    /// # Errors
    /// [`Code::DestinationNotUsable`] for a name that cannot be one or that another destination has;
    /// [`Code::DestinationUnknown`].
    pub async fn rename_destination(
        &self,
        id: DestinationId,
        name: &str,
        destination: Destination,
    ) -> Result<(), Fault> {
        let look = move |known: &[DestinationRow], name: &DestinationName| {
            if !known.iter().any(|row| row.id == id) {
                return Err(Fault::new(Code::DestinationUnknown));
            }
            is_free(known, name, Some(id))
        };
        let save = move |queue: &mut Queue, name: &DestinationName, to: &Destination| {
            queue.rename_destination(id, name, to).map(|()| id)
        };
        self.keep(name, destination, look, save).await
    }

    /// Saves a destination. `look` refuses before the ledger says that it is saved.
    async fn keep(
        &self,
        name: &str,
        destination: Destination,
        look: impl FnOnce(&[DestinationRow], &DestinationName) -> Result<(), Fault> + Send + 'static,
        save: impl FnOnce(
            &mut Queue,
            &DestinationName,
            &Destination,
        ) -> Result<DestinationId, QueueError>
        + Send
        + 'static,
    ) -> Result<(), Fault> {
        let name = DestinationName::parse(name)
            .map_err(|fault| Fault::with(Code::DestinationNotUsable, fault))?;
        let destination = Destination { label: name.as_str().to_owned(), ..destination };
        self.desk
            .ask(move |books| {
                look(&books.queue.view().destinations().or_fault()?, &name)?;
                changed(books, Setting::DestinationSaved)?;
                let id = save(&mut books.queue, &name, &destination).or_fault()?;
                // Whoever changes a destination has done something about its trouble.
                books.queue.try_now(id).or_fault()
            })
            .await
    }

    /// Forgets a saved destination.
    ///
    /// # Errors
    /// [`Code::DestinationUnknown`]; [`Code::DestinationInUse`] while studies, of a review too, are to go there.
    pub async fn forget_destination(&self, name: &str) -> Result<(), Fault> {
        let name = name.to_owned();
        self.desk
            .ask(move |books| {
                let row = saved(books, &name)?;
                // Before the ledger says that it is gone.
                if books.queue.view().is_in_use(row.id).or_fault()? {
                    return Err(Fault::new(Code::DestinationInUse));
                }
                changed(books, Setting::DestinationRemoved)?;
                books.queue.forget_destination(row.id).or_fault()
            })
            .await
    }

    /// The saved destinations, and those that were given in place and still have work.
    ///
    /// # Errors
    /// Those of the queue.
    pub async fn destinations(&self) -> Result<Vec<DestinationRow>, Fault> {
        self.desk.ask(|books| books.queue.view().destinations().or_fault()).await
    }

    /// Asks a destination whether it would take images, without sending any. One that is saved, was parked, and would
    /// take them, is used again at once.
    ///
    /// # Errors
    /// What is wrong with it, in a code.
    pub async fn check(&self, target: &Target) -> Result<Checked, Fault> {
        let row = match target {
            Target::Given(destination) => return check(destination).await,
            Target::Saved(_) => self.destination(target).await?,
        };
        let checked = check(&row.destination).await?;
        self.desk.ask(move |books| books.queue.try_now(row.id).or_fault()).await?;
        Ok(checked)
    }
}

/// Asks a destination that is given in place.
///
/// # Errors
/// What is wrong with it, in a code.
pub async fn check(destination: &Destination) -> Result<Checked, Fault> {
    Archive::new(destination, Timing::default())?.check().await.map_err(Fault::from)
}

/// Nobody else has this name.
fn is_free(
    known: &[DestinationRow],
    name: &DestinationName,
    own: Option<DestinationId>,
) -> Result<(), Fault> {
    let taken = known.iter().any(|row| row.name.as_ref() == Some(name) && Some(row.id) != own);
    if taken { Err(QueueError::NameTaken).or_fault() } else { Ok(()) }
}

/// A change of settings has no natural id: the moment makes each one its own.
fn changed(books: &mut Books, what: Setting) -> Result<(), Fault> {
    let moment = now();
    let id = EventId::of(&[b"settings", &moment.0.to_le_bytes()]);
    books.ledger.append(id, &Event::SettingsChanged { what }, moment).or_fault()?;
    Ok(())
}

fn carry_out(
    books: &mut Books,
    wish: &Wish,
    scopes: Vec<Scope>,
    cancelled: &Cancelled,
) -> Result<u64, Fault> {
    let to = match wish {
        Wish::Move(name) => Some(saved(books, name)?.id),
        Wish::Pause | Wish::Resume | Wish::Retry | Wish::Cancel | Wish::Priority(_) => None,
    };
    let mut touched = 0;
    for scope in scopes {
        if *wish == Wish::Retry {
            try_now(books, scope)?;
        }
        let queue = &mut books.queue;
        touched += match (wish, scope, to) {
            (Wish::Pause, _, _) => queue.pause(scope, true).map(|()| 1).or_fault()?,
            (Wish::Resume, _, _) => queue.pause(scope, false).map(|()| 1).or_fault()?,
            (Wish::Retry, _, _) => queue.retry(scope, Retry::Failed, now()).or_fault()?,
            (Wish::Cancel, Scope::Study(study), _) => {
                let destination = queue.view().study(study).or_fault()?.destination;
                let taken_out = queue.cancel_study(study, now()).or_fault()?;
                cancelled.add(destination, study);
                taken_out
            }
            (Wish::Move(_), Scope::Study(study), Some(to)) => {
                u64::from(queue.move_study(study, to, now()).or_fault()?.is_some())
            }
            (Wish::Priority(priority), Scope::Study(study), _) => {
                queue.set_priority(study, priority.rank()).map(|()| 1).or_fault()?
            }
            (Wish::Cancel | Wish::Move(_) | Wish::Priority(_), _, _) => {
                return Err(Fault::new(Code::StudyUnknown));
            }
        };
    }
    Ok(touched)
}

/// The destinations of a scope are tried at once, and not when their wait is over.
fn try_now(books: &mut Books, scope: Scope) -> Result<(), Fault> {
    let view = books.queue.view();
    let of = match scope {
        Scope::Study(study) => Some(view.study(study).or_fault()?.destination),
        Scope::Destination(id) => Some(id),
        Scope::All | Scope::Import(_) => None,
    };
    let rows = view.destinations().or_fault()?;
    for row in rows.iter().filter(|row| of.is_none_or(|id| id == row.id)) {
        books.queue.try_now(row.id).or_fault()?;
    }
    Ok(())
}

/// The studies of these UIDs at every destination; everything where none is named.
fn scopes(books: &Books, studies: &[String]) -> Result<Vec<Scope>, Fault> {
    if studies.is_empty() {
        return Ok(vec![Scope::All]);
    }
    let mut scopes = Vec::new();
    for text in studies {
        let uid = StudyInstanceUid::parse(text).map_err(|_| Fault::new(Code::StudyUnknown))?;
        let filter = StudyFilter { study_uid: Some(uid), ..StudyFilter::default() };
        let found: Vec<StudyId> = books
            .queue
            .view()
            .studies(&filter, None, 1_000)
            .or_fault()?
            .iter()
            .map(|row| row.id)
            .collect();
        if found.is_empty() {
            return Err(Fault::new(Code::StudyUnknown));
        }
        scopes.extend(found.into_iter().map(Scope::Study));
    }
    Ok(scopes)
}
