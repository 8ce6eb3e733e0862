//! One thread's part: takes batches and sees each through to its vectors.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::member::{Change, Member};
use super::turn::Turn;
use super::{Place, Pool};
use crate::embed::remote::retry::{self, Step};
use crate::embed::remote::window::Ticket;
use crate::embed::remote::{CallError, CallErrorKind, Connection};
use crate::embed::{EmbedError, Embedder, Embedding, EngineInfo, ModelInput};

/// Pictures that the engine of this computer takes at a time: it is for short, so that a server
/// that comes back is given the rest.
const LOCAL_PIECE: usize = 8;
/// How long a server may take for its proof. One that is gone without a word costs no more.
const PROOF: Duration = Duration::from_secs(15);
/// A request of it that fails is sent so often: every third may fail.
const PROOF_TRIES: u32 = 6;

/// An embedder that asks whichever place is best.
pub(super) struct Worker {
    pool: Arc<Pool>,
    /// One a place, opened when it is first needed.
    connections: Vec<Option<Connection>>,
    batch: usize,
    engine: EngineInfo,
}

/// Pictures of a batch that have no vectors yet.
#[derive(Clone, Debug)]
struct Piece {
    range: Range<usize>,
    attempt: u32,
}

/// A piece that goes to a server.
struct Call {
    index: usize,
    ticket: Ticket,
    piece: Piece,
}

/// What is known of the pictures of a batch.
type Answers = Vec<Option<Result<Embedding, EmbedError>>>;

impl Worker {
    pub(super) fn new(pool: Arc<Pool>, batch: usize, engine: EngineInfo) -> Self {
        Self {
            connections: pool.places.iter().map(|_| None).collect(),
            pool,
            batch,
            engine,
        }
    }

    /// Sends pictures to a server.
    fn call(
        &mut self,
        index: usize,
        pictures: &[ModelInput],
        deadline: Duration,
    ) -> Result<Vec<Embedding>, CallError> {
        let unknown = || CallError::new(CallErrorKind::Refused, "there is no such server");
        let place = self.pool.places.get(index).ok_or_else(unknown)?;
        let slot = self.connections.get_mut(index).ok_or_else(unknown)?;
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(Connection::new(
                &place.endpoint,
                place.credentials.as_ref(),
            )?),
        };
        let answered = connection.embed(pictures, deadline);
        if let Err(error) = &answered
            && matches!(
                error.kind,
                CallErrorKind::Unreachable | CallErrorKind::TimedOut
            )
        {
            // What is left of an answer must not be taken for the next one.
            *slot = None;
        }
        let vectors = answered?.vectors;
        let dimension = self.pool.dimension;
        if let Some(other) = (vectors.iter()).find(|one| one.components().len() != dimension) {
            return Err(CallError::new(
                CallErrorKind::BadAnswer,
                format!(
                    "it answered with a vector of {} numbers where {dimension} are expected",
                    other.components().len()
                ),
            ));
        }
        Ok(vectors)
    }

    /// Lets a server do its proof; of one that `is_short` the first request alone.
    fn prove(&mut self, index: usize, is_short: bool) -> Result<(), CallError> {
        let pool = Arc::clone(&self.pool);
        let unknown = || CallError::new(CallErrorKind::Refused, "there is no such server");
        let proof = &pool.places.get(index).ok_or_else(unknown)?.proof;
        let mut vectors = Vec::new();
        let most = (pool.state().members.get(index)).map_or(1, Member::batch);
        let requests = if is_short { 1 } else { usize::MAX };
        for pictures in proof.pictures.chunks(most).take(requests) {
            let mut attempt = 0;
            vectors.extend(loop {
                match self.call(index, pictures, PROOF) {
                    Err(error) if may_go_better(&error, attempt) => {
                        if !pool.link.sleep(retry::backoff(attempt, fastrand::f64())) {
                            return Err(error);
                        }
                        attempt += 1;
                    }
                    answered => break answered?,
                }
            });
        }
        let least = (proof.vectors.iter().zip(&vectors))
            .map(|(expected, got)| expected.cosine(got))
            .fold(1.0_f32, f32::min);
        if least < proof.least {
            return Err(CallError::new(
                CallErrorKind::Denied,
                format!(
                    "it has another model now: its vectors of known pictures were the same to a cosine of {least:.4}, {:.4} is needed",
                    proof.least
                ),
            ));
        }
        Ok(())
    }

    /// Tries whether a server is back.
    fn trial(&mut self, index: usize) {
        // One connection that broke off costs one request.
        let is_away = (self.pool.state().members.get(index)).is_some_and(Member::is_away);
        let proven = self.prove(index, !is_away);
        let mut state = self.pool.state();
        let now = Instant::now();
        let Some(member) = state.members.get_mut(index) else {
            return;
        };
        match proven {
            Ok(()) => {
                let was_away = member.trial_succeeded();
                if member.is_vain() {
                    let reason = "every request breaks off but those that it is tried with";
                    let error = CallError::new(CallErrorKind::Unreachable, reason);
                    let change = member.leave(reason);
                    self.pool.tell(&state, index, change, &error);
                    drop(state);
                    self.pool.changed.notify_all();
                    return;
                }
                if let Some(place) = self.pool.places.get(index).filter(|_| was_away) {
                    self.pool.link.tell(format!("{} is back", place.name));
                }
            }
            Err(error) => {
                let change = member.trial_failed(&error, now);
                self.pool.tell(&state, index, change, &error);
            }
        }
        drop(state);
        self.pool.changed.notify_all();
    }

    /// Sends a piece to a server; what is left to do afterwards.
    fn at_server(
        &mut self,
        call: Call,
        batch: &[ModelInput],
        answers: &mut Answers,
        doubted: &mut Option<usize>,
    ) -> Result<Vec<Piece>, EmbedError> {
        let Call {
            index,
            ticket,
            piece,
        } = call;
        let pictures = batch.get(piece.range.clone()).unwrap_or_default();
        let begun = Instant::now();
        let answered = self.call(index, pictures, retry::deadline(pictures.len(), false));
        let now = Instant::now();
        let error = match answered {
            Ok(vectors) => {
                let mut state = self.pool.state();
                if let Some(member) = state.members.get_mut(index) {
                    member.answered(&ticket, vectors.len(), now - begun, now);
                }
                drop(state);
                self.pool.changed.notify_one();
                fill(answers, piece.range.start, vectors.into_iter().map(Ok));
                return Ok(Vec::new());
            }
            Err(error) => error,
        };
        let mut state = self.pool.state();
        let change = (state.members.get_mut(index)).map_or(Change::None, |member| {
            member.failed(&ticket, pictures.len(), &error, now, fastrand::f64())
        });
        self.pool.tell(&state, index, change, &error);
        drop(state);
        self.pool.changed.notify_all();
        if error.kind == CallErrorKind::BadAnswer {
            *doubted = Some(index);
        }
        match retry::step(error.kind, pictures.len(), piece.attempt) {
            Step::Halve => Ok(halves(&piece.range)),
            Step::Again => {
                // A busy server is left alone by all threads, for as long as it asks.
                let is_busy = matches!(error.kind, CallErrorKind::Busy(_));
                let wait = retry::backoff(piece.attempt, fastrand::f64());
                if !is_busy && !self.pool.link.sleep(wait) {
                    return Err(EmbedError::Cancelled);
                }
                Ok(vec![Piece {
                    attempt: piece.attempt + 1,
                    ..piece
                }])
            }
            Step::Suspect => Ok(self.blame(index, piece, &error, answers)),
            // The server is to do its proof or is not asked again.
            Step::GiveUp => Ok(vec![Piece {
                attempt: 0,
                ..piece
            }]),
        }
    }

    /// A server cannot do one picture: if it does its proof well, the picture is to blame.
    fn blame(
        &mut self,
        index: usize,
        piece: Piece,
        error: &CallError,
        answers: &mut Answers,
    ) -> Vec<Piece> {
        let proven = self.prove(index, false);
        match proven {
            Ok(()) => {
                let said = |place: &Place| {
                    format!("nothing at {}: {}", place.name, place.bare(&error.message))
                };
                let place = self.pool.places.get(index);
                let reason = place.map_or_else(|| error.message.clone(), said);
                let reason = std::iter::once(Err(EmbedError::BadOutput(reason)));
                fill(answers, piece.range.start, reason);
                Vec::new()
            }
            Err(fault) => {
                self.suspect(index, &fault);
                vec![Piece {
                    attempt: 0,
                    ..piece
                }]
            }
        }
    }

    /// A server did not do its proof.
    fn suspect(&self, index: usize, fault: &CallError) {
        let mut state = self.pool.state();
        let change = match state.members.get_mut(index) {
            Some(member) if fault.kind == CallErrorKind::Denied => member.leave(&fault.message),
            Some(member) => member.suspect(fault, Instant::now()),
            None => Change::None,
        };
        self.pool.tell(&state, index, change, fault);
        drop(state);
        self.pool.changed.notify_all();
    }

    /// Computes a piece on this computer.
    fn here(&mut self, piece: Piece, batch: &[ModelInput], answers: &mut Answers) -> Option<Piece> {
        let pictures = batch.get(piece.range.clone()).unwrap_or_default();
        let begun = Instant::now();
        let embedded = match self.pool.take_local() {
            Some(mut embedder) => {
                let vectors = embedder.embed_each(pictures);
                self.pool.give_local(embedder);
                vectors
            }
            None => Err(EmbedError::Remote(
                "the engine of this computer is busy elsewhere".to_owned(),
            )),
        };
        let mut state = self.pool.state();
        state.local_out = state.local_out.saturating_sub(1);
        let left = match embedded {
            Ok(vectors) => {
                #[expect(clippy::cast_precision_loss, reason = "some tens")]
                let pace = begun.elapsed().as_secs_f64() / pictures.len().max(1) as f64;
                state.local_pace = pace;
                fill(answers, piece.range.start, vectors);
                None
            }
            Err(error) => {
                let event = format!("the engine of this computer failed: {error}");
                state.local_fault = Some(event.clone());
                self.pool.link.tell(event);
                Some(piece)
            }
        };
        drop(state);
        self.pool.changed.notify_all();
        left
    }

    /// Sees all pictures of a batch through. `doubted` becomes a server whose answer made no
    /// sense.
    fn see_through(
        &mut self,
        batch: &[ModelInput],
        doubted: &mut Option<usize>,
    ) -> Result<Vec<Result<Embedding, EmbedError>>, EmbedError> {
        let mut answers: Answers = batch.iter().map(|_| None).collect();
        let mut waiting = vec![Piece {
            range: 0..batch.len(),
            attempt: 0,
        }];
        while let Some(mut piece) = waiting.pop() {
            if piece.range.is_empty() {
                continue;
            }
            let turn = self.pool.turn()?;
            let most = match &turn {
                Turn::Server { most, .. } => *most,
                Turn::Local => LOCAL_PIECE,
                Turn::Trial { .. } => usize::MAX,
            };
            if piece.range.len() > most {
                let cut = piece.range.start + most;
                waiting.push(Piece {
                    range: cut..piece.range.end,
                    attempt: piece.attempt,
                });
                piece.range.end = cut;
            }
            match turn {
                Turn::Server { index, ticket, .. } => {
                    let call = Call {
                        index,
                        ticket,
                        piece,
                    };
                    let left = self.at_server(call, batch, &mut answers, doubted)?;
                    waiting.extend(left);
                }
                Turn::Trial { index } => {
                    self.trial(index);
                    waiting.push(piece);
                }
                Turn::Local => waiting.extend(self.here(piece, batch, &mut answers)),
            }
        }
        // None is left open: every piece ends with an answer for each of its pictures.
        Ok(answers.into_iter().flatten().collect())
    }
}

impl Embedder for Worker {
    fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    fn batch_size(&self) -> usize {
        self.batch
    }

    fn wait_for_turn(&mut self) {
        self.pool.wait_for_turn();
    }

    fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError> {
        self.embed_each(batch)?.into_iter().collect()
    }

    fn embed_each(
        &mut self,
        batch: &[ModelInput],
    ) -> Result<Vec<Result<Embedding, EmbedError>>, EmbedError> {
        loop {
            let mut doubted = None;
            let answers = self.see_through(batch, &mut doubted)?;
            // Halves hide what the whole shows: a server that answers the same to everything.
            let Some(index) = doubted.filter(|_| is_suspicious(batch, &answers)) else {
                return Ok(answers);
            };
            let Err(fault) = self.prove(index, false) else {
                return Ok(answers);
            };
            self.suspect(index, &fault);
        }
    }
}

/// Whether different pictures were given one and the same vector.
fn is_suspicious(batch: &[ModelInput], answers: &[Result<Embedding, EmbedError>]) -> bool {
    let vectors = || answers.iter().filter_map(|answer| answer.as_ref().ok());
    let pictures_differ = batch.iter().zip(batch.iter().skip(1)).any(|(a, b)| a != b);
    vectors().count() > 1
        && pictures_differ
        && vectors().zip(vectors().skip(1)).all(|(a, b)| a == b)
}

/// Whether a request of a proof is worth another try at once, after `attempt` others.
fn may_go_better(error: &CallError, attempt: u32) -> bool {
    match error.kind {
        CallErrorKind::Failed => attempt + 1 < PROOF_TRIES,
        // Who is gone for longer than that is away, and the user is to hear of it.
        CallErrorKind::Unreachable => attempt == 0,
        _ => false,
    }
}

fn halves(range: &Range<usize>) -> Vec<Piece> {
    let middle = range.start + range.len() / 2;
    [middle..range.end, range.start..middle]
        .map(|range| Piece { range, attempt: 0 })
        .into()
}

fn fill(
    answers: &mut Answers,
    start: usize,
    vectors: impl IntoIterator<Item = Result<Embedding, EmbedError>>,
) {
    let places = answers.iter_mut().skip(start);
    for (place, vector) in places.zip(vectors) {
        *place = Some(vector);
    }
}
