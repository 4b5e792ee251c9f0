//! A cluster of virtual machines, run from the command line: Ganeti's model of opcodes, logical
//! units, a job queue and locks, without a daemon to set up.
//!
//! # What lives where
//!
//! In the order in which an opcode meets it:
//!
//! * [`cli`]: the tools. Reads arguments, submits one opcode, follows the jobs that come of it.
//! * [`opcodes`]: every operation as a typed value, and its form on the wire.
//! * [`queue`]: jobs and their states; submitting, cancelling, archiving, following.
//! * [`store`]: the embedded database that holds queue and configuration. All SQL stands there.
//! * [`runner`]: the background process: which job may start, one thread that writes, workers.
//! * [`locking`]: the names, levels and modes of locks, and the manager that grants them.
//! * [`processor`]: runs one opcode: checks it, executes it, submits the jobs that it returns.
//! * [`lu`]: the logical units, one an opcode. They know neither the queue nor the runner.
//! * [`allocator`]: where instances go.
//! * [`hypervisor`]: what runs instances and keeps their disks; the simulator is one.
//! * [`cluster`]: the configuration: groups, nodes, instances, disks; import and export.
//! * [`admin`]: what is done to a cluster as a whole: founding it, backing it up, holding it against
//!   reality, looking after it.
//! * [`text`]: what others wrote, shown so that it does nothing but be read.
//! * [`limits`]: what is accepted at most, of everything that somebody else chooses.
//! * [`signals`]: what interrupts a tool that waits.
//! * [`clock`]: what time it is.
//! * [`executable`]: programs that others wrote and we start.
//! * [`failpoints`]: where a test makes a process die, stand still or fail.
//!
//! # The way of one opcode
//!
//! ```text
//! gnt-node evacuate node3
//!     │  one opcode: OP_NODE_EVACUATE
//!     ▼
//! queue ──────────────► runner ──► processor ──► logical unit
//! (database)              ▲           │             │ returns ResultWithJobs([[op1, op2], [op3]])
//!     ▲                   │           │ callback: submit_many_jobs
//!     └───────────────────┴───────────┴── result {"jobs": [[true, 18], [false, "job queue is full"]]}
//!     │
//!     ▼
//! the client reads the ids, follows every child, and tells the truth at the end
//! ```
//!
//! An opcode's end is one transaction: its result, its edits of the configuration and the jobs that
//! it returned are on disk together or not at all. No unit waits for another job, and no client
//! decides what is to be moved.
//!
//! # Words
//!
//! Ganeti's where it has one, so that its users and its documents stay of use.
//!
//! * **Opcode**: one operation as data: a name such as `OP_INSTANCE_MIGRATE` and its parameters. Not
//!   a "command", which is what somebody types; one command submits one opcode.
//! * **Logical unit**: the code of one kind of opcode: which locks it takes, what must hold, what it
//!   does. The opcode says what is asked for; the unit knows how.
//! * **Job**: opcodes that run one after the other, and the unit of queueing: it has an id, a state, a
//!   priority. Where one opcode fails the rest of its job does not run.
//! * **Child job**: a job that an opcode returned, rather than a person. Its *parent* is the job of
//!   that opcode. Children are jobs like others: they wait for their own locks and fail alone.
//! * **Operation**: a job with all its descendants, named by the id of its first job, the *root*. It is
//!   what a person thinks of as "the evacuation of node3"; following, cancelling and capping mean it.
//! * **Deadline**: a moment of the wall clock after which nothing of an operation begins. It is given with
//!   the root's opcode, and the runner holds to it. Not a "timeout", which is how long somebody waits.
//! * **Runner**: the process that executes a state directory's jobs. Not a "daemon" or "master": nobody
//!   sets it up, the tools start it, and it leaves when there is nothing to do.
//! * **Epoch**: a number that each runner raises as it starts. A runner that finds another one in the
//!   database knows that it has been replaced, and writes no more.
//! * **Claim**: room that a planned move will need on a node, until its job ends. Not a "reservation"
//!   that somebody makes: it comes and goes with the job. Plans count configuration and claims, so two
//!   evacuations at once do not overbook a node.
//! * **Allocator**: a program outside that chooses nodes in place of the built-in placement, such as
//!   `hail`. It proposes; whether an instance may go there is decided here.
//! * **World**: what a unit sees while it plans: one consistent state of configuration and claims.
//! * **Reality**: what the driver says is so: what runs where, which copies are in sync. The
//!   configuration is what should be; where they differ, reality is right about the present.
//! * **Driver**: what really runs a cluster's instances, such as the simulator `fake`. A word of its own
//!   because *hypervisor* is, in imported clusters, a name that is only kept as data.
//! * **Node**: a host that runs instances and holds copies of their disks. *Offline*: declared dead.
//!   *Drained*: given nothing new; what it has stays until it is evacuated.
//! * **Primary node**: where an instance runs, or would run. **Secondary node**: where the second copy of
//!   a mirrored instance's disks is; only there can it go without copying its disks first.
//! * **Node group**: nodes between which instances may move.
//! * **Disk template**: how an instance's disks are kept: `drbd` has two copies on two nodes, `rbd` and
//!   `sharedfile` are reached from all, `plain` and `file` are on one node and cannot leave it.
//! * **Instance**: a virtual machine as the cluster knows it, running or not.
//! * **Feedback**: lines that a unit says while it executes, kept with its job.
//! * **Drain** (the queue): takes no jobs, finishes those that it has. **Hold**: takes jobs, starts none.
//!   Two words since either is wanted without the other.
//! * **Archive**: to put a finished job away: it is listed only if asked for. **Purge**: to delete what was
//!   archived, for ever.
//! * **Watcher**: what cron calls: it starts what should run and does not, through jobs like anybody else.
//! * **Adopt**: a runner follows to its end what its dead predecessor began and what is still under way
//!   in reality, instead of beginning again.
//!   Of guests of real machines, another thing: to take one into the configuration as it is. **Forget** gives
//!   it back.
//! * **Machine**: what a node really is, where the driver is not the simulator. *Fencing* cuts its power, so
//!   that nothing can run there any more.
//! * **Uncertain**: an instance of which nobody could tell what became of it, as when a node gave no
//!   answer. Opcodes refuse it until `gnt-instance migrate --cleanup` has had one.

pub mod admin;
pub mod allocator;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod executable;
pub mod failpoints;
pub mod hypervisor;
pub mod limits;
pub mod locking;
pub mod lu;
pub mod opcodes;
pub mod processor;
mod program;
pub mod queue;
pub mod runner;
pub mod signals;
pub mod store;
pub mod text;

#[cfg(test)]
mod testing;
