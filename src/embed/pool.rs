//! Several places that compute the vectors of one model: servers, and the engine of this
//! computer.
//!
//! One [`Worker`] a thread; each takes a batch, waits for its turn at a place and sees it through:
//! again, in halves, at another place, until there are vectors or it is certain that there will
//! be none. Nothing is sent while a window is full, so the threads wait, then the channel of
//! pictures is full, then the decoders wait.
//!
//! Batches go to the place with the least time a picture that has room. As every window is as
//! wide as its server is fastest with, servers share the work by their speed.
//!
//! Rules: a place gives vectors only after it gave the right ones for the pictures of its
//! [`Proof`], and again after it was away, for another model may have come up in its place. A
//! picture is given up only by a server that does its proof well right after.

mod member;
mod turn;
mod worker;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::link::Link;
use super::remote::{Credentials, Endpoint, Failover};
use super::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};
use member::Member;
use worker::Worker;

/// Requests on their way to one server at most, so many threads has it.
pub(super) const MOST_OUT: usize = 16;
/// Threads in all.
const MOST_THREADS: usize = 64;

/// Pictures whose vectors are known: who gives others has another model.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    /// The pictures, as they are sent.
    pub(super) pictures: Vec<ModelInput>,
    /// What the server made of them when the scan began.
    pub(super) vectors: Vec<Embedding>,
    /// The least cosine that is still the same model.
    pub(super) least: f32,
}

/// A server that was found to give the right vectors.
#[derive(Debug)]
pub(super) struct Place {
    /// How people know it.
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) credentials: Option<Credentials>,
    pub(super) proof: Proof,
    /// Pictures a request, at least 1.
    pub(super) batch: usize,
}

impl Place {
    /// What was said of it, without its name.
    fn bare<'a>(&self, words: &'a str) -> &'a str {
        words
            .strip_prefix(self.name.as_str())
            .map_or(words, |rest| rest.trim_start_matches([':', ' ']))
    }
}

/// What all threads share.
pub(super) struct Pool {
    places: Vec<Place>,
    state: Mutex<State>,
    changed: Condvar,
    failover: Failover,
    /// How many of them there are; none if they must not be used.
    local_most: usize,
    local: Mutex<Vec<Box<dyn Embedder>>>,
    /// How long a server may be away.
    patience: Duration,
    dimension: usize,
    link: Arc<Link>,
}

/// What changes.
struct State {
    /// One a place.
    members: Vec<Member>,
    local_out: usize,
    /// Seconds a picture on this computer; 0 as long as nobody knows.
    local_pace: f64,
    /// Why the engine of this computer is no longer used.
    local_fault: Option<String>,
}

/// What a pool is made of.
pub(super) struct Plan {
    /// The servers, at least one.
    pub(super) places: Vec<Place>,
    /// Embedders of this computer whose vectors may be mixed with those of the servers.
    pub(super) local: Vec<Box<dyn Embedder>>,
    pub(super) failover: Failover,
    pub(super) patience: Duration,
    /// Length of a vector.
    pub(super) dimension: usize,
    pub(super) link: Arc<Link>,
    /// As the report names it.
    pub(super) engine: EngineInfo,
}

/// One embedder a thread.
pub(super) fn open(plan: Plan) -> Vec<Box<dyn Embedder>> {
    let threads = plan.places.len() * MOST_OUT + plan.local.len();
    let batch = plan.places.iter().map(|place| place.batch).max();
    let members = plan.places.iter().map(|place| Member::new(place.batch));
    let pool = Arc::new(Pool {
        state: Mutex::new(State {
            members: members.collect(),
            local_out: 0,
            local_pace: 0.0,
            local_fault: None,
        }),
        changed: Condvar::new(),
        failover: plan.failover,
        local_most: plan.local.len(),
        local: Mutex::new(plan.local),
        patience: plan.patience,
        dimension: plan.dimension,
        link: plan.link,
        places: plan.places,
    });
    (0..threads.min(MOST_THREADS))
        .map(|_| {
            let worker = Worker::new(Arc::clone(&pool), batch.unwrap_or(1), plan.engine.clone());
            Box::new(worker) as Box<dyn Embedder>
        })
        .collect()
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An embedder of this computer that nobody uses.
    fn take_local(&self) -> Option<Box<dyn Embedder>> {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.pop()
    }

    fn give_local(&self, embedder: Box<dyn Embedder>) {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.push(embedder);
    }

    fn cancelled(&self) -> Result<(), EmbedError> {
        if self.link.is_stopped() {
            return Err(EmbedError::Cancelled);
        }
        Ok(())
    }
}
