//! The workers: threads that run logical units and hand their outcomes to the writer.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::allocator::World;
use crate::allocator::external::Allocators;
use crate::hypervisor::{Driver, Interrupt, Progress};
use crate::limits::cut_message;
use crate::lu::{Callbacks, Env, Failure, Limits as VerbLimits};
use crate::opcodes::{ErrorCode, OpError, Opcode};
use crate::processor::{self, Finished};
use crate::queue::JobId;

use super::log;
use super::mail::Post;
use super::starts::uncertain;

/// A worker's stack: units do not recurse, and there may be hundreds of workers.
const STACK_BYTES: usize = 512 << 10;

/// One opcode that is to be run.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its job.
    pub job: JobId,
    /// Its place in the job, from 0.
    pub index: u32,
    /// The opcode.
    pub opcode: Arc<Opcode>,
    /// The world at the moment at which its locks were granted.
    pub world: Arc<World>,
    /// By which it is told to give up.
    pub interrupt: Arc<Interrupt>,
    /// How often it has been started, from 1.
    pub attempt: u32,
    /// How long its verbs may take.
    pub limits: Arc<VerbLimits>,
    /// The external allocators that it can ask.
    pub allocators: Arc<Allocators>,
}

/// What the writer is told.
#[derive(Debug)]
pub enum Message {
    /// An opcode has ended.
    Done(Box<Done>),
    /// An opcode logs a line.
    Log {
        /// Its job.
        job: JobId,
        /// Its place in the job.
        index: u32,
        /// When, in microseconds since 1970.
        time: i64,
        /// The line.
        text: String,
    },
    /// An opcode tells how far it is.
    Progress {
        /// Its job.
        job: JobId,
        /// Its place in the job.
        index: u32,
        /// How far.
        progress: Progress,
    },
    /// Something in the database concerns the runner.
    Look,
    /// Leave: start nothing, and end soon.
    Leave,
}

/// How an opcode ended.
#[derive(Debug)]
pub struct Done {
    /// Its job.
    pub job: JobId,
    /// Its place in the job.
    pub index: u32,
    /// How.
    pub finished: Finished,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Waiting>,
    there_is_work: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: VecDeque<Task>,
    idle: usize,
    closed: bool,
}

/// The threads. As many are made as run at once; they stay.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    driver: Driver,
    scratch: Arc<Path>,
    writer: Post,
}

impl Pool {
    /// A pool whose workers tell `writer`, and make what files they need in `scratch`.
    #[must_use]
    pub fn new(driver: Driver, scratch: &Path, writer: Post) -> Pool {
        Pool {
            shared: Arc::default(),
            driver,
            scratch: scratch.into(),
            writer,
        }
    }

    /// Runs a task as soon as there is a thread, which there is unless the system refuses one.
    pub fn run(&self, task: Task) {
        let mut queue = self.lock();
        queue.tasks.push_back(task);
        let need_more = queue.tasks.len() > queue.idle;
        drop(queue);
        if need_more {
            self.spawn();
        }
        self.shared.there_is_work.notify_one();
    }

    fn spawn(&self) {
        let shared = Arc::clone(&self.shared);
        let driver = self.driver.clone();
        let scratch = Arc::clone(&self.scratch);
        let writer = self.writer.clone();
        let work = move || {
            while let Some(task) = next(&shared) {
                let done = Box::new(run(&task, &driver, &scratch, &writer));
                if !writer.send(Message::Done(done)) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("worker".into());
        if let Err(error) = thread.stack_size(STACK_BYTES).spawn(work) {
            // The task stays in the queue: the next thread that is free takes it.
            log::note(None, &format!("no thread for a worker: {error}"));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        let queue = self.shared.queue.lock();
        queue.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.lock().closed = true;
        self.shared.there_is_work.notify_all();
    }
}

fn next(shared: &Shared) -> Option<Task> {
    let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(task) = queue.tasks.pop_front() {
            return Some(task);
        }
        if queue.closed {
            return None;
        }
        queue.idle += 1;
        let woken = shared.there_is_work.wait(queue);
        queue = woken.unwrap_or_else(PoisonError::into_inner);
        queue.idle -= 1;
    }
}

struct ToWriter<'a> {
    task: &'a Task,
    writer: &'a Post,
}

impl ToWriter<'_> {
    fn send(&self, message: Message) {
        // Without a writer the process is about to end.
        let _ = self.writer.send(message);
    }
}

impl Callbacks for ToWriter<'_> {
    fn feedback(&self, message: &str) {
        self.send(Message::Log {
            job: self.task.job,
            index: self.task.index,
            time: crate::clock::now(),
            text: cut_message(message).into_owned(),
        });
    }

    fn progress(&self, progress: Progress) {
        self.send(Message::Progress {
            job: self.task.job,
            index: self.task.index,
            progress,
        });
    }
}

/// Runs one opcode. A unit that panics fails its opcode and nothing else.
fn run(task: &Task, driver: &Driver, scratch: &Path, writer: &Post) -> Done {
    let callbacks = ToWriter { task, writer };
    let env = Env {
        world: &task.world,
        driver,
        callbacks: &callbacks,
        interrupt: &task.interrupt,
        job: task.job,
        index: task.index,
        common: &task.opcode.common,
        attempt: task.attempt,
        limits: &task.limits,
        allocators: &task.allocators,
        scratch,
    };
    let finished = catch_unwind(AssertUnwindSafe(|| processor::run(&task.opcode, &env)));
    let finished = finished.unwrap_or_else(|panic| Err(panicked(task, &*panic)));
    let finished = finished.map_err(|mut failure| {
        failure.error.message = cut_message(&failure.error.message).into_owned();
        failure
    });
    Done {
        job: task.job,
        index: task.index,
        finished,
    }
}

/// The failure of an opcode whose unit panicked: its text, for the log and for whoever waits.
fn panicked(task: &Task, panic: &(dyn Any + Send)) -> Failure {
    let text = (panic.downcast_ref::<&str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default();
    log::note(
        Some(task.job),
        &format!("{} panicked: {text}", task.opcode.op.id()),
    );
    let message = format!("Internal assertion error: {text}");
    // Whatever it had begun may be half done.
    let edit = uncertain(
        &task.world.config,
        &task.opcode,
        cut_message(&message).as_ref(),
    );
    let error = OpError::exec(message).code(ErrorCode::InternalError);
    let mut failure = Failure::from(
        error.hint("this is a bug in gnt; runner.log in the state directory has more"),
    );
    failure.edits.extend(edit);
    failure
}
