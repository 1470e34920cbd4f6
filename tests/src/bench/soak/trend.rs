//! A straight line through samples, and how sure its slope is.

/// Growth of something for each boundary.
#[derive(Debug, Clone, Copy)]
pub struct Trend {
    pub slope: f64,
    /// Half the width of the slope's 95 % interval.
    pub error: f64,
}

impl Trend {
    /// The trend of samples (boundaries so far, value). Neighbours are alike, so that many samples
    /// say no more than a few that are independent: the interval is widened accordingly.
    #[must_use]
    pub fn of(samples: impl Iterator<Item = (u64, u64)>) -> Self {
        let points: Vec<(f64, f64)> = samples.map(|(x, y)| (number(x), number(y))).collect();
        let count = number(u64::try_from(points.len()).unwrap_or(u64::MAX));
        let mean = |read: fn(&(f64, f64)) -> f64| points.iter().map(read).sum::<f64>() / count;
        let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let together: f64 = points
            .iter()
            .map(|(x, y)| (x - mean_x) * (y - mean_y))
            .sum();
        if spread <= 0.0 || count < 3.0 {
            return Self {
                slope: 0.0,
                error: f64::INFINITY,
            };
        }
        let slope = together / spread;
        let rest: Vec<f64> = points
            .iter()
            .map(|(x, y)| y - mean_y - slope * (x - mean_x))
            .collect();
        let squares: f64 = rest.iter().map(|one| one * one).sum();
        let alike = likeness(&rest, squares);
        let independent = (count * (1.0 - alike) / (1.0 + alike)).max(3.0);
        let variance = squares / (independent - 2.0) / spread * count / independent;
        Self {
            slope,
            error: 1.96 * variance.sqrt(),
        }
    }

    /// Whether the interval includes 0, or lies below it.
    #[must_use]
    pub fn may_be_flat(&self) -> bool {
        self.slope - self.error <= 0.0
    }
}

/// How much of a deviation is left one sample later, from 0 to nearly 1.
fn likeness(rest: &[f64], squares: f64) -> f64 {
    if squares <= 0.0 {
        return 0.0;
    }
    let products = rest.windows(2).map(|pair| match pair {
        [a, b] => a * b,
        _ => 0.0,
    });
    (products.sum::<f64>() / squares).clamp(0.0, 0.99)
}

/// A count as a number to reckon with.
#[must_use]
#[allow(
    clippy::cast_precision_loss,
    reason = "counts and bytes, far below 2^52"
)]
pub const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproducible noise from 0 to 999.
    fn noise(n: u64) -> u64 {
        (n.wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407)
            >> 33)
            % 1_000
    }

    #[test]
    fn noise_without_growth_may_be_flat() {
        let trend = Trend::of((0..300).map(|n| (n * 10, 1_000_000 + noise(n))));
        assert!(trend.may_be_flat(), "{trend:?}");
        assert!(trend.slope.abs() < 1.0);
    }

    #[test]
    fn growth_is_seen_through_noise_and_has_its_size() {
        let trend = Trend::of((0..300).map(|n| (n * 10, 1_000_000 + n * 50 + noise(n))));
        assert!(!trend.may_be_flat(), "{trend:?}");
        assert!((trend.slope - 5.0).abs() < 0.5, "{trend:?}");
    }

    #[test]
    fn a_step_at_the_end_is_no_certain_trend() {
        let steps = (0..300).map(|n| (n * 10, 1_000_000 + if n < 290 { noise(n) } else { 4_000 }));
        let trend = Trend::of(steps);
        assert!(trend.error > trend.slope.abs() / 2.0, "{trend:?}");
    }

    #[test]
    fn one_value_only_has_no_trend() {
        let trend = Trend::of(std::iter::repeat_n((5, 7), 10));
        assert!(trend.may_be_flat());
    }
}
