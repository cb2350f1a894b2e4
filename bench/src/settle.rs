//! `softcap settle` and `softcap verify`, the real program on a file of contributions.

use std::{
    fs::File,
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::{
    failure::BenchFailure,
    measure::{self, Cost, ratio},
};

const TERMS: &str = include_str!("../terms/engine.toml");

/// Investors for each hundred contributions, as in Bancor's sale of 2017 (10,887 of 13,373).
const INVESTORS_PER_HUNDRED: u64 = 81;

pub(crate) fn run(rows: u64, runs: usize) -> Result<(), BenchFailure> {
    let program = build()?;
    let folder = tempfile::tempdir()?;
    let terms = folder.path().join("offering.toml");
    let contributions = folder.path().join("contributions.csv");
    std::fs::write(&terms, TERMS)?;
    write_contributions(&contributions, rows)?;

    let mut settles = Vec::new();
    let mut verifies = Vec::new();
    let mut floors = Vec::new();
    for run in 0..runs {
        let out = folder.path().join(format!("result-{run}"));
        let settle = ["settle", "--json", "--terms"];
        settles.push(measure::program(
            Command::new(&program)
                .args(settle)
                .arg(&terms)
                .arg("--contributions")
                .arg(&contributions)
                .arg("--out")
                .arg(&out),
        )?);
        verifies.push(measure::program(
            Command::new(&program).args(["verify", "--json"]).arg(&out),
        )?);
        floors.push(floor(&contributions, &out, folder.path())?);
        std::fs::remove_dir_all(&out)?;
    }
    let settle = measure::median(settles);
    let verify = measure::median(verifies);
    floors.sort();
    let (Some(settle), Some(verify), Some(floor)) = (settle, verify, floors.get(runs / 2)) else {
        return Err(BenchFailure("no runs".into()));
    };
    println!("{rows} contributions, median of {runs}");
    print("settle", settle, rows, *floor);
    print("verify", verify, rows, *floor);
    println!(
        "floor   {:>7.3} s  (the same files read, hashed and written)",
        floor.as_secs_f64()
    );
    println!("verify / settle: {:.2}", ratio(verify.wall, settle.wall));
    Ok(())
}

fn print(name: &str, cost: Cost, rows: u64, floor: Duration) {
    println!(
        "{name:<7} {:>7.3} s  {:>6.0} ns a row  {:>5} MB  {:>5.2} x floor",
        cost.wall.as_secs_f64(),
        cost.wall.as_secs_f64() * 1e9 / rows.max(1) as f64,
        cost.memory >> 20,
        ratio(cost.wall, floor),
    );
}

/// The program to measure: the given one, or one that is built now.
pub(crate) fn program(given: Option<&Path>) -> Result<PathBuf, BenchFailure> {
    match given {
        Some(program) => Ok(program.canonicalize()?),
        None => build(),
    }
}

/// Builds the program as its users do.
fn build() -> Result<PathBuf, BenchFailure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", "softcap"])
        .status()?;
    if !status.success() {
        return Err(BenchFailure("the program does not build".into()));
    }
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("softcap"))
}

/// The least that any program does with these files: read and hash the input, write and hash as much
/// as comes out.
fn floor(input: &Path, result: &Path, folder: &Path) -> Result<Duration, BenchFailure> {
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 20];
    digest(&mut File::open(input)?, None, &mut buffer)?;
    for entry in std::fs::read_dir(result)? {
        let copy = folder.join("floor");
        let mut out = File::create(&copy)?;
        digest(&mut File::open(entry?.path())?, Some(&mut out), &mut buffer)?;
        out.sync_all()?;
        std::fs::remove_file(copy)?;
    }
    Ok(start.elapsed())
}

fn digest(input: &mut File, mut out: Option<&mut File>, buffer: &mut [u8]) -> std::io::Result<()> {
    let mut hash = Sha256::new();
    loop {
        let length = input.read(buffer)?;
        if length == 0 {
            std::hint::black_box(hash.finalize());
            return Ok(());
        }
        hash.update(&buffer[..length]);
        if let Some(out) = &mut out {
            out.write_all(&buffer[..length])?;
        }
    }
}

fn write_contributions(path: &Path, rows: u64) -> Result<(), BenchFailure> {
    let investors = (rows * INVESTORS_PER_HUNDRED).div_ceil(100).max(1);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(out, "contribution_id,investor,received_at,currency,amount")?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for row in 0..rows {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let person = if row < investors {
            row
        } else {
            state % investors
        };
        let high = person.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Some 50 a second, as in a stampede.
        let second = row / 50;
        let (day, rest) = (second / 86_400, second % 86_400);
        writeln!(
            out,
            "c{row:09},0x{high:016x}{person:024x},2026-03-{:02}T{:02}:{:02}:{:02}Z,ETH,{}.{:06}",
            day % 31 + 1,
            rest / 3_600,
            rest / 60 % 60,
            rest % 60,
            state % 7,
            1 + state % 999_983,
        )?;
    }
    out.flush()?;
    Ok(())
}
