//! The defined terms of (0008,0060), PS3.3 section C.7.3.1.1.1. Only these words enter the ledger: what a file has there is
//! text like any other, and may be a name or a date of birth.

/// What stands for every other word.
pub(crate) const OTHER: &str = "OT";

const TERMS: &str = "ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM \
    HC HD IO IOL IVOCT IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS \
    OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD \
    RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XAPROTOCOL XC";

/// Retired terms, which old discs have.
const RETIRED: &str = "AS CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST VF";

/// The term, where the word is one.
pub(crate) fn term(word: &str) -> Option<&'static str> {
    let mut known = TERMS.split_whitespace().chain(RETIRED.split_whitespace());
    known.find(|term| *term == word)
}
