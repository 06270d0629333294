//! Runs the steps of a long command: says what it does, measures, and stops at the first failure.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::repo::{Result, command_line};

/// The steps done so far.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    time: Duration,
    ok: bool,
}

impl Steps {
    /// Runs a command as part of the step `name`. Its output goes straight to the terminal.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> Result {
        let line = command_line(command);
        self.task(name, &line, || match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(format!("cannot start it: {error}")),
        })
    }

    /// Runs `task` as part of the step `name`; `line` is the command that does the same alone.
    pub(crate) fn task(&mut self, name: &str, line: &str, task: impl FnOnce() -> Result) -> Result {
        println!("==> {line}");
        let started = Instant::now();
        let outcome = task();
        let time = started.elapsed();
        println!("    {name}: {:.1} s", time.as_secs_f64());
        self.add(name, time, outcome.is_ok());
        outcome.map_err(|message| {
            format!("the step `{name}` failed: {message}\n       run it again with: {line}")
        })
    }

    /// Commands of one name in a row are one step.
    fn add(&mut self, name: &str, time: Duration, ok: bool) {
        match self.done.last_mut() {
            Some(last) if last.name == name => {
                last.time += time;
                last.ok &= ok;
            }
            _ => self.done.push(Step { name: name.to_owned(), time, ok }),
        }
    }

    pub(crate) fn print_summary(&self) {
        let width = self.done.iter().map(|step| step.name.len()).max().unwrap_or_default();
        println!();
        for Step { name, time, ok } in &self.done {
            let mark = if *ok { "ok" } else { "FAILED" };
            println!("{name:width$}  {:8.1} s  {mark}", time.as_secs_f64());
        }
        let sum: Duration = self.done.iter().map(|step| step.time).sum();
        println!("{:width$}  {:8.1} s", "all", sum.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_step_and_the_command() {
        let mut steps = Steps::default();
        let message = steps.task("lint", "cargo clippy", || Err("3 faults".into())).unwrap_err();
        assert!(message.contains("`lint` failed: 3 faults"), "{message}");
        assert!(message.ends_with("cargo clippy"), "{message}");
        assert!(!steps.done[0].ok);
    }

    #[test]
    fn commands_of_one_name_in_a_row_are_one_step() {
        let mut steps = Steps::default();
        for (name, ok) in [("a", true), ("b", true), ("b", false), ("a", true)] {
            steps.add(name, Duration::from_secs(1), ok);
        }
        let done: Vec<_> = steps
            .done
            .iter()
            .map(|step| (step.name.as_str(), step.time.as_secs(), step.ok))
            .collect();
        assert_eq!(done, [("a", 1, true), ("b", 2, false), ("a", 1, true)]);
    }
}
