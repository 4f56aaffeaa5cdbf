//! Which rule acts on which request: counting and picking, no IO and no clock.

use crate::faults::{Fault, Faults, Kind, Which};

/// A script that is being played.
#[derive(Debug)]
pub(crate) struct Director {
    faults: Faults,
    seen: Vec<u64>,
    fired: Vec<u64>,
}

impl Director {
    pub(crate) fn new(faults: Faults) -> Self {
        let rules = faults.rules.len();
        Self { faults, seen: vec![0; rules], fired: vec![0; rules] }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How often each rule has acted, in the order of the script.
    pub(crate) fn fired(&self) -> Vec<u64> {
        self.fired.clone()
    }

    /// Whether a new connection is closed at once.
    pub(crate) fn refuses(&mut self) -> bool {
        self.pick(|rule_is_refuse, _, _| rule_is_refuse, Kind::Any, "").is_some()
    }

    /// What goes wrong with this request, if anything.
    pub(crate) fn act(&mut self, kind: Kind, method: &str) -> Option<Fault> {
        self.pick(|rule_is_refuse, on, named| !rule_is_refuse && on && named, kind, method)
    }

    fn pick(
        &mut self,
        counts: fn(bool, bool, bool) -> bool,
        kind: Kind,
        method: &str,
    ) -> Option<Fault> {
        let mut chosen = None;
        let counters = self.seen.iter_mut().zip(self.fired.iter_mut());
        for (rule, (seen, fired)) in self.faults.rules.iter().zip(counters) {
            let on = rule.on == Kind::Any || rule.on == kind;
            let named = rule.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method));
            if !counts(rule.act == Fault::Refuse, on, named) {
                continue;
            }
            *seen += 1;
            if chosen.is_none() && picks(&rule.which, *seen) {
                *fired += 1;
                chosen = Some(rule.act.clone());
            }
        }
        chosen
    }
}

fn picks(which: &Which, n: u64) -> bool {
    match which {
        Which::All => true,
        Which::Nth(list) => list.contains(&n),
        Which::Every(step) => *step > 0 && n.is_multiple_of(*step),
        Which::FromTo { from, to } => n >= *from && to.is_none_or(|to| n <= to),
        Which::Random { seed, probability } => chance(*seed, n) < *probability,
    }
}

/// A number from 0 to 1 that depends on nothing but seed and position (a SplitMix64 step).
fn chance(seed: u64, n: u64) -> f64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    f64::from((z >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(which: Which, times: u64) -> Vec<u64> {
        let mut director = Director::new(Faults::default().with(Kind::Store, which, Fault::Full));
        (1..=times).filter(|_| director.act(Kind::Store, "POST").is_some()).collect()
    }

    #[test]
    fn a_rule_picks_the_requests_it_names() {
        assert_eq!(fires(Which::All, 3), [1, 2, 3]);
        assert_eq!(fires(Which::Nth(vec![2, 9]), 9), [2, 9]);
        assert_eq!(fires(Which::Every(3), 9), [3, 6, 9]);
        assert!(fires(Which::Every(0), 9).is_empty());
        assert_eq!(fires(Which::FromTo { from: 2, to: Some(3) }, 9), [2, 3]);
        assert_eq!(fires(Which::FromTo { from: 8, to: None }, 9), [8, 9]);
    }

    #[test]
    fn chance_is_the_same_each_time_and_about_as_often_as_it_says() {
        let which = Which::Random { seed: 7, probability: 0.2 };
        let first = fires(which.clone(), 5000);
        assert_eq!(first, fires(which, 5000));
        assert!((900..1100).contains(&first.len()), "{}", first.len());
        assert_ne!(first, fires(Which::Random { seed: 8, probability: 0.2 }, 5000));
    }

    #[test]
    fn a_rule_counts_only_what_it_is_on() {
        let faults = Faults::default()
            .with(Kind::Search, Which::Nth(vec![1]), Fault::Full)
            .with(Kind::Any, Which::Nth(vec![2]), Fault::Garbage)
            .with(Kind::Any, Which::Nth(vec![1]), Fault::Refuse);
        let mut director = Director::new(faults);
        assert_eq!(director.act(Kind::Store, "POST"), None);
        assert_eq!(director.act(Kind::Search, "GET"), Some(Fault::Full));
        assert_eq!(director.act(Kind::Search, "GET"), None);
        assert!(director.refuses() && !director.refuses());
        assert_eq!(director.fired(), [1, 0, 1]);
    }
}
