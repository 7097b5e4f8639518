//! Failures of hosts, containers and processes, and their ends.

use std::time::{Duration, Instant};

use macvlan_tests::Outcome;
use nix::sys::signal::Signal;

use crate::proxy::Passage;
use crate::scene::{Scene, signal};

/// The end of a failure.
pub(crate) enum Undo {
    /// A host can reach etcd again.
    Open(usize),
    /// A process of a host, given by its pid, continues.
    GoOn(usize, u32),
}

impl Scene {
    pub(crate) fn something_happens(&mut self) -> Outcome {
        self.happened += 1;
        let host = self.rng.usize(..self.hosts.len());
        let brief = Duration::from_millis(self.rng.u64(50..1000));
        match self.rng.u8(0..100) {
            0..60 => {
                let at = self.rng.usize(..self.hosts[host].slots.len());
                self.restart(host, at)
            }
            60..72 if self.away != Some(host) => {
                let at = self.rng.usize(..self.hosts[host].workers.len());
                self.kill(host, at)
            }
            72..80 if self.away != Some(host) => {
                let at = self.rng.usize(..self.hosts[host].workers.len());
                self.stop(host, at, brief)
            }
            80..90 => {
                let how = self.some_cut();
                self.cut(host, how, brief);
                Ok(())
            }
            90..92 if self.away != Some(host) => {
                self.diary.note(&format!("{} is started again", self.hosts[host].name));
                for at in 0..self.hosts[host].workers.len() {
                    self.kill(host, at)?;
                }
                (0..self.hosts[host].slots.len()).try_for_each(|at| self.restart(host, at))
            }
            92 => match &mut self.etcd {
                Some(etcd) => {
                    self.diary.note("etcd is started again");
                    etcd.start_again()
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Keeps a host out of contact for a time: its connection is cut, or its processes are stopped.
    pub(crate) fn go_away(&mut self, time: Duration) -> Outcome {
        let host = self.rng.usize(..self.hosts.len());
        if self.rng.bool() {
            let how = self.some_cut();
            self.cut(host, how, time);
            return Ok(());
        }
        // A process that is started later would keep the host alive.
        self.away = Some(host);
        (0..self.hosts[host].workers.len()).try_for_each(|at| self.stop(host, at, time))
    }

    fn restart(&mut self, host: usize, at: usize) -> Outcome {
        let (directory, host) = (&self.directory, &mut self.hosts[host]);
        let slot = &mut host.slots[at];
        let before = slot.inside;
        slot.restart(directory, &host.name)?;
        let (id, now) = (&slot.id, slot.inside);
        self.diary.note(&format!("{id} on {} from net:[{before}] to net:[{now}]", host.name));
        Ok(())
    }

    fn kill(&mut self, host: usize, at: usize) -> Outcome {
        let mut worker = self.hosts[host].workers.swap_remove(at);
        if worker.has_ended()? {
            // A process that has failed reports why.
            worker.finish()?;
        } else {
            self.diary.note(&format!("kill process {} of h{host}", worker.pid()));
            worker.kill()?;
        }
        self.start_worker(host)
    }

    fn stop(&mut self, host: usize, at: usize, time: Duration) -> Outcome {
        let worker = &self.hosts[host].workers[at];
        let pid = worker.pid();
        self.diary.note(&format!("stop process {pid} of h{host} for {time:?}"));
        signal(worker, Signal::SIGSTOP)?;
        self.undos.push((Instant::now() + time, Undo::GoOn(host, pid)));
        Ok(())
    }

    fn some_cut(&mut self) -> Passage {
        if self.rng.bool() { Passage::Held } else { Passage::Closed }
    }

    fn cut(&mut self, host: usize, how: Passage, time: Duration) {
        let Some(way) = &self.hosts[host].way else { return };
        self.diary.note(&format!("h{host}'s way to etcd is {how:?} for {time:?}"));
        way.set(how);
        self.undos.push((Instant::now() + time, Undo::Open(host)));
    }

    /// Ends the failures that are due.
    pub(crate) fn undo(&mut self, until: Instant) -> Outcome {
        let all = std::mem::take(&mut self.undos).into_iter();
        let (due, later) = all.partition(|(when, _)| *when <= until);
        self.undos = later;
        for (_, undo) in Vec::<(Instant, Undo)>::into_iter(due) {
            match undo {
                // It may be cut for longer by now.
                Undo::Open(host) if !self.is_cut_later(host) => {
                    self.diary.note(&format!("h{host}'s way to etcd is open"));
                    if let Some(way) = &self.hosts[host].way {
                        way.set(Passage::Open);
                    }
                }
                Undo::Open(_) => {}
                Undo::GoOn(host, pid) => {
                    // A process that was killed does not continue.
                    let is_it = |worker: &&macvlan_tests::Actor| worker.pid() == pid;
                    if let Some(worker) = self.hosts[host].workers.iter().find(is_it) {
                        self.diary.note(&format!("process {pid} of h{host} goes on"));
                        signal(worker, Signal::SIGCONT)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn is_cut_later(&self, host: usize) -> bool {
        self.undos.iter().any(|(_, undo)| matches!(undo, Undo::Open(other) if *other == host))
    }

    /// Ends all failures.
    pub(crate) fn heal(&mut self) -> Outcome {
        let latest = self.undos.iter().map(|(when, _)| *when).max();
        latest.map_or(Ok(()), |latest| self.undo(latest))
    }
}
