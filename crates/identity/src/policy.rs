//! What a key may do at most, and what the operator allows of keys.

use std::time::Duration;

use crate::{
    AddressList, Environment, KeyError, RateLimit, Scopes, UnixMillis, signals::NetworkMap,
};

const DAY: Duration = Duration::from_secs(86_400);

/// All that restricts a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// Live or test.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Scopes,
    /// From where.
    pub addresses: AddressList,
    /// Until when; at this instant it is over.
    pub expires_at: UnixMillis,
    /// How fast.
    pub limit: RateLimit,
}

impl KeyPolicy {
    /// Whether everything this allows is allowed by `wider`: same environment, scopes, addresses and
    /// limit within, expiry not later.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        self.environment == wider.environment
            && self.expires_at <= wider.expires_at
            && self.limit.is_within(wider.limit)
            && self.addresses.is_within(&wider.addresses)
            && self.scopes.is_within(&wider.scopes)
    }
}

/// What the operator decides about keys.
#[derive(Debug, Clone)]
pub struct KeySettings {
    /// How long a key works if nobody says: 90 days.
    pub default_lifetime: Duration,
    /// How long a key works at most: 366 days. No key works for ever.
    pub longest_lifetime: Duration,
    /// How long a replaced key works at most: 30 days.
    pub longest_overlap: Duration,
    /// A key that nobody uses for so long ends: 90 days.
    pub idle_after: Duration,
    /// How fast a key may be used if nobody says: 100 requests per second, 200 at once.
    pub default_limit: RateLimit,
    /// Live keys of the installation at most, which bounds the memory of the cache (about 1 KiB each):
    /// 100,000.
    pub most_keys: u32,
    /// How often the database is asked for changes: 400 ms.
    pub refresh_every: Duration,
    /// After this long without an answer of the database no key is let in: 1 s. This is how late a
    /// revocation on another node may be.
    pub stale_after: Duration,
    /// The operator's names of networks: none.
    pub networks: NetworkMap,
}

impl KeySettings {
    /// The values named at each field.
    ///
    /// # Errors
    /// None; the limit is within its bounds.
    pub fn standard() -> Result<Self, KeyError> {
        Ok(Self {
            default_lifetime: 90 * DAY,
            longest_lifetime: 366 * DAY,
            longest_overlap: 30 * DAY,
            idle_after: 90 * DAY,
            default_limit: RateLimit::new(100, 200)?,
            most_keys: 100_000,
            refresh_every: Duration::from_millis(400),
            stale_after: Duration::from_secs(1),
            networks: NetworkMap::default(),
        })
    }

    /// The expiry of a key made now, judged.
    pub(crate) fn expiry(
        &self,
        asked: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<UnixMillis, KeyError> {
        let last = now.plus(self.longest_lifetime);
        match asked {
            None => Ok(now.plus(self.default_lifetime).min(last)),
            Some(asked) if asked > now && asked <= last => Ok(asked),
            Some(_) => Err(KeyError::Expiry {
                most_days: whole_days(self.longest_lifetime),
            }),
        }
    }

    /// When a key that is replaced now is over.
    pub(crate) fn overlap_end(
        &self,
        overlap: Duration,
        now: UnixMillis,
    ) -> Result<UnixMillis, KeyError> {
        if overlap > self.longest_overlap {
            return Err(KeyError::Overlap {
                most_days: whole_days(self.longest_overlap),
            });
        }
        Ok(now.plus(overlap))
    }
}

fn whole_days(span: Duration) -> u64 {
    span.as_secs() / DAY.as_secs()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::Verb;

    fn scopes() -> impl Strategy<Value = Scopes> {
        let one = (
            prop::sample::select(&Verb::ALL[..3]),
            prop::sample::select(vec!["*", "a", "b"]),
        );
        prop::collection::vec(one, 0..4).prop_map(|pairs| {
            let texts: Vec<_> = pairs
                .iter()
                .map(|(verb, on)| format!("{verb}:{on}"))
                .collect();
            texts.join(" ").parse().unwrap()
        })
    }

    fn addresses() -> impl Strategy<Value = AddressList> {
        // All within 10.0.0.0/28, so that every address can be tried.
        let one = (28_u8..=32, 0_u32..16).prop_map(|(prefix, low)| {
            let mask = u32::MAX << (32 - u32::from(prefix));
            let first = Ipv4Addr::from((0x0a00_0000 | low) & mask);
            format!("{first}/{prefix}")
        });
        prop::collection::vec(one, 0..4).prop_map(|texts| texts.join(" ").parse().unwrap())
    }

    fn policies() -> impl Strategy<Value = KeyPolicy> {
        let environment = prop::sample::select(vec![Environment::Live, Environment::Test]);
        (
            environment,
            scopes(),
            addresses(),
            1_i64..4,
            1_u32..4,
            1_u32..4,
        )
            .prop_map(
                |(environment, scopes, addresses, end, rate, burst)| KeyPolicy {
                    environment,
                    scopes,
                    addresses,
                    expires_at: UnixMillis::new(end),
                    limit: RateLimit::new(rate, burst).unwrap(),
                },
            )
    }

    fn allows(policy: &KeyPolicy, call: (Environment, Verb, &str, IpAddr, i64)) -> bool {
        let (environment, verb, resource, peer, at) = call;
        policy.environment == environment
            && policy.scopes.allows(verb, resource)
            && policy.addresses.allows(peer)
            && at < policy.expires_at.get()
    }

    fn calls() -> impl Iterator<Item = (Environment, Verb, &'static str, IpAddr, i64)> {
        let peers = (0..17).map(|low| IpAddr::from(Ipv4Addr::from(0x0a00_0000 + low)));
        peers.flat_map(|peer| {
            [Environment::Live, Environment::Test]
                .into_iter()
                .flat_map(move |environment| {
                    Verb::ALL[..3].iter().flat_map(move |verb| {
                        ["a", "b", "c"].into_iter().flat_map(move |resource| {
                            (0..4).map(move |at| (environment, *verb, resource, peer, at))
                        })
                    })
                })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn what_a_narrower_policy_allows_the_wider_one_allows(
            child in policies(),
            parent in policies(),
        ) {
            prop_assert!(child.is_within(&child));
            if child.is_within(&parent) {
                for call in calls() {
                    prop_assert!(!allows(&child, call) || allows(&parent, call), "{:?}", call);
                }
                prop_assert!(child.limit.per_second() <= parent.limit.per_second());
                prop_assert!(child.limit.burst() <= parent.limit.burst());
            }
        }

        #[test]
        fn a_policy_made_narrower_in_every_way_is_within(parent in policies(), scope in 0_usize..4) {
            let kept = parent.scopes.iter().take(scope).cloned();
            let child = KeyPolicy {
                scopes: Scopes::new(kept).unwrap(),
                addresses: AddressList::new(parent.addresses.iter().take(1).copied()).unwrap(),
                expires_at: UnixMillis::new(0),
                limit: RateLimit::new(1, 1).unwrap(),
                environment: parent.environment,
            };
            prop_assert!(child.is_within(&parent));
            prop_assert!(!parent.is_within(&child));
        }
    }

    #[test]
    fn an_expiry_is_in_the_future_and_not_too_far() {
        let settings = KeySettings::standard().unwrap();
        let now = UnixMillis::new(1_000);
        let expiry = |asked: Option<i64>| settings.expiry(asked.map(UnixMillis::new), now);
        assert_eq!(expiry(None).unwrap(), now.plus(90 * DAY));
        assert_eq!(expiry(Some(1_001)).unwrap().get(), 1_001);
        let last = now.plus(366 * DAY).get();
        assert_eq!(expiry(Some(last)).unwrap().get(), last);
        for wrong in [0, 1_000, last + 1, i64::MAX] {
            let error = expiry(Some(wrong)).unwrap_err().to_string();
            assert!(
                error.starts_with("K231") && error.contains("366"),
                "{error}"
            );
        }
        assert_eq!(settings.overlap_end(Duration::ZERO, now).unwrap(), now);
        let error = settings.overlap_end(31 * DAY, now).unwrap_err().to_string();
        assert!(error.starts_with("K232"), "{error}");
    }
}
