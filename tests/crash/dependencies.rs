//! Jobs that wait for others: nothing starts before what it depends on has ended as it wants, and what
//! an unfinished job depends on is not deleted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::motion::{Law, must};
use crate::picture::{ERROR, Job, Picture, SUCCESS, is_final, word};
use crate::purged::Purged;

/// An opcode that wants another job to end before it.
#[derive(Debug, Clone)]
struct Wish {
    of: (i64, u32),
    on: i64,
    /// In which states; any in which it has run, if there is none.
    states: BTreeSet<String>,
}

impl Wish {
    fn all((of, input): (&(i64, u32), &Value)) -> Vec<Wish> {
        let list = input["depends"].as_array().map_or(&[][..], Vec::as_slice);
        let wish = |one: &Value| {
            let states = one.get(1)?.as_array()?.iter();
            Some(Wish {
                of: *of,
                on: one.get(0)?.as_i64()?,
                states: states
                    .filter_map(|w| Some(w.as_str()?.to_owned()))
                    .collect(),
            })
        };
        list.iter().filter_map(wish).collect()
    }

    /// It has started.
    fn is_met(&self, job: &Job) -> Law {
        let fits = match self.states.is_empty() {
            true => matches!(job.status, SUCCESS | ERROR),
            false => self.states.contains(word(job.status)),
        };
        must!(
            fits,
            "{:?} started while job {} was {}, it wants {:?}",
            self.of,
            self.on,
            word(job.status),
            self.states
        );
        Ok(())
    }
}

/// What is seen of dependencies.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// Wishes of opcodes that started, ended, and outlived the other job between two pictures. How
    /// that one ended is in the file to which it was exported.
    outlived: Vec<Wish>,
}

impl Dependencies {
    pub fn look(
        &mut self,
        last: &Picture,
        now: &Picture,
        inputs: &BTreeMap<(i64, u32), Value>,
    ) -> Law {
        let known = inputs.iter().filter(|(key, _)| now.ops.contains_key(key));
        for wish in known.flat_map(Wish::all) {
            let starts = |picture: &Picture| picture.ops.get(&wish.of).map_or(0, |op| op.starts);
            let started = starts(now) > 0 && starts(last) == 0;
            match now.jobs.get(&wish.on) {
                Some(job) if started => wish.is_met(job)?,
                Some(_) => {}
                None => {
                    let over = now
                        .jobs
                        .get(&wish.of.0)
                        .is_some_and(|job| is_final(job.status));
                    must!(
                        over && Purged::may_hold(now, wish.on),
                        "{:?} depends on job {}, which is not there",
                        wish.of,
                        wish.on
                    );
                    if started {
                        self.outlived.push(wish);
                    }
                }
            }
        }
        Ok(())
    }

    /// At the end of a story all that was deleted is known.
    pub fn remember(&self, purged: &Purged) -> Law {
        for wish in &self.outlived {
            let Some(job) = purged.job(wish.on) else {
                return Err(format!("{wish:?}, and that job never was"));
            };
            wish.is_met(job)?;
        }
        Ok(())
    }
}
