//! `cargo xtask bench`: our side against its peers, in the same minutes on the same machine.
//!
//! Bare numbers hold for one machine on one day; what we promise are ratios. So both sides run in
//! turn, eleven times, and each round gives one ratio. What both spend on building the request is
//! measured by a case of its own and taken off.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};

use crate::peers::in_path;
use crate::repo::{self, Repo, Result};

const ROUNDS: usize = 11;
const CALLS: u32 = 300_000;

/// Two counts of calls whose difference is free of what starting and ending the program costs.
const INSTRUCTION_CALLS: [u32; 2] = [2_100, 9_100];

const OUR_MANIFEST: &str = "benches/Cargo.toml";
const PEER_MANIFEST: &str = "benches/peers/Cargo.toml";

/// A case has a name on each side, and a goal for ours / peer.
#[derive(Debug)]
struct Case {
    ours: &'static str,
    peer: &'static str,
    /// What building the request alone is called on the peer's side; none: the peer is our side, too.
    peer_base: Option<&'static str>,
    goal: f64,
    what: &'static str,
}

/// Building the request alone.
const BASE: &str = "build";

const INPROC: [Case; 3] = [
    Case {
        ours: "headers5",
        peer: "axum_headers5",
        peer_base: Some(BASE),
        goal: 0.33,
        what: "five middlewares that set a header each; peer: axum with five layers of tower-http",
    },
    Case {
        ours: "headers5",
        peer: "axum_headers5_apart",
        peer_base: Some(BASE),
        goal: 0.33,
        what: "the same; peer: the same, by five calls of `Router::layer`",
    },
    Case {
        ours: "headers5",
        peer: "axum_layers5",
        peer_base: Some(BASE),
        goal: 0.33,
        what: "the same; peer: axum with header, timeout, compression, catch-panic and trace",
    },
];

const DISPATCH: [Case; 7] = [
    Case {
        ours: "mount1",
        peer: "axum_nest1",
        peer_base: Some(BASE),
        goal: 1.0,
        what: "an app mounted by prefix; peer: axum's nest",
    },
    Case {
        ours: "mount10",
        peer: "axum_nest10",
        peer_base: Some(BASE),
        goal: 1.0,
        what: "the same, the last of ten",
    },
    Case {
        ours: "mount1000",
        peer: "axum_nest1000",
        peer_base: Some(BASE),
        goal: 1.0,
        what: "the same, the last of a thousand",
    },
    Case {
        ours: "mount1",
        peer: "actix_scope1",
        peer_base: Some("build_actix"),
        goal: 1.0,
        what: "an app mounted by prefix; peer: actix-web's scope",
    },
    Case {
        ours: "mount10",
        peer: "actix_scope10",
        peer_base: Some("build_actix"),
        goal: 1.0,
        what: "the same, the last of ten",
    },
    Case {
        ours: "mount1000",
        peer: "actix_scope1000",
        peer_base: Some("build_actix"),
        goal: 1.0,
        what: "the same, the last of a thousand",
    },
    Case {
        ours: "mount1000",
        peer: "mount10",
        peer_base: None,
        goal: 1.3,
        what: "a thousand mounts beside ten, both ours",
    },
];

/// Options of `cargo xtask bench`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Which bench; without it all
    name: Option<Name>,
    /// Fails if a goal is missed
    #[arg(long)]
    check: bool,
    /// Also counts instructions per call with valgrind
    #[arg(long)]
    instructions: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Calls within one process: no socket, no parser
    Inproc,
    /// The same, of apps that are mounted by prefix
    Dispatch,
}

pub(crate) fn run(options: &Options) -> Result {
    let cases: Vec<&Case> = match options.name {
        Some(Name::Inproc) => INPROC.iter().collect(),
        Some(Name::Dispatch) => DISPATCH.iter().collect(),
        None => INPROC.iter().chain(&DISPATCH).collect(),
    };
    inproc(options, &cases)
}

fn inproc(options: &Options, cases: &[&Case]) -> Result {
    if options.instructions && !in_path("valgrind") {
        return Err(
            "--instructions needs valgrind; install it (Debian: apt-get install valgrind)".into()
        );
    }
    same_profile(&Repo::load()?)?;
    let ours = build(OUR_MANIFEST, "paste-inproc")?;
    let peer = build(PEER_MANIFEST, "peer-inproc")?;
    let mut missed = Vec::new();
    for case in cases {
        let peer = if case.peer_base.is_some() { &peer } else { &ours };
        println!("{} / {}: {}", case.ours, case.peer, case.what);
        let measured = measure(&ours, peer, case)?;
        print_times(case, &measured);
        if options.instructions {
            print_instructions(&ours, peer, case)?;
        }
        if measured.ratio() > case.goal {
            missed.push(format!("{} / {}", case.ours, case.peer));
        }
    }
    if options.check && !missed.is_empty() {
        return Err(format!("goal missed: {}", missed.join(", ")));
    }
    Ok(())
}

/// The peers are a workspace of their own, so that features shared with us change neither side; but
/// with other optimizations than ours they would be no measure.
fn same_profile(repo: &Repo) -> Result {
    let release = |path: &str| repo.manifest(path)?.get("profile")?.get("release").cloned();
    if release("Cargo.toml") == release(PEER_MANIFEST) {
        return Ok(());
    }
    Err(format!("copy `[profile.release]` from Cargo.toml to {PEER_MANIFEST}: the two differ"))
}

/// Builds a package in release mode and tells where its program lies.
fn build(manifest: &str, program: &str) -> Result<PathBuf> {
    println!("==> cargo build --release --manifest-path {manifest}");
    let mut command = repo::cargo();
    command.args(["build", "--release", "--manifest-path", manifest]).stdout(Stdio::inherit());
    repo::stdout(&mut command)?;
    let metadata = repo::metadata(&["--manifest-path", manifest])?;
    let target = metadata["target_directory"].as_str().unwrap_or_default();
    Ok(Path::new(target).join("release").join(program))
}

/// Nanoseconds per call, one number for each round, net of building the request.
#[derive(Debug, Default)]
struct Measured {
    ours: Vec<f64>,
    peer: Vec<f64>,
}

impl Measured {
    /// Round by round, so that a slow minute of the machine meets both sides.
    fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.peer).map(|(ours, peer)| ours / peer).collect()
    }

    fn ratio(&self) -> f64 {
        median(&self.ratios())
    }
}

fn measure(ours: &Path, peer: &Path, case: &Case) -> Result<Measured> {
    let mut measured = Measured::default();
    for _ in 0..ROUNDS {
        let our_base = time_per_call(ours, BASE)?;
        let peer_base = time_per_call(peer, case.peer_base.unwrap_or(BASE))?;
        measured.ours.push(time_per_call(ours, case.ours)? - our_base);
        let net = time_per_call(peer, case.peer)? - peer_base;
        if net <= 0.0 {
            let peer = case.peer;
            return Err(format!(
                "{peer} took no longer than building its request: measured nothing"
            ));
        }
        measured.peer.push(net);
    }
    Ok(measured)
}

/// Runs `PROGRAM CASE N`, on one core if the system can pin it there.
fn time_per_call(program: &Path, case: &str) -> Result<f64> {
    let mut command = if in_path("taskset") {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let printed = repo::stdout(command.args([case, &CALLS.to_string()]))?;
    parse_time(&printed, case).ok_or_else(|| {
        format!("{} {case} must print `{case}<TAB>NANOSECONDS`, not {printed:?}", program.display())
    })
}

/// The number of the one line `CASE<TAB>ns_per_call`.
fn parse_time(printed: &str, case: &str) -> Option<f64> {
    let number = printed.strip_prefix(case)?.strip_prefix('\t')?;
    number.trim_end().parse().ok().filter(|number: &f64| number.is_finite())
}

fn print_times(case: &Case, measured: &Measured) {
    let ratios = measured.ratios();
    let (ratio, least, most) = (measured.ratio(), least(&ratios), most(&ratios));
    let verdict = if ratio <= case.goal { "ok" } else { "MISSED" };
    println!("  median ns per call, net of building the request, {ROUNDS} rounds of {CALLS} calls");
    println!("  {:20} {:>10.1}", case.ours, median(&measured.ours));
    println!("  {:20} {:>10.1}", case.peer, median(&measured.peer));
    println!("  {:20} {ratio:>10.3}  ({least:.3} to {most:.3})", "ratio ours / peer");
    println!("  {:20} {:>10}  {verdict}", "goal", format!("<= {}", case.goal));
}

fn print_instructions(ours: &Path, peer: &Path, case: &Case) -> Result {
    let our_net = instructions(ours, case.ours)? - instructions(ours, BASE)?;
    let peer_net =
        instructions(peer, case.peer)? - instructions(peer, case.peer_base.unwrap_or(BASE))?;
    println!("  instructions per call, net of building the request");
    println!("  {:20} {our_net:>10.0}", case.ours);
    println!("  {:20} {peer_net:>10.0}", case.peer);
    println!("  {:20} {:>10.3}", "ratio ours / peer", our_net / peer_net);
    Ok(())
}

fn instructions(program: &Path, case: &str) -> Result<f64> {
    let [few, many] = INSTRUCTION_CALLS;
    let difference = collected(program, case, many)? - collected(program, case, few)?;
    Ok(difference / f64::from(many - few))
}

/// Instructions of a whole run.
fn collected(program: &Path, case: &str, calls: u32) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([case, &calls.to_string()])
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    parse_collected(&report).ok_or_else(|| {
        format!("valgrind counted no instructions of {}:\n{report}", program.display())
    })
}

/// The number of callgrind's line `==1== Collected : 122520`.
fn parse_collected(report: &str) -> Option<f64> {
    let (_, rest) = report.split_once("Collected :")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::File;

    #[test]
    fn both_sides_must_be_optimized_alike() {
        let repo = |ours: &str, peer: &str| {
            let manifest = |path: &str, lto: &str| File {
                path: path.to_owned(),
                text: format!("[profile.release]\nlto = \"{lto}\"\n"),
            };
            Repo {
                files: vec![manifest("Cargo.toml", ours), manifest(PEER_MANIFEST, peer)],
                packages: Vec::new(),
            }
        };
        assert_eq!(same_profile(&repo("thin", "thin")), Ok(()));
        assert!(same_profile(&repo("thin", "off")).is_err());
    }

    #[test]
    fn the_line_of_a_bench_program_is_read() {
        assert_eq!(parse_time("build\t412.5\n", "build"), Some(412.5));
        for wrong in ["", "build 412.5\n", "other\t412.5\n", "build\tfast\n", "build\tNaN\n"] {
            assert_eq!(parse_time(wrong, "build"), None, "{wrong:?}");
        }
    }

    #[test]
    fn callgrinds_count_is_read() {
        let report = "==7== Events    : Ir\n==7== Collected : 122520\n==7== \n";
        assert_eq!(parse_collected(report), Some(122_520.0));
        assert_eq!(parse_collected("valgrind: no such file"), None);
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds() {
        // The second round met a busy machine; both sides did.
        let measured = Measured { ours: vec![1.0, 50.0, 2.0], peer: vec![10.0, 100.0, 10.0] };
        assert_eq!(measured.ratios(), [0.1, 0.5, 0.2]);
        assert!((measured.ratio() - 0.2).abs() < 1e-9);
        assert!((least(&measured.ratios()) - 0.1).abs() < 1e-9);
        assert!((most(&measured.ratios()) - 0.5).abs() < 1e-9);
    }
}
