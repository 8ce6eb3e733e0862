//! Carries out what the benchmark view asks for.

use super::BenchmarkCommand;
use crate::app::App;

impl App {
    /// Carries out one wish of the benchmark view.
    pub(in crate::app) fn act_on_benchmark(&mut self, command: BenchmarkCommand) {
        let state = &mut self.state.benchmark;
        match command {
            BenchmarkCommand::Plot(plot) => state.plot = plot,
            BenchmarkCommand::Sort(column) => state.order = state.order.clicked(column),
            _ => {}
        }
    }

    /// Looks for ways of computing and for runs.
    pub(in crate::app) fn look_for_benchmark(&mut self) {
        self.state.benchmark.has_looked = true;
    }
}
