//! Tests of servers, each in a thread of its own: one that does not answer must not keep another
//! waiting.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use eframe::egui::Context;

use super::{Answer, SettingsAnswer, join_soon};
use crate::embed::remote::{Server, trial};
use crate::embed::{EngineRequest, Link, ModelRecord};

/// Tests that run at the same time.
const MOST: usize = 16;

/// The tests that run.
#[derive(Default)]
pub(super) struct Tests(Vec<(Arc<Link>, JoinHandle<()>)>);

impl Tests {
    /// Starts a test.
    ///
    /// # Errors
    /// In words, if too many run or the system starts no more threads.
    pub(super) fn start(
        &mut self,
        server: Server,
        request: EngineRequest,
        model: ModelRecord,
        ctx: Context,
        answers: Sender<Answer>,
    ) -> Result<(), String> {
        self.0.retain(|(_, thread)| !thread.is_finished());
        if self.0.len() >= MOST {
            return Err("too many tests are running; wait for one of them".to_owned());
        }
        let link = Arc::new(Link::default());
        let thread = std::thread::Builder::new()
            .name("server-test".to_owned())
            .spawn({
                let link = Arc::clone(&link);
                move || {
                    let tried = trial::run(&server, &request, &model, &link);
                    let tried = tried.map(Box::new).map_err(|error| error.to_string());
                    let answer = SettingsAnswer::Tested(server.url, tried);
                    // The window was closed meanwhile: nobody is left to tell.
                    answers.send(Answer::Settings(answer)).ok();
                    ctx.request_repaint();
                }
            })
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        self.0.push((link, thread));
        Ok(())
    }
}

impl Drop for Tests {
    fn drop(&mut self) {
        for (link, _) in &self.0 {
            link.stop();
        }
        for (_, thread) in self.0.drain(..) {
            join_soon(thread);
        }
    }
}
