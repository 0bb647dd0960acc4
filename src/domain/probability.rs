//! Probabilities, percentages and intervals. They are finite and within bounds, and are printed so that a rare event does not become `0 %`.

use std::{cmp::Ordering, fmt, hash};

use serde::{Deserialize, Serialize};

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            /// The number, if it is within bounds. Negative zero is refused, so that each number has one form.
            pub fn new(value: f64) -> Result<Self, String> {
                if (0.0..=$max).contains(&value) && value.is_sign_positive() {
                    Ok(Self(value))
                } else {
                    Err(format!("`{value}` is out of bounds; write a number from 0 to {}", $max))
                }
            }

            /// The number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = String;
            fn try_from(value: f64) -> Result<Self, String> { Self::new(value) }
        }
        impl From<$name> for f64 {
            fn from(value: $name) -> f64 { value.0 }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { self.cmp(other) == Ordering::Equal }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
        }
        impl Ord for $name {
            // The order is total, because neither NaN nor negative zero can occur.
            fn cmp(&self, other: &Self) -> Ordering { self.0.total_cmp(&other.0) }
        }
        impl hash::Hash for $name {
            fn hash<H: hash::Hasher>(&self, state: &mut H) { self.0.to_bits().hash(state) }
        }
    };
}

bounded!(
    /// A probability, 0 to 1.
    Probability, 1.0
);
bounded!(
    /// A percentage, 0 to 100.
    Percent, 100.0
);

impl Probability {
    /// In percent, without rounding errors of binary fractions (0.55 is 55 %, not 55.00000000000001 %).
    pub fn percent(self) -> Percent {
        let plain = self.0 * 100.0;
        let clean = (self.0 * 1e12).round() / 1e10;
        // Below a millionth the rounding would change the figure itself. Near 1 it must not reach certainty.
        let keep = self.0 < 1e-6 || (clean >= 100.0 && self.0 < 1.0);
        Percent(if keep { plain.clamp(0.0, 100.0) } else { clean })
    }

    /// Whether it claims certainty: 0 or 1.
    pub fn is_certain(self) -> bool {
        self.0 == 0.0 || self.0 == 1.0
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.percent().fmt(f)
    }
}

impl Percent {
    /// A whole percentage; more than 100 is 100.
    pub(crate) fn whole(value: u8) -> Self {
        Self(f64::from(value.min(100)))
    }

    /// Three significant figures of the percentage, or above 50 of the difference from 100: `3.96`, `0.44`, `99.96`, `60`.
    fn figures(self) -> String {
        let value = self.0;
        let rarer = value.min(100.0 - value);
        if rarer == 0.0 {
            return format!("{value}");
        }
        if rarer < 1e-6 {
            return if value < 50.0 { format!("{value:.2e}") } else { format!("{value}") };
        }
        let decimals = match rarer {
            r if r >= 10.0 => 1,
            r if r >= 1.0 => 2,
            r if r >= 0.1 => 3,
            r if r >= 0.01 => 4,
            _ => 9,
        };
        format!("{value:.decimals$}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.figures())
    }
}

/// From one percentage to another, or a single percentage. Written `[55, 75]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[Percent; 2]", into = "[Percent; 2]")]
pub struct Interval {
    lo: Percent,
    hi: Percent,
}

impl Interval {
    /// An interval from the lower to the upper bound, both in percent.
    pub fn new(lo: Percent, hi: Percent) -> Result<Self, String> {
        if lo <= hi {
            Ok(Self { lo, hi })
        } else {
            Err(format!("an interval from {lo} to {hi} runs backwards; write the lower bound first"))
        }
    }

    /// An interval of a single value.
    pub fn point(value: Percent) -> Self {
        Self { lo: value, hi: value }
    }

    /// The band of a term.
    pub(crate) fn of_band(lo: u8, hi: u8) -> Self {
        Self { lo: Percent::whole(lo.min(hi)), hi: Percent::whole(lo.max(hi)) }
    }

    /// The lower bound.
    pub fn lo(self) -> Percent {
        self.lo
    }

    /// The upper bound.
    pub fn hi(self) -> Percent {
        self.hi
    }

    /// The value, if there is only one.
    pub fn as_point(self) -> Option<Percent> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// The middle of the interval, for scoring. Reports that use it must say so.
    pub fn midpoint(self) -> Percent {
        Percent(f64::midpoint(self.lo.0, self.hi.0))
    }
}

impl From<Probability> for Interval {
    fn from(probability: Probability) -> Self {
        Self::point(probability.percent())
    }
}

impl TryFrom<[Percent; 2]> for Interval {
    type Error = String;

    fn try_from([lo, hi]: [Percent; 2]) -> Result<Self, String> {
        Self::new(lo, hi)
    }
}

impl From<Interval> for [Percent; 2] {
    fn from(interval: Interval) -> Self {
        [interval.lo, interval.hi]
    }
}

impl fmt::Display for Interval {
    /// `55–75 %`, or `7 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_point() {
            Some(value) => value.fmt(f),
            None => write!(f, "{}–{}", self.lo.figures(), self.hi),
        }
    }
}

/// How many times the base rate a forecast is. For a rare event, a word can't express this.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Multiple(f64);

impl Multiple {
    /// The factor.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Multiple {
    /// `×9`, `×1.4`, `×120`, `×0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = match self.0 {
            m if m >= 10.0 => return write!(f, "×{:.0}", self.0),
            m if m >= 1.0 => 1,
            m if m >= 0.001 || m == 0.0 => 4,
            _ => return write!(f, "×{:.1e}", self.0),
        };
        let figures = format!("{:.decimals$}", self.0);
        write!(f, "×{}", figures.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// The forecast as a multiple of the base rate. `None` if the base rate is zero or too small to divide by.
pub fn multiple_of_base_rate(probability: Probability, base_rate: Probability) -> Option<Multiple> {
    let multiple = probability.get() / base_rate.get();
    multiple.is_finite().then_some(Multiple(multiple))
}
