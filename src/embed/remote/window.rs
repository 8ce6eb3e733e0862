//! How many requests may be on their way to one server at once.
//!
//! The window climbs towards the highest throughput: it doubles as long as that brings a tenth
//! more pictures a second, then tries one step more or one step less now and then, and stays
//! with the smaller window unless the larger one is faster: requests that only stand in the
//! server's queue make every answer late and no answer sooner. A server that is too busy or
//! does not answer in time halves it, once for all requests that were on their way then
//! (additive increase, multiplicative decrease, as TCP does: Chiu and Jain 1989).
//!
//! Only times when the window was full are measured: where the decoders are the slowest, more
//! room would say nothing about the server.

use std::time::Instant;

/// While doubling: so much more throughput makes the next doubling worth it.
const WORTH_DOUBLING: f64 = 1.1;
/// One step more must bring this.
const WORTH_A_STEP: f64 = 1.03;
/// One step less may cost this.
const COST_OF_LESS: f64 = 0.97;
/// Answers a place that make one measurement.
const ANSWERS: usize = 6;
/// A step is a smaller change than doubling, and takes more answers to see.
const LEAST_ANSWERS: usize = 32;
/// Measurements between two tries.
const REST: u32 = 4;

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Ticket {
    round: u64,
}

/// The window of one server.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    most: usize,
    out: usize,
    phase: Phase,
    measure: Measure,
    /// Counts the changes of the limit; answers to older requests say nothing about it.
    round: u64,
}

/// Where the climb is.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The window doubles; this many pictures a second came at half of it.
    Doubling { before: f64 },
    /// It stays for so many rounds; then a step in a direction.
    Resting { rounds: u32, rate: f64, up: bool },
    /// One step was made from `from`, where this many pictures a second came.
    Trying { from: usize, rate: f64 },
}

/// What came since the limit was set.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    since: Option<Instant>,
    answers: usize,
    pictures: usize,
    was_full: bool,
}

impl Window {
    /// Room for one request, and for at most `most` (at least 1).
    pub(crate) fn new(most: usize) -> Self {
        Self {
            limit: 1,
            most: most.max(1),
            out: 0,
            phase: Phase::Doubling { before: 0.0 },
            measure: Measure::default(),
            round: 0,
        }
    }

    /// Whether there is room for one more request.
    pub(crate) fn has_room(&self) -> bool {
        self.out < self.limit
    }

    /// A request goes out.
    pub(crate) fn sent(&mut self) -> Ticket {
        self.out += 1;
        self.measure.was_full |= self.out >= self.limit;
        Ticket { round: self.round }
    }

    /// It brought `pictures` vectors.
    pub(crate) fn answered(&mut self, ticket: &Ticket, pictures: usize, now: Instant) {
        self.out = self.out.saturating_sub(1);
        if ticket.round != self.round {
            return;
        }
        // The first answer only starts the clock: it was on its way for longer than between two.
        let Some(since) = self.measure.since else {
            self.measure.since = Some(now);
            return;
        };
        self.measure.answers += 1;
        self.measure.pictures += pictures;
        // Some answers for each place: one alone is chance.
        let least = match self.phase {
            Phase::Doubling { .. } => 0,
            Phase::Resting { .. } | Phase::Trying { .. } => LEAST_ANSWERS,
        };
        if self.measure.answers < (ANSWERS * self.limit).max(least) {
            return;
        }
        let measure = std::mem::take(&mut self.measure);
        if measure.was_full {
            let seconds = now.saturating_duration_since(since).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            self.measured(measure.pictures as f64 / seconds.max(1e-6));
        }
        if ticket.round == self.round {
            self.measure.since = Some(now);
            self.measure.was_full = self.out + 1 >= self.limit;
        }
    }

    /// It failed in a way that says nothing about the load.
    pub(crate) fn failed(&mut self) {
        self.out = self.out.saturating_sub(1);
    }

    /// It was refused for the load, or was not answered in time.
    pub(crate) fn refused(&mut self, ticket: &Ticket) {
        self.out = self.out.saturating_sub(1);
        // What went out before the window was halved was refused by the same crowd.
        if ticket.round == self.round {
            self.rest(self.limit / 2, true);
        }
    }

    /// The server was away: begin anew.
    pub(crate) fn restart(&mut self) {
        self.set(1);
        self.phase = Phase::Doubling { before: 0.0 };
    }

    fn measured(&mut self, rate: f64) {
        match self.phase {
            Phase::Doubling { before } if rate > before * WORTH_DOUBLING => {
                if self.limit >= self.most {
                    self.rest(self.limit, false);
                } else {
                    self.phase = Phase::Doubling { before: rate };
                    self.set(self.limit * 2);
                }
            }
            Phase::Doubling { .. } => self.rest(self.limit / 2, true),
            Phase::Resting { rounds, up, .. } if rounds > 0 => {
                self.phase = Phase::Resting {
                    rounds: rounds - 1,
                    rate,
                    up,
                };
            }
            Phase::Resting { rate, up, .. } => {
                let from = self.limit;
                let step = if up { from + 1 } else { from.saturating_sub(1) };
                self.set(step);
                if self.limit == from {
                    self.rest(from, !up);
                } else {
                    self.phase = Phase::Trying { from, rate };
                }
            }
            Phase::Trying { from, rate: before } => {
                let went_up = self.limit > from;
                let least = if went_up { WORTH_A_STEP } else { COST_OF_LESS };
                if rate >= before * least {
                    self.rest(self.limit, went_up);
                } else {
                    self.rest(from, !went_up);
                }
            }
        }
    }

    fn rest(&mut self, limit: usize, up: bool) {
        self.set(limit);
        self.phase = Phase::Resting {
            rounds: REST,
            rate: 0.0,
            up,
        };
    }

    fn set(&mut self, limit: usize) {
        let limit = limit.clamp(1, self.most);
        if limit != self.limit {
            self.limit = limit;
            self.round += 1;
        }
        self.measure = Measure::default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use super::*;

    /// A server that works on `places` requests at once, each for `work`, behind a line that
    /// takes `line`; played for `rounds` answers. The window in the end, and its mean over the
    /// last half.
    fn play(window: &mut Window, places: usize, line: Duration, rounds: usize) -> f64 {
        let work = Duration::from_millis(10);
        let start = Instant::now();
        let mut now = start;
        let mut free = vec![start; places];
        let mut on_the_way: VecDeque<(Instant, Ticket)> = VecDeque::new();
        let mut sum = 0;
        let mut state = 1_u32;
        for round in 0..rounds {
            while window.has_room() {
                let ticket = window.sent();
                let place = free.iter_mut().min().unwrap();
                // No two requests take the same time.
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let work = work.mul_f64(0.75 + f64::from(state >> 16) / 131_072.0);
                *place = (*place).max(now + line / 2) + work;
                on_the_way.push_back((*place + line / 2, ticket));
            }
            let next = (on_the_way.iter().enumerate())
                .min_by_key(|(_, (at, _))| *at)
                .map(|(index, _)| index)
                .unwrap();
            let (at, ticket) = on_the_way.remove(next).unwrap();
            now = at;
            window.answered(&ticket, 8, now);
            sum += if round >= rounds / 2 { window.limit } else { 0 };
        }
        for (_, ticket) in on_the_way {
            window.answered(&ticket, 0, now);
        }
        f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(rounds / 2).unwrap())
    }

    #[test]
    fn it_grows_to_what_the_server_works_on_at_once_and_not_far_beyond() {
        for (places, line_ms, least, most) in [
            // One place, no line: a second request hides the way at best.
            (1, 0, 1.0, 3.0),
            (4, 0, 3.5, 6.0),
            // The line takes as long as the work: twice the places keep all of them busy.
            (4, 10, 6.5, 10.0),
            (12, 0, 10.5, 14.0),
            // More than there is room for.
            (64, 0, 15.0, 16.0),
        ] {
            let mut window = Window::new(16);
            let mean = play(&mut window, places, Duration::from_millis(line_ms), 20_000);
            assert!(
                (least..=most).contains(&mean),
                "{places} places, {line_ms} ms: {mean}"
            );
        }
    }

    #[test]
    fn a_crowd_that_is_refused_halves_it_once() {
        let mut window = Window::new(16);
        play(&mut window, 64, Duration::ZERO, 20_000);
        let before = window.limit;
        let crowd: Vec<Ticket> = (0..before).map(|_| window.sent()).collect();
        for ticket in &crowd {
            window.refused(ticket);
        }
        assert_eq!(window.limit, before / 2);
        assert_eq!(window.out, 0);
        let ticket = window.sent();
        window.refused(&ticket);
        assert_eq!(window.limit, before / 4, "a later refusal counts again");
    }

    #[test]
    fn it_follows_a_server_that_becomes_slower_or_faster() {
        let mut window = Window::new(16);
        play(&mut window, 12, Duration::ZERO, 20_000);
        let fewer = play(&mut window, 2, Duration::ZERO, 40_000);
        assert!(fewer < 5.0, "{fewer}");
        let more = play(&mut window, 12, Duration::ZERO, 40_000);
        assert!(more > 9.0, "{more}");
    }

    #[test]
    fn where_the_decoders_are_the_slowest_it_stays() {
        let mut window = Window::new(16);
        play(&mut window, 4, Duration::ZERO, 5000);
        let before = window.limit;
        let mut now = Instant::now();
        for _ in 0..5000 {
            let ticket = window.sent();
            now += Duration::from_millis(1);
            window.answered(&ticket, 1, now);
            now += Duration::from_millis(50);
        }
        // A step may have been under way.
        assert!(window.limit <= before + 1, "{} of {before}", window.limit);
    }

    #[test]
    fn nothing_makes_it_less_than_one() {
        let mut window = Window::new(0);
        for _ in 0..10 {
            let ticket = window.sent();
            window.refused(&ticket);
        }
        window.restart();
        assert_eq!(window.limit, 1);
        assert!(window.has_room());
    }
}
