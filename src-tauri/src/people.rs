//! Names of patients as a person reads them.

use relaypacs_model::PatientText;

/// `FAMILY^Given^Middle^Prefix^Suffix` (PS3.5 section 6.2.1) as `FAMILY, Given Middle`. Where there are several ways to
/// write it (`=`), the first one that says something.
pub(crate) fn whole(name: &PatientText) -> String {
    let (family, given) = parts(name);
    match (family.is_empty(), given.is_empty()) {
        (_, true) => family,
        (true, false) => given,
        (false, false) => format!("{family}, {given}"),
    }
}

/// Family name and initial: `MÜLLER, A.`
pub(crate) fn short(name: &PatientText) -> String {
    let (family, given) = parts(name);
    match given.chars().next() {
        Some(initial) if !family.is_empty() => format!("{family}, {initial}."),
        Some(initial) => format!("{initial}."),
        None if family.is_empty() => HIDDEN.to_owned(),
        None => family,
    }
}

/// In the place of a name that is not shown.
pub(crate) const HIDDEN: &str = "—";

fn parts(name: &PatientText) -> (String, String) {
    let group = name.reveal().split('=').find(|group| !group.trim_matches(['^', ' ']).is_empty());
    let mut components = group.unwrap_or_default().split('^').map(str::trim);
    let family = components.next().unwrap_or_default().to_owned();
    let given: Vec<&str> = components.take(2).filter(|part| !part.is_empty()).collect();
    (family, given.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_family_and_given() {
        for (written, shown, shortened) in [
            ("MÜLLER^Anna", "MÜLLER, Anna", "MÜLLER, A."),
            ("DOE^JANE^Q^Dr^PhD", "DOE, JANE Q", "DOE, J."),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou", "Yamada, T."),
            ("=山田^太郎", "山田, 太郎", "山田, 太."),
            ("ONE NAME ONLY", "ONE NAME ONLY", "ONE NAME ONLY"),
            ("^Anna", "Anna", "A."),
            ("", "", "—"),
            ("^^^=", "", "—"),
        ] {
            let name = PatientText::new(written);
            assert_eq!((whole(&name).as_str(), short(&name).as_str()), (shown, shortened));
        }
    }
}
