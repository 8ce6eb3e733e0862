//! Engines of this machine as a service: each embedder has one thread, and requests wait in one
//! queue for a free one.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::load::{Served, Service};
use super::schema::Stages;
use super::{BenchError, milliseconds};
use crate::embed::{Embedder, ModelInput};

/// More than callers at once, so that none waits to ask: what waits, waits in the queue.
const QUEUE: usize = 1024;

/// Pictures from `start`, to be embedded in one call.
struct Job {
    start: usize,
    count: usize,
    asked: Instant,
    reply: Sender<Reply>,
}

struct Reply {
    queue: Duration,
    compute: Duration,
    finished: Instant,
    result: Result<usize, String>,
}

/// Embedders at work until this value is dropped.
pub(super) struct LocalService {
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
    pictures: usize,
}

impl LocalService {
    /// Starts a thread for each embedder. Requests take the pictures one after the other, again
    /// from the first when all were taken; `most` is the largest batch.
    ///
    /// # Errors
    /// [`BenchError::NoPhotos`] without pictures, [`BenchError::Thread`] if a thread cannot be
    /// started.
    pub(super) fn start(
        embedders: Vec<Box<dyn Embedder>>,
        pictures: &[ModelInput],
        most: usize,
    ) -> Result<Self, BenchError> {
        if pictures.is_empty() {
            return Err(BenchError::NoPhotos);
        }
        // So far beyond the end that a batch from any picture is one slice.
        let ring: Arc<[ModelInput]> = pictures
            .iter()
            .cycle()
            .take(pictures.len() + most)
            .cloned()
            .collect();
        let (jobs, queue) = bounded(QUEUE);
        let mut service = Self {
            jobs: Some(jobs),
            workers: Vec::new(),
            pictures: pictures.len(),
        };
        for (number, embedder) in embedders.into_iter().enumerate() {
            let (queue, ring) = (queue.clone(), Arc::clone(&ring));
            let worker = thread::Builder::new()
                .name(format!("bench-embedder-{number}"))
                .spawn(move || work(embedder, &queue, &ring))
                .map_err(BenchError::Thread)?;
            service.workers.push(worker);
        }
        Ok(service)
    }

    /// How many embedders share the requests.
    #[must_use]
    pub(super) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Requests of so many pictures, each in one call or `is_split` over all embedders.
    #[must_use]
    pub(super) fn requests(&self, batch: usize, is_split: bool) -> Requests<'_> {
        Requests {
            service: self,
            batch: batch.max(1),
            parts: if is_split {
                self.workers().clamp(1, batch.max(1))
            } else {
                1
            },
        }
    }
}

impl Drop for LocalService {
    fn drop(&mut self) {
        // With the last sender gone the queue ends, and with it the threads.
        self.jobs = None;
        for worker in self.workers.drain(..) {
            // Engines catch their panics; if one gets through, its requests have failed visibly.
            worker.join().ok();
        }
    }
}

/// The life of one embedder's thread.
fn work(mut embedder: Box<dyn Embedder>, queue: &Receiver<Job>, ring: &[ModelInput]) {
    for job in queue {
        let begun = Instant::now();
        let result = match ring.get(job.start..job.start + job.count) {
            Some(pictures) => embedder
                .embed(pictures)
                .map(|vectors| vectors.len())
                .map_err(|error| error.to_string()),
            None => Err("a batch is larger than was said at the start".to_owned()),
        };
        let finished = Instant::now();
        let reply = Reply {
            queue: begun - job.asked,
            compute: finished - begun,
            finished,
            result,
        };
        // Who asked always waits for the reply.
        job.reply.send(reply).ok();
    }
}

/// Requests of one size.
pub(super) struct Requests<'a> {
    service: &'a LocalService,
    batch: usize,
    parts: usize,
}

impl Service for Requests<'_> {
    fn serve(&self, index: u64) -> Result<Served, String> {
        let gone = || "the engine's thread has ended".to_owned();
        let jobs = self.service.jobs.as_ref().ok_or_else(gone)?;
        let (reply, replies) = bounded(self.parts);
        let asked = Instant::now();
        let size = self.batch.div_ceil(self.parts);
        let all = self.service.pictures as u64;
        let first = index.wrapping_mul(self.batch as u64);
        for part in (0..self.batch).step_by(size) {
            let start = first.wrapping_add(part as u64) % all;
            let job = Job {
                start: usize::try_from(start).unwrap_or(0),
                count: size.min(self.batch - part),
                asked,
                reply: reply.clone(),
            };
            jobs.send(job).map_err(|_closed| gone())?;
        }
        drop(reply);
        let mut served = Served::default();
        // The part that is last makes the latency: its stages count.
        for reply in replies {
            let images = reply.result?;
            served.images += u32::try_from(images).unwrap_or(u32::MAX);
            served.stages = Stages {
                queue: Some(milliseconds(reply.queue)),
                compute: Some(milliseconds(reply.compute)),
                // Until this thread runs again, which on a busy machine takes its time.
                receive: Some(milliseconds(reply.finished.elapsed())),
                ..Stages::default()
            };
        }
        if served.images as usize == self.batch {
            Ok(served)
        } else {
            Err(gone())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::bench::load::{self, Pacing, Timing};
    use crate::embed::{EmbedError, Embedding, EngineInfo};

    /// Takes 4 ms a picture and writes down what it was given.
    struct Slow {
        info: EngineInfo,
        seen: Arc<Mutex<Vec<Vec<u8>>>>,
    }

    impl Embedder for Slow {
        fn engine(&self) -> &EngineInfo {
            &self.info
        }

        fn batch_size(&self) -> usize {
            1
        }

        fn embed(&mut self, batch: &[ModelInput]) -> Result<Vec<Embedding>, EmbedError> {
            let names: Vec<u8> = batch.iter().map(|picture| picture.rgb[0]).collect();
            self.seen.lock().unwrap().push(names.clone());
            thread::sleep(Duration::from_millis(4) * u32::try_from(batch.len()).unwrap());
            if names.contains(&99) {
                return Err(EmbedError::BadOutput("nonsense".to_owned()));
            }
            batch
                .iter()
                .map(|_| Embedding::from_raw(&[1.0, 0.0]))
                .collect()
        }
    }

    fn service(workers: usize, pictures: &[u8]) -> (LocalService, Arc<Mutex<Vec<Vec<u8>>>>) {
        let seen = Arc::new(Mutex::default());
        let info = EngineInfo {
            name: "slow".into(),
            runtime: String::new(),
            provider: "cpu".into(),
        };
        let embedders = (0..workers).map(|_| {
            Box::new(Slow {
                info: info.clone(),
                seen: Arc::clone(&seen),
            }) as Box<dyn Embedder>
        });
        let pictures: Vec<ModelInput> = pictures
            .iter()
            .map(|name| ModelInput {
                side: 1,
                rgb: vec![*name; 3],
            })
            .collect();
        let service = LocalService::start(embedders.collect(), &pictures, 8).unwrap();
        (service, seen)
    }

    #[test]
    fn requests_go_through_the_pictures_in_turn() {
        let (service, seen) = service(1, &[1, 2, 3]);
        for index in 0..3 {
            assert_eq!(service.requests(2, false).serve(index).unwrap().images, 2);
        }
        // More than there are pictures: they come again.
        assert_eq!(service.requests(8, false).serve(0).unwrap().images, 8);
        let seen = seen.lock().unwrap();
        assert_eq!(seen[..3], [vec![1, 2], vec![3, 1], vec![2, 3]]);
        assert_eq!(seen[3], [1, 2, 3, 1, 2, 3, 1, 2]);
    }

    #[test]
    fn a_split_request_is_shared_by_all_embedders() {
        let (service, seen) = service(3, &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(service.requests(8, true).serve(0).unwrap().images, 8);
        let mut parts = seen.lock().unwrap().clone();
        parts.sort();
        assert_eq!(parts, [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8]]);
    }

    #[test]
    fn waiting_and_computing_add_up_to_the_latency() {
        let (service, _) = service(1, &[1, 2]);
        let timing = Timing {
            warm_up: Duration::from_millis(20),
            longest: Duration::from_millis(500),
            ..Timing::default()
        };
        let pacing = Pacing::Closed { callers: 4 };
        let cancel = AtomicBool::new(false);
        let requests = service.requests(1, false);
        let outcome = load::run(&requests, pacing, &timing, &cancel, &mut |_| ()).unwrap();
        let (queue, compute) = (
            outcome.stages.queue.unwrap(),
            outcome.stages.compute.unwrap(),
        );
        let receive = outcome.stages.receive.unwrap();
        let whole = outcome.latencies.summary().mean.unwrap();
        assert!(
            (queue + compute + receive - whole).abs() < 0.05 * whole,
            "{queue} {compute} {receive} {whole}"
        );
        assert!(
            queue > 2.0 * compute,
            "three wait for the one that is served"
        );
    }

    #[test]
    fn a_failing_engine_is_an_error_of_the_request() {
        let (service, _) = service(1, &[99]);
        let error = service.requests(1, false).serve(0).unwrap_err();
        assert!(error.contains("nonsense"), "{error}");
        let error = service.requests(64, false).serve(0).unwrap_err();
        assert!(error.contains("larger"), "{error}");
        assert!(matches!(
            LocalService::start(Vec::new(), &[], 1),
            Err(BenchError::NoPhotos)
        ));
    }
}
