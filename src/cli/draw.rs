//! Progress on standard error: one line that is redrawn on a terminal, a plain line now and
//! then elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::{Stage, StageProgress};

/// How often a plain line is written where there is no terminal.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

/// Draws one job's progress until it is dropped.
pub(super) enum Drawing {
    Quiet,
    Terminal(ProgressBar),
    Plain { last: Instant },
}

impl Drawing {
    /// On a terminal or not, as standard error is.
    pub(super) fn new(quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Plain {
                last: Instant::now(),
            };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::default_spinner());
        Self::Terminal(bar)
    }

    /// Shows `line`, now or, where there is no terminal, if it is time.
    pub(super) fn show(&mut self, line: impl FnOnce() -> String) {
        match self {
            Self::Quiet => {}
            Self::Terminal(bar) => {
                bar.set_message(line());
                bar.tick();
            }
            Self::Plain { last } => {
                if last.elapsed() >= PLAIN_INTERVAL {
                    *last = Instant::now();
                    eprintln!("{}", line());
                }
            }
        }
    }

    /// Says something that stays.
    pub(super) fn tell(&self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Terminal(bar) => bar.println(text),
            Self::Plain { .. } => eprintln!("{text}"),
        }
    }

    /// Takes the line off the terminal.
    pub(super) fn finish(self) {
        if let Self::Terminal(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// `embed 412 of 998, 38.2/s, 15 seconds left`.
pub(super) fn stage_line(stage: &StageProgress) -> String {
    let mut line = format!("{} {}", stage.stage.name(), stage.items);
    // Writing to a string does not fail.
    if stage.expected > 0 {
        write!(line, " of {}", stage.expected).ok();
    }
    if stage.stage == Stage::Walk && stage.bytes > 0 {
        write!(line, " files, {}", HumanBytes(stage.bytes)).ok();
    } else if let Some(rate) = stage.rate() {
        write!(line, ", {rate:.1}/s").ok();
    }
    if let Some(left) = stage.time_left().filter(|_| stage.expected > stage.items) {
        write!(line, ", {} left", HumanDuration(left)).ok();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_known_and_no_more() {
        let at = |stage, items, expected, seconds, bytes| {
            let wall = Duration::from_secs(seconds);
            stage_line(&StageProgress {
                stage,
                items,
                expected,
                bytes,
                wall,
                busy: Duration::ZERO,
            })
        };
        assert_eq!(
            at(Stage::Embed, 50, 100, 10, 0),
            "embed 50 of 100, 5.0/s, 10 seconds left"
        );
        assert_eq!(at(Stage::Embed, 0, 100, 0, 0), "embed 0 of 100");
        assert_eq!(
            at(Stage::Walk, 2048, 0, 1, 1 << 20),
            "walk 2048 files, 1.00 MiB"
        );
        assert_eq!(at(Stage::Verify, 10, 10, 2, 0), "verify 10 of 10, 5.0/s");
    }
}
