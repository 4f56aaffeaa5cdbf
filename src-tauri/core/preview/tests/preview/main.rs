//! The preview as its callers see it: pictures against values computed here, hostile files, workers that fail, and
//! every file of the corpus where RELAYPACS_CORPUS points to it.

#![cfg(test)]

mod arbitrary;
mod corpus;
mod hostile;
mod support;
mod truth;
mod workers;
