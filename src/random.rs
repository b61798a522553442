//! Random numbers for stress modes: repeatable, and as cheap as a few shifts.
#![forbid(unsafe_code)]

/// A first state from a seed; never 0, which would stay 0.
#[must_use]
pub fn first(seed: u64) -> u64 {
    seed.wrapping_mul(2) | 1
}

/// The state after `state`: xorshift (Marsaglia, 2003).
#[must_use]
pub fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    state
}

/// A number from 1 to `2 * average - 1`, of which `average` is the mean; `average` is positive.
#[must_use]
pub fn around(state: u64, average: i64) -> i64 {
    1 + (state >> 1) as i64 % average.saturating_mul(2).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64, average: i64) -> Vec<i64> {
        let states = std::iter::successors(Some(next(first(seed))), |state| Some(next(*state)));
        states
            .take(1000)
            .map(|state| around(state, average))
            .collect()
    }

    #[test]
    fn numbers_lie_around_the_average() {
        let drawn = draw(42, 7);
        assert!(drawn.iter().all(|number| (1..=13).contains(number)));
        let mean = drawn.iter().sum::<i64>() as f64 / 1000.0;
        assert!((6.0..8.0).contains(&mean), "{mean}");
        assert!(draw(0, 1).iter().all(|number| *number == 1));
    }

    #[test]
    fn a_seed_gives_the_same_numbers() {
        assert_eq!(draw(42, 1000), draw(42, 1000));
        assert_ne!(draw(42, 1000), draw(43, 1000));
    }
}
