//! A file's header, as an archive reads it: [`structure`](crate::structure) finds the elements, dicom-object decodes
//! them.

use crate::record::{ATTRIBUTES, Record, SPECIFIC_CHARACTER_SET};
use crate::structure::{Broken, Extract, Syntax, extract};
use crate::uid::Uid;
use dicom_core::{Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries;
use std::fs::File;

/// Reads a file. Nothing in it can make this take more memory than a few hundred kilobytes.
pub(crate) fn read(file: File) -> Result<Record, Broken> {
    let bytes = file.metadata()?.len();
    let wanted = |tag| tag == SPECIFIC_CHARACTER_SET || ATTRIBUTES.iter().any(|a| a.tag == tag);
    let found = extract(file, &wanted)?;
    let values = decode(&found)?;
    let uid = |tag: u32| {
        let value = ATTRIBUTES.iter().zip(&values).find(|(a, _)| a.tag == tag);
        value.and_then(|(_, v)| Uid::parse(v.as_deref()?)).ok_or(Broken::NoUid)
    };
    Ok(Record {
        study: uid(0x0020_000D)?,
        series: uid(0x0020_000E)?,
        sop: uid(0x0008_0018)?,
        sop_class: uid(0x0008_0016)?,
        transfer_syntax: found.transfer_syntax,
        values,
        bytes,
    })
}

fn decode(found: &Extract) -> Result<[Option<Box<str>>; ATTRIBUTES.len()], Broken> {
    let syntax = match found.syntax {
        Syntax::ImplicitLittle => entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
        Syntax::ExplicitLittle => entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
        Syntax::ExplicitBig => entries::EXPLICIT_VR_BIG_ENDIAN.erased(),
    };
    let object = InMemDicomObject::read_dataset_with_ts(found.elements.as_slice(), &syntax)
        .map_err(|_| Broken::Structure)?;
    Ok(ATTRIBUTES.map(|attribute| {
        let tag = Tag((attribute.tag >> 16) as u16, (attribute.tag & 0xFFFF) as u16);
        let element = object.get(tag)?;
        // Some converters lose the VR of everything (PS3.5 section 6.2.2, note).
        let text = if element.vr() == VR::UN {
            String::from_utf8_lossy(&element.to_bytes().ok()?).into_owned()
        } else {
            element.to_str().ok()?.into_owned()
        };
        Some(text.trim_end_matches(['\0', ' ']).into())
    }))
}
