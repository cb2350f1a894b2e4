//! Failed logins of all accounts together: an attack over many sources and many accounts shows only there.

use serde::{Deserialize, Serialize};

use super::{
    Finding, Signal,
    rate::Rate,
    thresholds::{SITE_LEAST, SITE_UNFAMILIAR},
};
use crate::UnixMillis;

const BUCKET: i64 = 600_000;

/// Failed logins in buckets of ten minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFailures {
    rate: Rate,
    bucket: i64,
    unfamiliar: i64,
}

impl SiteFailures {
    /// A login failed; `is_familiar` where its account was used from this source before.
    pub fn failed(&mut self, is_familiar: bool, at: UnixMillis) -> Option<Finding> {
        let bucket = at.get().div_euclid(BUCKET);
        if bucket != self.bucket {
            (self.bucket, self.unfamiliar) = (bucket, 0);
        }
        if !is_familiar {
            self.unfamiliar += 1;
        }
        let is_unusual = self.rate.add(1, at, BUCKET);
        let count = self.rate.count();
        let is_enough = count >= SITE_LEAST;
        let are_strangers = self.unfamiliar * 100 >= count * SITE_UNFAMILIAR;
        (is_unusual && is_enough && are_strangers).then(|| Finding {
            signals: vec![Signal::SiteRate, Signal::SiteUnfamiliar],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_day_is_no_attack_and_many_strangers_are_one() {
        let at = |minute: i64| UnixMillis::new(minute * 60_000);
        let mut site = SiteFailures::default();
        for hour in 0..48 {
            assert_eq!(site.failed(hour % 2 == 0, at(hour * 60)), None);
        }
        for _ in 0..40 {
            assert_eq!(site.failed(true, at(48 * 60)), None);
        }
        let mut site = site.clone();
        let found = (0..40).find_map(|_| site.failed(false, at(50 * 60)));
        assert_eq!(found.unwrap().signals.len(), 2);
    }
}
