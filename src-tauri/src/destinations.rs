//! Destinations: shown, checked, saved. What is typed is checked here once more, whatever the window did.

use crate::practice;
use crate::shell::{Answer, Shell, lock};
use crate::view::{
    Checked, Destination as Shown, DestinationDraft, Failure, Settings, SignInDraft, Stage,
    Standard, Standing,
};
use relaypacs_model::{
    ArchiveRoot, Code, Destination, DestinationName, Dialect, Fault, Secret, SignIn,
};
use relaypacs_relay::{DestinationRow, check};
use std::collections::BTreeMap;
use tauri::{AppHandle, Manager, Runtime};

/// Reads the destinations anew and writes them on the board.
pub(crate) async fn refresh(shell: &Shell) -> Result<(), Fault> {
    let relay = shell.relay()?;
    let rows = relay.destinations().await?;
    let shown: Vec<Shown> = {
        let answered = lock(&shell.serving.answered);
        let row = |row: &DestinationRow| shown(row, answered.contains(&row.destination.label));
        rows.iter().map(row).collect()
    };
    shell.board.change(|state| {
        // The counts are those of the queue's own reading, which comes along ten times a second.
        let waiting = |id| {
            state.destinations.iter().find(|old| old.id == id).map_or(0, |old| old.waiting_studies)
        };
        let shown: Vec<Shown> = shown
            .into_iter()
            .map(|row| Shown { waiting_studies: waiting(row.id), ..row })
            .collect();
        if state.destinations != shown {
            // Rows of the queue say what their studies wait for.
            state.queue.revision += 1;
        }
        state.destinations = shown;
        let known = state.destinations.iter().any(|row| row.name.is_some());
        if state.stage == Stage::FirstStart && known {
            state.stage = Stage::Open;
        }
    });
    Ok(())
}

/// A destination was asked and answered, or did not. Only the last time says where we stand.
pub(crate) async fn heard(shell: &Shell, label: &str, answered: bool) {
    let is_new = if answered {
        lock(&shell.serving.answered).insert(label.to_owned())
    } else {
        lock(&shell.serving.answered).remove(label)
    };
    if is_new && let Err(fault) = refresh(shell).await {
        tracing::warn!(code = fault.code.as_str(), "destinations are not read");
    }
}

fn shown(row: &DestinationRow, answered: bool) -> Shown {
    let destination = &row.destination;
    let user = match &destination.sign_in {
        SignIn::Basic { user, .. } => Some(user.clone()),
        SignIn::None | SignIn::Bearer { .. } => None,
    };
    let parked = row.parked.as_ref();
    let name = row.name.as_ref().map(|name| name.as_str().to_owned());
    Shown {
        id: row.id.0,
        practice: row.practice,
        name,
        url: destination.root.as_str().to_owned(),
        sign_in: kind_of(&destination.sign_in),
        user,
        has_ca: destination.ca.is_some(),
        read_back: destination.read_back.into(),
        standing: standing(row, answered),
        failure: parked.map(|parked| Failure::from(parked.reason.code)),
        tries_again_at: parked.and_then(|parked| parked.until).map(|until| until.0),
        waiting_studies: 0,
    }
}

/// The word of a kind, as [`crate::view::SignInKind`] lists it.
fn kind_of(sign_in: &SignIn) -> &'static str {
    match sign_in {
        SignIn::None => "none",
        SignIn::Basic { .. } => "basic",
        SignIn::Bearer { .. } => "bearer",
    }
}

/// Where we stand: from why it is parked, or from its last answer of this session. What was learned of it before says
/// nothing of now.
fn standing(row: &DestinationRow, answered: bool) -> Standing {
    let Some(parked) = &row.parked else {
        return if answered { Standing::Ready } else { Standing::Unknown };
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are read by a person")]
    match parked.reason.code {
        Code::SignInNeeded => Standing::NeedsSignIn,
        Code::Unreachable
        | Code::NameNotFound
        | Code::ConnectionLost
        | Code::Stalled
        | Code::ArchiveBusy
        | Code::ArchiveFailed => Standing::Offline,
        _ => Standing::Trouble,
    }
}

/// Asks the archive of a draft whether it would take images.
pub(crate) async fn check_draft(shell: &Shell, draft: DestinationDraft) -> Answer<Checked> {
    let row = edited(shell, draft.id).await?;
    let destination = destination(shell, &draft, row.as_ref())?;
    let found = check(&destination).await;
    if let Some(row) = row.filter(|row| is_same_archive(&row.destination, &destination)) {
        heard(shell, &row.destination.label, found.is_ok()).await;
    }
    let found = found?;
    let host = destination.root.url().host_str().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let mut notes = Vec::new();
    if destination.sign_in == SignIn::None && !loopback {
        notes.push("nobody_signs_in");
    }
    if found.dialect == Dialect::OrthancRest {
        notes.push("without_dicomweb");
    }
    let software = match (found.product, found.version) {
        (Some(product), Some(version)) => Some(format!("{product} {version}")),
        (product, _) => product,
    };
    Ok(Checked {
        software,
        speaks: match found.dialect {
            Dialect::Unknown | Dialect::DicomWeb => "dicomweb",
            Dialect::OrthancDicomWeb => "orthanc_dicomweb",
            Dialect::OrthancRest => "orthanc_rest",
        },
        tls: match (loopback, &destination.ca) {
            (true, _) => "loopback",
            (false, Some(_)) => "private_ca",
            (false, None) => "public",
        },
        // It answered, so it let us in. The check asks for a list of studies. An archive that lists takes images as far as can be told without
        // sending one, and shows what it has.
        signed_in: true,
        can_store: true,
        can_confirm: true,
        can_compare: true,
        notes,
    })
}

/// True where an answer of one is an answer of the other.
fn is_same_archive(one: &Destination, other: &Destination) -> bool {
    let facts = |it: &Destination| (it.root.clone(), it.sign_in.clone(), it.ca.clone());
    facts(one) == facts(other)
}

/// Saves a draft: as a new destination, or in the place of the one that was edited.
pub(crate) async fn save_draft(shell: &Shell, draft: DestinationDraft) -> Answer<()> {
    let row = edited(shell, draft.id).await?;
    let destination = destination(shell, &draft, row.as_ref())?;
    match row {
        Some(row) => replace(shell, &row, &draft.name, destination).await?,
        None => add(shell, &draft.name, destination).await?,
    }
    Ok(())
}

/// Saves a new destination under a name that no other has: in the place of another, it would get what waits for that.
async fn add(shell: &Shell, name: &str, destination: Destination) -> Result<(), Fault> {
    let has_name =
        |row: &DestinationRow| row.name.as_ref().is_some_and(|other| other.as_str() == name.trim());
    if practice::is_its_name(name) || shell.relay()?.destinations().await?.iter().any(has_name) {
        return Err(Fault::with(Code::DestinationNotUsable, "another destination has this name"));
    }
    save(shell, name, destination).await
}

/// Puts what was typed in the place of a destination, perhaps under another name.
async fn replace(
    shell: &Shell,
    row: &DestinationRow,
    name: &str,
    destination: Destination,
) -> Result<(), Fault> {
    let unusable = |reason: &dyn std::fmt::Display| Fault::with(Code::DestinationNotUsable, reason);
    let name = DestinationName::parse(name).map_err(|fault| unusable(&fault))?;
    if row.practice {
        return Err(unusable(&"the practice archive stays as it is"));
    }
    if practice::is_its_name(name.as_str()) && row.name.as_ref() != Some(&name) {
        return Err(unusable(&"this is the name of the practice archive"));
    }
    let before = row.name.as_ref().map(|name| Standard::Named(name.as_str().to_owned()));
    let changed = !is_same_archive(&row.destination, &destination);
    shell.relay()?.rename_destination(row.id, name.as_str(), destination).await?;
    let answered = lock(&shell.serving.answered).remove(&row.destination.label);
    if answered && !changed {
        lock(&shell.serving.answered).insert(name.as_str().to_owned());
    }
    if before == Some(shell.kept.settings().standard_destination) {
        set_standard(shell, Standard::Named(name.as_str().to_owned()))?;
    }
    refresh(shell).await
}

/// Saves a destination of a person's.
async fn save(shell: &Shell, name: &str, destination: Destination) -> Result<(), Fault> {
    let name = DestinationName::parse(name)
        .map_err(|fault| Fault::with(Code::DestinationNotUsable, fault))?;
    shell.relay()?.save_destination(name.as_str(), destination).await?;
    lock(&shell.serving.answered).remove(name.as_str());
    refresh(shell).await?;
    settle_standard(shell)
}

/// Where nobody has said where reviews go, or where it is gone, and there is one destination to go by, it is that one.
///
/// # Errors
/// Those of the disk.
pub(crate) fn settle_standard(shell: &Shell) -> Result<(), Fault> {
    let (before, settled) = shell.board.read(|state| {
        let standard = &state.settings.standard_destination;
        (standard.clone(), settled(standard, &state.destinations))
    });
    if settled == before { Ok(()) } else { set_standard(shell, settled) }
}

/// The practice archive is never made the standard by itself, and to ask each time stays as it is.
fn settled(standard: &Standard, all: &[Shown]) -> Standard {
    let named = |row: &&Shown| row.name.is_some();
    let is_there = |name: &String| all.iter().any(|row| row.name.as_ref() == Some(name));
    match standard {
        Standard::Ask => Standard::Ask,
        Standard::Named(name) if is_there(name) => standard.clone(),
        Standard::Named(_) | Standard::Unset => {
            let mut real = all.iter().filter(named).filter(|row| !row.practice);
            match (real.next(), real.next()) {
                (Some(only), None) => only.name.clone().into(),
                (Some(_) | None, _) => Standard::Unset,
            }
        }
    }
}

fn set_standard(shell: &Shell, standard: Standard) -> Result<(), Fault> {
    shell.kept.change(
        |before| Ok(Settings { standard_destination: standard, ..before.clone() }),
        |now| shell.board.change(|state| state.settings = now.clone()),
    )
}

/// Forgets a destination.
pub(crate) async fn forget(shell: &Shell, id: i64) -> Answer<()> {
    let row = edited(shell, Some(id)).await?.ok_or_else(unknown)?;
    let name = row.name.ok_or_else(unknown)?;
    shell.relay()?.forget_destination(name.as_str()).await?;
    if row.practice {
        practice::stop(shell);
    }
    lock(&shell.serving.answered).remove(name.as_str());
    refresh(shell).await?;
    Ok(settle_standard(shell)?)
}

/// Signs in anew at a destination whose sign-in was not accepted.
pub(crate) async fn sign_in(
    shell: &Shell,
    id: i64,
    values: BTreeMap<String, String>,
) -> Answer<()> {
    let row = edited(shell, Some(id)).await?.ok_or_else(unknown)?;
    let name = row.name.clone().filter(|_| !row.practice).ok_or_else(unknown)?;
    let old = &row.destination.sign_in;
    let values = values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    let draft = SignInDraft { kind: kind_of(old).to_owned(), values };
    let sign_in = sign_in_of(&draft, Some(old))?;
    save(shell, name.as_str(), Destination { sign_in, ..row.destination }).await?;
    Ok(())
}

/// The row that a draft edits.
async fn edited(shell: &Shell, id: Option<i64>) -> Result<Option<DestinationRow>, Fault> {
    let Some(id) = id else { return Ok(None) };
    let rows = shell.relay()?.destinations().await?;
    rows.into_iter().find(|row| row.id.0 == id).map(Some).ok_or_else(unknown)
}

/// Tries it now and not later.
pub(crate) async fn try_now(shell: &Shell, id: i64) -> Answer<()> {
    let row = edited(shell, Some(id)).await?.ok_or_else(unknown)?;
    shell.relay()?.try_now(row.id).await?;
    refresh(shell).await?;
    shell.serving.look();
    // Whatever waits for it tries it; where nothing does, nobody else would ask.
    let found = check(&row.destination).await;
    heard(shell, &row.destination.label, found.is_ok()).await;
    Ok(found.map(drop)?)
}

/// Asks each archive that has a name whether it is there, so that a person knows where they stand before they send. What
/// does not answer stays without an answer: nothing was to go there yet that could have failed.
pub(crate) fn ask_all<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let rows = match app.state::<Shell>().relay() {
            Ok(relay) => relay.destinations().await.unwrap_or_default(),
            Err(_) => return,
        };
        for row in rows.into_iter().filter(|row| row.name.is_some() && row.parked.is_none()) {
            tauri::async_runtime::spawn(ask(app.clone(), row.destination));
        }
    });
}

async fn ask<R: Runtime>(app: AppHandle<R>, destination: Destination) {
    if check(&destination).await.is_ok() {
        heard(&app.state::<Shell>(), &destination.label, true).await;
    }
}

fn unknown() -> Fault {
    Fault::new(Code::DestinationUnknown)
}

/// What was typed, as a destination. Secrets and certificates that were not typed anew are those of `old`.
fn destination(
    shell: &Shell,
    draft: &DestinationDraft,
    old: Option<&DestinationRow>,
) -> Result<Destination, Fault> {
    let unusable = |reason: &dyn std::fmt::Display| Fault::with(Code::DestinationNotUsable, reason);
    let root = ArchiveRoot::parse(&draft.url).map_err(|fault| unusable(&fault))?;
    let old = old.map(|row| &row.destination);
    // A secret that was given for one address must not go to another one because only the address was edited.
    let same_root = old.filter(|old| old.root.url().origin() == root.url().origin());
    let ca = match &draft.ca {
        Some(token) => Some(shell.authorities.keep(token, &shell.place)?),
        None => old.and_then(|old| old.ca.clone()),
    };
    Ok(Destination {
        label: draft.name.trim().to_owned(),
        root,
        sign_in: sign_in_of(&draft.sign_in, same_root.map(|old| &old.sign_in))?,
        ca,
        read_back: draft.read_back.into(),
    })
}

/// A sign-in from its fields.
fn sign_in_of(draft: &SignInDraft, old: Option<&SignIn>) -> Result<SignIn, Fault> {
    let typed = |name: &str| draft.values.get(name).filter(|value| !value.reveal().is_empty());
    let missing =
        |name: &str| Fault::with(Code::DestinationNotUsable, format_args!("{name} is missing"));
    match draft.kind.as_str() {
        "none" => Ok(SignIn::None),
        "basic" => {
            let user = typed("user").map(|user| user.reveal().to_owned());
            let user = user.ok_or_else(|| missing("user"))?;
            let kept = match old {
                // Another user has another password.
                Some(SignIn::Basic { user: before, password }) if *before == user => Some(password),
                Some(SignIn::Basic { .. } | SignIn::None | SignIn::Bearer { .. }) | None => None,
            };
            let password = typed("password").or(kept).ok_or_else(|| missing("password"))?;
            Ok(SignIn::Basic { user, password: password.clone() })
        }
        "bearer" => {
            let kept = match old {
                Some(SignIn::Bearer { token }) => Some(token),
                Some(SignIn::Basic { .. } | SignIn::None) | None => None,
            };
            let token: &Secret = typed("token").or(kept).ok_or_else(|| missing("token"))?;
            Ok(SignIn::Bearer { token: token.clone() })
        }
        other => Err(Fault::with(
            Code::DestinationNotUsable,
            format_args!(
                "there is no sign-in of the kind {:?}",
                other.chars().take(32).collect::<String>()
            ),
        )),
    }
}

#[cfg(test)]
pub(crate) mod tests;
