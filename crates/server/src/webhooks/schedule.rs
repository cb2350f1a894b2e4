//! When a failed delivery is tried again: the delays that Standard Webhooks recommends.

/// Seconds from one attempt to the next; after the last one the delivery is given up.
pub const RETRY_DELAYS_SECONDS: [i64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];

/// When the attempt after `attempts` failed ones is due; `None`: there is no further one.
pub(super) fn next_due(now_ms: i64, attempts: i64) -> Option<i64> {
    let place = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let seconds = RETRY_DELAYS_SECONDS.get(place)?;
    Some(now_ms.saturating_add(seconds * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_within_four_days() {
        let mut now = 0;
        let mut attempts = 1;
        while let Some(due) = next_due(now, attempts) {
            assert!(due > now);
            now = due;
            attempts += 1;
        }
        assert_eq!(attempts, 10);
        assert!(now < 4 * 86_400_000, "{now}");
        assert_eq!(next_due(1_000, 1), Some(6_000));
    }
}
