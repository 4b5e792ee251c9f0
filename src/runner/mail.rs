//! What the writing thread is told, and how it sleeps until somebody tells it something.
//!
//! It waits for two things at once: messages of workers and signals, and events of the wake file. One
//! thread for both means that a submission has one sleeper to wake, not two in a row.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::pool::Message;
use crate::store::{LOOK_WITHOUT_EVENTS, StateDir, Watch};

/// How messages are sent.
#[derive(Debug, Clone)]
pub struct Post {
    sender: Sender<Message>,
    bell: Arc<Bell>,
}

/// Wakes the one who reads the messages.
#[derive(Debug)]
struct Bell {
    /// Readable when it was rung; without one the reader looks often.
    fd: Option<EventFd>,
    /// Whether the reader sleeps, or is about to: while it works nobody rings.
    asleep: AtomicBool,
}

impl Post {
    /// Sends a message; `false` when nobody reads them any more.
    pub fn send(&self, message: Message) -> bool {
        let sent = self.sender.send(message).is_ok();
        if self.bell.asleep.swap(false, Ordering::SeqCst)
            && let Some(fd) = &self.bell.fd
        {
            // Full means that it was rung already.
            let _ = fd.write(1);
        }
        sent
    }
}

/// Where the messages arrive: one for the life of the process, which may begin anew many times.
#[derive(Debug)]
pub struct Mail {
    inbox: Receiver<Message>,
    post: Post,
    watch: Watch,
}

impl Mail {
    /// An empty one, which also hears of what concerns the runner of this directory.
    #[must_use]
    pub fn open(dir: &StateDir) -> Mail {
        let (sender, inbox) = mpsc::channel();
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let bell = Arc::new(Bell {
            fd: EventFd::from_flags(flags).ok(),
            asleep: AtomicBool::new(false),
        });
        Mail {
            inbox,
            post: Post { sender, bell },
            watch: Watch::runner(dir),
        }
    }

    /// For those who have something to say.
    #[must_use]
    pub fn post(&self) -> Post {
        self.post.clone()
    }

    /// Messages that have arrived.
    pub fn arrived(&self) -> impl Iterator<Item = Message> {
        self.inbox.try_iter()
    }

    /// The next message; sleeps until there is one, so long at most. An event of the wake file is one
    /// that says look.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> Option<Message> {
        if let Ok(message) = self.inbox.try_recv() {
            return Some(message);
        }
        let bell = &self.post.bell;
        bell.asleep.store(true, Ordering::SeqCst);
        // Sent before the reader was known to sleep.
        if let Ok(message) = self.inbox.try_recv() {
            bell.asleep.store(false, Ordering::SeqCst);
            return Some(message);
        }
        let heard = self.sleep(limit);
        bell.asleep.store(false, Ordering::SeqCst);
        if heard {
            return Some(Message::Look);
        }
        self.inbox.try_recv().ok()
    }

    /// Tells whether there was an event of the wake file, or may have been.
    fn sleep(&self, limit: Duration) -> bool {
        let events = self.watch.fd();
        let limit = match events {
            Some(_) => limit,
            None => limit.min(LOOK_WITHOUT_EVENTS),
        };
        let Some(bell) = &self.post.bell.fd else {
            std::thread::sleep(limit.min(LOOK_WITHOUT_EVENTS));
            return true;
        };
        let mut fds = vec![PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
        fds.extend(events.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        let millis = u16::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        if poll(&mut fds, PollTimeout::from(millis)).is_err() {
            // A signal, mostly; should it be something that stays, there is a pause.
            std::thread::sleep(limit.min(Duration::from_millis(1)));
            return true;
        }
        let heard = |fd: &PollFd<'_>| fd.any().unwrap_or(false);
        if heard(&fds[0]) {
            let _ = bell.read();
        }
        let event = fds.get(1).map(heard);
        if event == Some(true) {
            let _ = self.watch.drain();
        }
        event.unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a wake file")]
    fn a_message_wakes_the_reader_whenever_it_is_sent() {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(temp.path())).unwrap();
        std::fs::create_dir(temp.path().join("wake")).unwrap();
        let wake = temp.path().join("wake/runner");
        std::fs::write(&wake, "").unwrap();
        let mail = Mail::open(&dir);
        assert!(mail.watch.fd().is_some());
        let post = mail.post();
        const MESSAGES: usize = 20_000;
        let began = Instant::now();
        let sender = std::thread::spawn(move || {
            for nr in 0..MESSAGES {
                assert!(post.send(Message::Leave));
                if nr % 3 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut seen = 0;
        while seen < MESSAGES {
            if let Some(Message::Leave) = mail.wait(Duration::from_secs(20)) {
                seen += 1;
            }
        }
        sender.join().unwrap();
        assert!(mail.wait(Duration::from_millis(1)).is_none());
        std::fs::read(&wake).unwrap();
        assert!(matches!(
            mail.wait(Duration::from_secs(20)),
            Some(Message::Look)
        ));
        assert!(began.elapsed() < Duration::from_secs(15));
    }
}
