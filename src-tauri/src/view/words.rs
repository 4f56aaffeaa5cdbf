//! Words of the core that the window uses as they are. Each is written by its own `as_str`, and listed for TypeScript
//! from its own `ALL`, so that neither can drift.

use relaypacs_model::{Code, Outcome, Priority, ReadBack, SkipReason};
use serde::{Deserialize, Serialize, Serializer};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident($inner:ty) as $ts:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
            pub struct $name(pub $inner);

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.0.as_str())
                }
            }

            #[cfg(test)]
            impl ts_rs::TS for $name {
                type WithoutGenerics = Self;
                type OptionInnerType = Self;

                fn name(_: &ts_rs::Config) -> String {
                    $ts.into()
                }

                fn inline(_: &ts_rs::Config) -> String {
                    let words: Vec<String> =
                        <$inner>::ALL.iter().map(|word| format!("{:?}", word.as_str())).collect();
                    words.join(" | ")
                }

                fn decl(config: &ts_rs::Config) -> String {
                    format!("type {} = {};", $ts, Self::inline(config))
                }
            }
        )*
    };
}

words! {
    /// A [`Code`].
    CodeWord(Code) as "Code";
    /// An [`Outcome`].
    OutcomeWord(Outcome) as "Outcome";
    /// A [`SkipReason`].
    SkipWord(SkipReason) as "SkipReason";
}

/// How urgent a study is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "Priority"))]
#[expect(missing_docs, reason = "the words say it")]
pub enum PriorityWord {
    #[default]
    Routine,
    Urgent,
    Stat,
}

/// How much is read back and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ReadBack"))]
#[expect(missing_docs, reason = "the words of the model")]
pub enum ReadBackWord {
    None,
    Sample,
    Every,
}

impl From<ReadBack> for ReadBackWord {
    fn from(read_back: ReadBack) -> Self {
        match read_back {
            ReadBack::None => Self::None,
            ReadBack::Sample => Self::Sample,
            ReadBack::Every => Self::Every,
        }
    }
}

impl From<ReadBackWord> for ReadBack {
    fn from(word: ReadBackWord) -> Self {
        match word {
            ReadBackWord::None => Self::None,
            ReadBackWord::Sample => Self::Sample,
            ReadBackWord::Every => Self::Every,
        }
    }
}

impl From<PriorityWord> for Priority {
    fn from(word: PriorityWord) -> Self {
        match word {
            PriorityWord::Routine => Self::Routine,
            PriorityWord::Urgent => Self::Urgent,
            PriorityWord::Stat => Self::Stat,
        }
    }
}

impl From<Priority> for PriorityWord {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Routine => Self::Routine,
            Priority::Urgent => Self::Urgent,
            Priority::Stat => Self::Stat,
        }
    }
}
