//! Threads for transactions that compute.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    ops::Bound::{Excluded, Unbounded},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use tokio::runtime::Handle;

use crate::shim::observer::StreamId;

/// A pool of as many threads as there are cores. Streams take turns: one that has many transactions
/// here does not keep others from a thread for longer than what is being computed.
///
/// The threads start with the first transaction, and end when this is dropped.
pub(super) struct Workers {
    queues: Arc<Queues>,
}

/// What is handed to a worker.
pub(super) type WorkerTask = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Workers {
    /// Must be called in a Tokio runtime, which transactions may use.
    pub(super) fn new() -> Self {
        let queues = Queues {
            turns: Mutex::default(),
            ready: Condvar::new(),
            runtime: Handle::current(),
        };
        Self {
            queues: Arc::new(queues),
        }
    }

    /// Runs this to its end. It must not panic.
    pub(super) fn spawn(&self, stream: StreamId, work: WorkerTask) {
        let job = Arc::new(Job {
            stream,
            state: Mutex::new(JobState::Queued),
            work: Mutex::new(Some(work)),
            queues: Arc::downgrade(&self.queues),
        });
        self.start_threads();
        self.queues.push(job);
    }

    fn start_threads(&self) {
        let mut turns = self.queues.turns();
        if turns.started {
            return;
        }
        turns.started = true;
        drop(turns);
        let threads = thread::available_parallelism().map_or(2, |n| n.get().clamp(2, MOST));
        for _ in 0..threads {
            let queues = Arc::clone(&self.queues);
            let worker = thread::Builder::new().name("worker".to_owned());
            // a thread fewer is only slower; without any the time of each call runs out, and says so
            drop(worker.spawn(move || queues.work_off()));
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut turns = self.queues.turns();
        turns.closed = true;
        let left = std::mem::take(&mut turns.waiting);
        drop(turns);
        self.queues.ready.notify_all();
        drop(left);
    }
}

/// More threads than these would only take memory: a transaction computes for seconds at most.
const MOST: usize = 16;

struct Queues {
    turns: Mutex<Turns>,
    ready: Condvar,
    runtime: Handle,
}

#[derive(Default)]
struct Turns {
    // INVARIANT: no queue is empty
    waiting: BTreeMap<StreamId, VecDeque<Arc<Job>>>,
    /// The stream whose turn was last.
    last: Option<StreamId>,
    started: bool,
    closed: bool,
}

impl Turns {
    /// The oldest job of the stream whose turn it is.
    fn next(&mut self) -> Option<Arc<Job>> {
        let after = self.last.map_or(Unbounded, Excluded);
        let mut later = self.waiting.range((after, Unbounded));
        let (stream, _) = later.next().or_else(|| self.waiting.iter().next())?;
        let stream = *stream;
        self.last = Some(stream);
        let queue = self.waiting.get_mut(&stream)?;
        let job = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&stream);
        }
        job
    }
}

impl Queues {
    fn turns(&self) -> MutexGuard<'_, Turns> {
        // what is behind the lock is whole after every statement
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Arc<Job>) {
        let mut turns = self.turns();
        if !turns.closed {
            turns.waiting.entry(job.stream).or_default().push_back(job);
            drop(turns);
            self.ready.notify_one();
        }
    }

    /// What each thread does.
    fn work_off(&self) {
        let _entered = self.runtime.enter();
        let mut turns = self.turns();
        while !turns.closed {
            match turns.next() {
                Some(job) => {
                    drop(turns);
                    job.run();
                    turns = self.turns();
                }
                None => {
                    turns = self
                        .ready
                        .wait(turns)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// One transaction.
struct Job {
    stream: StreamId,
    state: Mutex<JobState>,
    /// `None` once it is done. Only the thread that runs the job locks it.
    work: Mutex<Option<WorkerTask>>,
    queues: Weak<Queues>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum JobState {
    /// It waits for an answer.
    Idle,
    Queued,
    Running,
    /// It runs, and what it waits for has come meanwhile.
    Woken,
}

impl Job {
    fn run(self: Arc<Self>) {
        *self.state() = JobState::Running;
        let waker = Waker::from(Arc::clone(&self));
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = work
            .as_mut()
            .map(|work| work.as_mut().poll(&mut Context::from_waker(&waker)));
        if polled != Some(Poll::Pending) {
            *work = None;
            return;
        }
        drop(work);
        let mut state = self.state();
        if *state == JobState::Woken {
            *state = JobState::Queued;
            drop(state);
            self.queue();
        } else {
            *state = JobState::Idle;
        }
    }

    fn queue(self: Arc<Self>) {
        if let Some(queues) = self.queues.upgrade() {
            queues.push(self);
        }
    }

    fn state(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        match *state {
            JobState::Idle => {
                *state = JobState::Queued;
                drop(state);
                self.queue();
            }
            JobState::Running => *state = JobState::Woken,
            JobState::Queued | JobState::Woken => {}
        }
    }
}
