//! Pictures made: the bytes of an instance from the relay to the preview, and what the viewer has to know of it.

use super::{Shown, Wanted};
use crate::shell::{Answer, Shell};
use crate::view::{HeaderLine, Picture, Placeholder};
use relaypacs_model::{Code, Fault, Location};
use relaypacs_preview::{
    Held, InstanceKey, Levels, Placeholder as Missing, Preview, Request, Seekable, Settings,
    Source, Window,
};
use relaypacs_relay::{InstanceId, InstanceRow, Relay};
use std::fs::File;
use std::sync::Arc;

/// The edge with which the viewer first asks for a picture, so that describing one also makes it.
const FIRST_EDGE: u32 = 256;

/// Who makes them: this program, started again with nothing but pixels to look at, where a program may do that.
pub(super) fn preview() -> Preview {
    #[cfg(desktop)]
    if let Ok(program) = std::env::current_exe() {
        let command = move || {
            let mut command = std::process::Command::new(&program);
            command.arg(relaypacs_preview::worker::ARGUMENT);
            command
        };
        return Preview::new(command, Settings::default());
    }
    Preview::in_process(Settings::default())
}

/// The name of an instance in the preview.
pub(super) fn key(instance: InstanceId) -> InstanceKey {
    InstanceKey(u64::try_from(instance.0).unwrap_or(u64::MAX))
}

/// One frame, as the address asks for it.
pub(super) async fn picture(shell: &Shell, wanted: &Wanted) -> Shown {
    let Some(instance) = shell.pictures.instance(&wanted.token) else { return Shown::Unknown };
    let Ok(relay) = shell.relay() else { return Shown::Unknown };
    let levels = match wanted.window {
        Some((center, width)) => Levels::Given(Window { center, width }),
        None => Levels::OfFile,
    };
    let request = Request { frame: wanted.frame, longest_edge: wanted.edge, levels };
    let Ok(row) = relay.instance(instance).await else { return Shown::Unknown };
    match frame(shell, &relay, &row, request).await {
        Ok(picture) => Shown::Png(picture.png.clone()),
        Err(_) => Shown::Placeholder,
    }
}

/// What is known of a picture.
pub(crate) async fn describe(shell: &Shell, token: &str) -> Answer<Picture> {
    let unknown = || Fault::with(Code::StudyUnknown, "no such picture");
    let instance = shell.pictures.instance(token).ok_or_else(unknown)?;
    let relay = shell.relay()?;
    let row = relay.instance(instance).await?;
    let made = frame(shell, &relay, &row, Request::thumbnail(FIRST_EDGE)).await;
    let shown = made.as_ref().ok();
    let window = shown.and_then(|picture| picture.window);
    Ok(Picture {
        frames: shown.map_or(0, |picture| picture.frames),
        rows: shown.map_or(0, |picture| picture.rows),
        columns: shown.map_or(0, |picture| picture.columns),
        center: window.map(|window| window.center),
        width: window.map(|window| window.width),
        // Rescaled values of CT are Hounsfield units (PS3.3 C.8.2.1.1.2).
        unit: (row.modality == "CT" && window.is_some()).then(|| "HU".to_owned()),
        placeholder: made
            .as_ref()
            .err()
            .map(|missing| Placeholder { code: missing.code().to_owned() }),
        lines: lines(&row, shown.map(Arc::as_ref)),
        modality: row.modality,
    })
}

async fn frame(
    shell: &Shell,
    relay: &Arc<Relay>,
    row: &InstanceRow,
    request: Request,
) -> Result<Arc<relaypacs_preview::Picture>, Missing> {
    let (preview, over) = (shell.pictures.preview.clone(), shell.pictures.over());
    let (relay, location, instance) = (relay.clone(), row.location.clone(), row.id);
    let runtime = tokio::runtime::Handle::current();
    let made = tokio::task::spawn_blocking(move || {
        let open = || source(&runtime, &relay, instance, &location);
        preview.frame(key(instance), &request, open, &over)
    });
    made.await.unwrap_or(Err(Missing::DecoderDied))
}

/// A file is read where its frame is; whatever else is unpacked into memory, within the preview's bounds.
fn source(
    runtime: &tokio::runtime::Handle,
    relay: &Arc<Relay>,
    instance: InstanceId,
    location: &Location,
) -> Result<Box<dyn Source>, Missing> {
    if let Location::File(path) = location
        && let Ok(file) = File::open(path)
        && let Ok(source) = Seekable::new(file)
    {
        return Ok(Box::new(source));
    }
    let opened = runtime.block_on(relay.open_instance(instance));
    let mut opened = opened.map_err(|_| Missing::Unreadable)?;
    Ok(Box::new(Held::read(&mut opened.reader, opened.bytes)?))
}

/// What a person may want to compare, from what the queue knows.
fn lines(row: &InstanceRow, picture: Option<&relaypacs_preview::Picture>) -> Vec<HeaderLine> {
    let line = |tag: &str, name: &str, value: String| HeaderLine {
        tag: tag.to_owned(),
        name: name.to_owned(),
        value,
    };
    let mut lines = vec![
        line("(0008,0016)", "SOPClassUID", row.sop_class_uid.as_str().to_owned()),
        line("(0008,0018)", "SOPInstanceUID", row.sop_uid.as_str().to_owned()),
        line("(0008,0060)", "Modality", row.modality.clone()),
        line("(0020,000E)", "SeriesInstanceUID", row.series_uid.as_str().to_owned()),
    ];
    if let Some(number) = row.number {
        lines.push(line("(0020,0013)", "InstanceNumber", number.to_string()));
    }
    if let Some(syntax) = &row.transfer_syntax_uid {
        lines.insert(0, line("(0002,0010)", "TransferSyntaxUID", syntax.as_str().to_owned()));
    }
    if let Some(picture) = picture {
        lines.push(line("(0028,0008)", "NumberOfFrames", picture.frames.to_string()));
        lines.push(line("(0028,0010)", "Rows", picture.rows.to_string()));
        lines.push(line("(0028,0011)", "Columns", picture.columns.to_string()));
    }
    lines
}
