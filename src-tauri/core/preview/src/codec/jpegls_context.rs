//! The adaptive model of JPEG-LS (ITU-T T.87 Annex A): parameters, contexts, prediction, regular and run mode.

use super::jpegls_stream::Bits;

/// What a scan is coded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) near: i32,
    pub(super) most: i32,
    pub(super) thresholds: [i32; 3],
    pub(super) reset: i32,
}

impl Parameters {
    /// The defaults for samples up to `most` (C.2.4.1.1.1).
    pub(super) fn new(most: i32, near: i32) -> Self {
        let held = |value: i32, low: i32| if value > most || value < low { low } else { value };
        let [one, two, three] = if most >= 128 {
            let factor = (most.min(4_095) + 128) / 256;
            [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
        } else {
            let factor = 256 / (most + 1);
            [
                (3 / factor).max(2) + 3 * near,
                (7 / factor).max(3) + 5 * near,
                (21 / factor).max(4) + 7 * near,
            ]
        };
        let one = held(one, near + 1);
        let two = held(two, one);
        Self { near, most, thresholds: [one, two, held(three, two)], reset: 64 }
    }
}

/// How far each step of a run counts (table J of A.2.1).
const RUN_STEPS: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

#[derive(Clone, Copy)]
struct Context {
    /// Sum of the sizes of errors, sum of errors, correction, how many.
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

#[derive(Clone, Copy)]
struct RunContext {
    a: i32,
    n: i32,
    negative: i32,
}

/// The neighbours of a sample: left, above, above left, above right.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) a: i32,
    pub(super) b: i32,
    pub(super) c: i32,
    pub(super) d: i32,
}

/// Decodes the samples of one scan.
pub(super) struct Model<'a> {
    bits: Bits<'a>,
    p: Parameters,
    range: i32,
    /// Bits of an error that does not fit the code.
    escape: u32,
    limit: u32,
    contexts: Vec<Context>,
    runs: [RunContext; 2],
}

impl<'a> Model<'a> {
    pub(super) fn new(bytes: &'a [u8], p: Parameters) -> Self {
        let step = 2 * p.near + 1;
        let range = if p.near == 0 { p.most + 1 } else { (p.most + 2 * p.near) / step + 1 };
        let width = |count: i32| 32 - (count - 1).leading_zeros();
        let bits = width(p.most + 1).max(2);
        let a = ((range + 32) / 64).max(2);
        let context = Context { a, b: 0, c: 0, n: 1 };
        let run = RunContext { a, n: 1, negative: 0 };
        Self {
            bits: Bits::new(bytes),
            p,
            range,
            escape: width(range),
            limit: 2 * (bits + bits.max(8)),
            contexts: vec![context; 365],
            runs: [run; 2],
        }
    }

    /// The context of a sample and its sign (A.3.3, A.3.4); context 0 is flat.
    pub(super) fn context(&self, at: Around) -> (usize, bool) {
        let number =
            (self.step(at.d - at.b) * 9 + self.step(at.b - at.c)) * 9 + self.step(at.c - at.a);
        (number.unsigned_abs() as usize, number < 0)
    }

    fn step(&self, gradient: i32) -> i32 {
        let [one, two, three] = self.p.thresholds;
        let size = gradient.abs();
        let step = if size <= self.p.near {
            0
        } else if size < one {
            1
        } else if size < two {
            2
        } else if size < three {
            3
        } else {
            4
        };
        if gradient < 0 { -step } else { step }
    }

    /// One sample in regular mode (A.4 to A.6).
    pub(super) fn regular(&mut self, at: Around, (number, negative): (usize, bool)) -> Option<i32> {
        let Parameters { near, most, reset, .. } = self.p;
        let context = self.contexts.get_mut(number)?;
        let predicted = median(at) + if negative { -context.c } else { context.c };
        let predicted = predicted.clamp(0, most);
        let k = (0..25).find(|k| context.n << k >= context.a)?;
        let mapped = self.bits.golomb(k, self.limit, self.escape)?;
        let half = mapped >> 1;
        let turned = near == 0 && k == 0 && 2 * context.b <= -context.n;
        let error = match (mapped & 1 == 1, turned) {
            (true, true) | (false, false) => half,
            (false, true) | (true, false) => -half - 1,
        };
        context.a = context.a.checked_add(error.checked_abs()?)?;
        context.b = context.b.checked_add(error.checked_mul(2 * near + 1)?)?;
        if context.n == reset {
            context.a >>= 1;
            context.b >>= 1;
            context.n >>= 1;
        }
        context.n += 1;
        if context.b <= -context.n {
            context.b = (context.b + context.n).max(1 - context.n);
            context.c = (context.c - 1).max(-128);
        } else if context.b > 0 {
            context.b = (context.b - context.n).min(0);
            context.c = (context.c + 1).min(127);
        }
        Some(self.rebuilt(predicted, if negative { -error } else { error }))
    }

    /// The length of a run of at most `left` samples (A.7.1); true where a sample that ends it follows.
    pub(super) fn run(&mut self, left: usize, index: &mut usize) -> Option<(usize, bool)> {
        let mut length = 0;
        while length < left {
            let step = *RUN_STEPS.get(*index)?;
            if self.bits.take(1)? == 0 {
                length += usize::try_from(self.bits.take(step)?).ok()?;
                return (length < left).then_some((length, true));
            }
            length += 1usize << step;
            if length <= left {
                *index = (*index + 1).min(31);
            }
        }
        Some((left, false))
    }

    /// The sample that ends a run (A.7.2). `alone`: not one of several in a pixel.
    pub(super) fn interruption(&mut self, at: Around, index: usize, alone: bool) -> Option<i32> {
        let level = alone && (at.a - at.b).abs() <= self.p.near;
        let kind = i32::from(level);
        let limit = self.limit.checked_sub(RUN_STEPS.get(index)? + 1)?;
        let context = self.runs.get_mut(usize::from(level))?;
        let sum = context.a + if level { context.n >> 1 } else { 0 };
        let k = (0..25).find(|k| context.n << k >= sum)?;
        let mapped = self.bits.golomb(k, limit, self.escape)?;
        let twice = mapped.checked_add(kind)?;
        let size = (twice + 1) >> 1;
        let negative = (k != 0 || 2 * context.negative >= context.n) == (twice & 1 == 1);
        let error = if negative { -size } else { size };
        if error < 0 {
            context.negative += 1;
        }
        context.a = context.a.checked_add((mapped + 1 - kind) >> 1)?;
        if context.n == self.p.reset {
            context.a >>= 1;
            context.n >>= 1;
            context.negative >>= 1;
        }
        context.n += 1;
        let downwards = !level && at.a > at.b;
        let predicted = if level { at.a } else { at.b };
        Some(self.rebuilt(predicted, if downwards { -error } else { error }))
    }

    /// True where a run begins rather than a sample in regular mode.
    pub(super) fn is_flat(context: (usize, bool)) -> bool {
        context.0 == 0
    }

    fn rebuilt(&self, predicted: i32, error: i32) -> i32 {
        let Parameters { near, most, .. } = self.p;
        let step = 2 * near + 1;
        let mut value = predicted.saturating_add(error.saturating_mul(step));
        if value < -near {
            value = value.saturating_add(self.range * step);
        } else if value > most + near {
            value = value.saturating_sub(self.range * step);
        }
        value.clamp(0, most)
    }
}

/// The edge-detecting predictor (A.4.1).
fn median(at: Around) -> i32 {
    if at.c >= at.a.max(at.b) {
        at.a.min(at.b)
    } else if at.c <= at.a.min(at.b) {
        at.a.max(at.b)
    } else {
        at.a + at.b - at.c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_thresholds_are_those_of_the_standard() {
        assert_eq!(Parameters::new(255, 0).thresholds, [3, 7, 21]);
        assert_eq!(Parameters::new(4_095, 0).thresholds, [18, 67, 276]);
        assert_eq!(Parameters::new(255, 2).thresholds, [9, 17, 35]);
    }

    #[test]
    fn an_edge_decides_the_prediction() {
        let at = |a, b, c| median(Around { a, b, c, d: 0 });
        assert_eq!([at(10, 20, 30), at(10, 20, 5), at(10, 20, 15)], [10, 20, 15]);
    }
}
