//! How slow a client may be.
//!
//! 1. Waiting for a client takes from a budget, which [`body_timeout`](crate::Limits::body_timeout)
//!    fills.
//! 2. Each byte gives back what it may take by [`min_rate`](crate::Limits::min_rate), up to the
//!    whole budget.
//! 3. Who has used up the budget is too slow: at once silent for all of it, or a trickle for long.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep};

use crate::Limits;

/// The budget of one direction of one connection, or of one body.
#[derive(Debug)]
pub(crate) struct Pace {
    left: Duration,
    since: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { left: limits.body_timeout, since: None }
    }

    /// The client is waited for. Gives the moment when it is too slow.
    pub(crate) fn wait(&mut self) -> Instant {
        *self.since.get_or_insert_with(Instant::now) + self.left
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// The moment when the client is too slow, if it is waited for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        Some(self.since? + self.left)
    }

    /// The client has moved so many bytes.
    pub(crate) fn progress(&mut self, bytes: usize, limits: &Limits) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        if self.left < limits.body_timeout {
            let nanoseconds = (bytes as u64).saturating_mul(1_000_000_000);
            let earned = nanoseconds.checked_div(limits.min_rate);
            let earned = earned.map_or(limits.body_timeout, Duration::from_nanos);
            self.left = limits.body_timeout.min(self.left.saturating_add(earned));
        }
    }
}

/// Ready once `deadline` has passed. The timer is kept for the next deadline, which is mostly later:
/// it is set anew only when it runs out, or for an earlier one. Once this has been asked the timer wakes
/// the task, however much the task has done in its turn.
pub(crate) fn poll_until(
    timer: &mut Option<Pin<Box<Sleep>>>,
    deadline: Instant,
    context: &mut Context<'_>,
) -> Poll<()> {
    let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
    if deadline < timer.deadline() {
        timer.as_mut().reset(deadline);
    }
    loop {
        ready!(pin!(unconstrained(timer.as_mut())).poll(context));
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        timer.as_mut().reset(deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn waited(pace: &mut Pace, seconds: u64) {
        pace.wait();
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_uses_up_the_budget_and_bytes_give_it_back() {
        let limits = Limits::new().body_timeout(Duration::from_secs(10)).min_rate(100);
        let mut pace = Pace::new(&limits);
        for _ in 0..4 {
            waited(&mut pace, 2).await;
            pace.progress(1, &limits);
        }
        let left = pace.wait() - Instant::now();
        assert!(left > Duration::from_secs(2) && left < Duration::from_millis(2100), "{left:?}");
        pace.progress(300, &limits);
        assert!(pace.wait() - Instant::now() > Duration::from_secs(5));
        pace.progress(1_000_000, &limits);
        assert_eq!(pace.wait() - Instant::now(), Duration::from_secs(10), "no more than the whole");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_only_silence_counts() {
        let limits = Limits::new().body_timeout(Duration::from_secs(10)).min_rate(0);
        let mut pace = Pace::new(&limits);
        for _ in 0..100 {
            waited(&mut pace, 9).await;
            pace.progress(1, &limits);
        }
        assert_eq!(pace.wait() - Instant::now(), Duration::from_secs(10));
    }
}
