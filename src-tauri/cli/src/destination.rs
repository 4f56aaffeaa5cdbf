//! `destination`: where studies can go.

use crate::args::DestinationAction;
use crate::exit::Exit;
use crate::send::{given, target};
use crate::session::Session;
use crate::{json, people};
use relaypacs_model::{Dialect, Fault, SignIn};
use relaypacs_relay::{Checked, DestinationRow, Target};
use serde_json::json;

pub(crate) async fn destination(
    session: &Session,
    action: DestinationAction,
) -> Result<Exit, Fault> {
    match action {
        DestinationAction::Add { name, url, sign_in } => {
            let destination = given(&url, &sign_in)?;
            session.relay().await?.save_destination(&name, destination).await?;
            people::say(
                "Saved. `relaypacs destination check` asks it whether it would take images.",
            );
        }
        DestinationAction::List => {
            for row in session.reader()?.destinations()?.iter().filter(|row| row.name.is_some()) {
                if session.json() {
                    json::line(&line(row));
                } else {
                    show(row);
                }
            }
        }
        DestinationAction::Check { dest, sign_in } => {
            let checked = match target(&dest, &sign_in)? {
                Target::Given(destination) => relaypacs_relay::check(&destination).await?,
                saved @ Target::Saved(_) => session.relay().await?.check(&saved).await?,
            };
            say_checked(session, &checked);
        }
        DestinationAction::Remove { name } => {
            session.relay().await?.forget_destination(&name).await?;
            people::say("Removed.");
        }
    }
    Ok(Exit::Done)
}

fn say_checked(session: &Session, checked: &Checked) {
    let (product, version) = (checked.product.as_deref(), checked.version.as_deref());
    if session.json() {
        json::line(&json!({
            "event": "checked",
            "dialect": word(checked.dialect),
            "product": product,
            "version": version,
        }));
        return;
    }
    let who = match (product, version) {
        (Some(product), Some(version)) => format!("{product} {version}"),
        (Some(product), None) => product.to_owned(),
        (None, _) => "an archive".to_owned(),
    };
    let how = match checked.dialect {
        Dialect::DicomWeb | Dialect::Unknown => "by DICOMweb",
        Dialect::OrthancDicomWeb => "by DICOMweb and by Orthanc's own interface",
        Dialect::OrthancRest => "by Orthanc's own interface (it has no DICOMweb)",
    };
    people::show(&format!(
        "{who} answers {how}, lets you sign in, and can be asked what it holds."
    ));
}

fn word(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Unknown => "unknown",
        Dialect::DicomWeb => "dicomweb",
        Dialect::OrthancDicomWeb => "orthanc_dicomweb",
        Dialect::OrthancRest => "orthanc_rest",
    }
}

fn line(row: &DestinationRow) -> serde_json::Value {
    json!({
        "event": "destination",
        "name": row.name.as_ref().map(|name| name.as_str()),
        "url": row.destination.root.as_str(),
        "sign_in": sign_in(&row.destination.sign_in),
        "dialect": word(row.learned.dialect),
        "parked": row.parked.as_ref().map(|parked| parked.reason.code.as_str()),
    })
}

fn show(row: &DestinationRow) {
    let name = row.name.as_ref().map_or("", |name| name.as_str());
    let sign_in = sign_in(&row.destination.sign_in);
    people::show(&format!("{name}  {}  {sign_in}", row.destination.root.as_str()));
    if let Some(parked) = &row.parked {
        people::show(&format!("    {}", parked.reason.code.sentences().happened));
    }
}

fn sign_in(sign_in: &SignIn) -> &'static str {
    match sign_in {
        SignIn::None => "none",
        SignIn::Basic { .. } => "basic",
        SignIn::Bearer { .. } => "bearer",
    }
}
