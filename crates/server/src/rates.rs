//! How many requests a second a connection or a principal may make.

use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};
use wharf_app::{Caller, Error};
use wharf_types::Principal;

use crate::config::Limits;

/// The bounds in force.
pub(crate) struct Rates {
    per_connection: Option<NonZeroU32>,
    per_principal: Option<PerPrincipal>,
}

/// By a hash of the principal: two that share one would share a bound, which does no harm.
struct PerPrincipal {
    limiter: DefaultKeyedRateLimiter<u64>,
    hasher: RandomState,
}

impl Rates {
    /// Of the configuration.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            per_connection: limits.requests_per_connection,
            per_principal: limits.requests_per_principal.map(|rate| PerPrincipal {
                limiter: DefaultKeyedRateLimiter::keyed(Quota::per_second(rate)),
                hasher: RandomState::new(),
            }),
        }
    }

    /// The bound of a new connection.
    pub(crate) fn of_connection(&self) -> Option<ConnectionRate> {
        let rate = self.per_connection?;
        Some(ConnectionRate(DefaultDirectRateLimiter::direct(
            Quota::per_second(rate),
        )))
    }

    /// Counts a request of a principal; without one, of an address.
    pub(crate) fn check(&self, caller: &Caller) -> Result<(), Error> {
        let Some(PerPrincipal { limiter, hasher }) = &self.per_principal else {
            return Ok(());
        };
        let key = match &caller.principal {
            Principal::Anonymous => hasher.hash_one(caller.origin.address),
            principal => hasher.hash_one(principal),
        };
        limiter.check_key(&key).map_err(|until| Error::Exhausted {
            message: format!("{} makes too many requests", caller.principal),
            retry_after: until.wait_time_from(DefaultClock::default().now()),
        })
    }

    /// Forgets who made no requests lately.
    pub(crate) fn forget_idle(&self) {
        if let Some(PerPrincipal { limiter, .. }) = &self.per_principal {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// The bound of one connection.
pub(crate) struct ConnectionRate(DefaultDirectRateLimiter);

impl ConnectionRate {
    /// Counts a request; refused, it may come again after this time.
    pub(crate) fn check(&self) -> Result<(), Duration> {
        self.0
            .check()
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_app::Origin;

    use super::*;

    fn anonymous(address: [u8; 4]) -> Caller {
        Caller::anonymous(Origin {
            address: Some(address.into()),
            ..Origin::default()
        })
    }

    #[test]
    fn each_has_its_own_bound_and_none_has_no_bound() {
        let mut limits = Limits::default();
        let unbounded = Rates::new(&limits);
        assert!((0..1000).all(|_| unbounded.check(&anonymous([1; 4])).is_ok()));
        limits.requests_per_principal = NonZeroU32::new(2);
        let rates = Rates::new(&limits);
        assert!(rates.check(&anonymous([1; 4])).is_ok());
        assert!(rates.check(&anonymous([1; 4])).is_ok());
        let refused = rates.check(&anonymous([1; 4])).unwrap_err();
        assert!(
            matches!(refused, Error::Exhausted { retry_after, .. } if retry_after <= Duration::from_secs(1))
        );
        assert!(rates.check(&anonymous([2; 4])).is_ok());
    }
}
