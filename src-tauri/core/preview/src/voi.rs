//! From modality units to light: window center and width in each VOI LUT Function (PS3.3 C.11.2.1.2, C.11.2.1.3).

/// Window Center and Window Width, in modality units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// The value that becomes middle grey.
    pub center: f64,
    /// How many values lie between black and white.
    pub width: f64,
}

/// VOI LUT Function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Voi {
    /// From `center - 0.5 - (width - 1) / 2` to `center - 0.5 + (width - 1) / 2`.
    #[default]
    Linear,
    /// From `center - width / 2` to `center + width / 2`.
    LinearExact,
    /// A curve without ends.
    Sigmoid,
}

impl Voi {
    /// By its defined term; linear where it has none that is known.
    #[must_use]
    pub fn named(term: Option<&str>) -> Self {
        match term {
            Some("LINEAR_EXACT") => Self::LinearExact,
            Some("SIGMOID") => Self::Sigmoid,
            _ => Self::Linear,
        }
    }

    /// True where a window of this width can be applied.
    #[must_use]
    pub fn takes(self, window: Window) -> bool {
        let least = if self == Self::Linear { window.width >= 1.0 } else { window.width > 0.0 };
        least && window.center.is_finite() && window.width.is_finite()
    }

    /// The light of a value, from 0 (black) to 1 (white).
    #[must_use]
    pub fn light(self, window: Window, value: f64) -> f64 {
        let Window { center, width } = window;
        match self {
            Self::Linear => {
                let (middle, reach) = (center - 0.5, width - 1.0);
                if value <= middle - reach / 2.0 {
                    0.0
                } else if value > middle + reach / 2.0 {
                    1.0
                } else {
                    ((value - middle) / reach + 0.5).clamp(0.0, 1.0)
                }
            }
            Self::LinearExact => ((value - center) / width + 0.5).clamp(0.0, 1.0),
            Self::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - center) / width).exp()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(voi: Voi, center: f64, width: f64, values: &[f64]) -> Vec<f64> {
        let window = Window { center, width };
        values.iter().map(|value| (voi.light(window, *value) * 255.0).round()).collect()
    }

    /// The examples of PS3.3 C.11.2.1.2.1 for 8 bits in and out.
    #[test]
    fn a_linear_window_has_the_ends_of_the_standard() {
        let full: Vec<f64> = (0..=255).map(f64::from).collect();
        assert_eq!(bytes(Voi::Linear, 128.0, 256.0, &full), full);
        assert_eq!(bytes(Voi::Linear, 2_048.0, 4_096.0, &[0.0, 4_095.0]), [0.0, 255.0]);
        // Width 1 is a threshold below center - 0.5.
        assert_eq!(bytes(Voi::Linear, 10.0, 1.0, &[9.0, 9.5, 9.6, 10.0]), [0.0, 0.0, 255.0, 255.0]);
        assert_eq!(bytes(Voi::Linear, 10.0, 2.0, &[9.0, 9.5, 10.0]), [0.0, 128.0, 255.0]);
    }

    #[test]
    fn an_exact_window_is_as_wide_as_it_says() {
        let values = [-1.0, 0.0, 128.0, 256.0, 300.0];
        assert_eq!(bytes(Voi::LinearExact, 128.0, 256.0, &values), [0.0, 0.0, 128.0, 255.0, 255.0]);
    }

    #[test]
    fn a_sigmoid_is_half_at_its_center_and_never_ends() {
        let light = |value| Voi::Sigmoid.light(Window { center: 40.0, width: 400.0 }, value);
        assert!((light(40.0) - 0.5).abs() < 1e-12);
        assert!((light(140.0) - 1.0 / (1.0 + (-1.0f64).exp())).abs() < 1e-12);
        assert!(light(-400.0) > 0.0 && light(4_000.0) < 1.0 + 1e-12);
    }

    #[test]
    fn a_window_without_width_is_not_taken() {
        let zero = Window { center: 10.0, width: 0.0 };
        let half = Window { center: 10.0, width: 0.5 };
        assert!(!Voi::Linear.takes(half) && Voi::LinearExact.takes(half));
        assert!(
            !Voi::Sigmoid.takes(zero) && !Voi::Linear.takes(Window { width: f64::NAN, ..zero })
        );
    }
}
