//! Help teaches by example, and its examples work.

use crate::workplace::{Answer, SOFTCAP, Workplace, workspace};

/// Every command, with what its help must say about exit codes.
const COMMANDS: &[(&[&str], &str)] = &[
    (
        &[],
        "Exit codes: 0 done, 1 a check found something, 2 bad input.",
    ),
    (&["offering"], ""),
    (&["offering", "new"], ""),
    (
        &["offering", "check"],
        "Exit codes: 0 nothing found, 1 warnings, or something that a contract cannot keep; 2 errors.",
    ),
    (
        &["offering", "rehearse"],
        "Exit codes: 0 it passed, 1 it did not",
    ),
    (
        &["offering", "announce"],
        "Exit codes: 0 announced and read back, 1 the contract refuses",
    ),
    (
        &["offering", "sign"],
        "Exit codes: 0 signed, 2 errors in the terms",
    ),
    (&["offering", "simulate"], ""),
    (&["settle"], "Exit codes: 0 settled"),
    (
        &["verify"],
        "Exit codes: 0 everything agrees, 1 something does not",
    ),
    (&["proof"], "Exit codes: 0 proven"),
    (&["explain"], "Exit codes: 0 explained"),
    (&["key"], ""),
    (&["demo"], ""),
    (&["serve"], ""),
    (
        &["chain"],
        "Exit codes: 0 stopped, 1 the stored chain is damaged, 2 it could not be started.",
    ),
    (&["permit"], "Exit codes: 0 signed"),
    (
        &["contribute"],
        "Exit codes: 0 done, 1 the contract refuses or is none of ours",
    ),
    (
        &["claim"],
        "Exit codes: 0 done, 1 the contract refuses or skipped somebody",
    ),
    (
        &["refund"],
        "Exit codes: 0 done, 1 the contract refuses or skipped somebody",
    ),
    (
        &["withdraw"],
        "Exit codes: 0 done, 1 the terms give no such right",
    ),
    (&["release"], "Exit codes: 0 done, 1 the contract refuses"),
    (&["milestone"], "Exit codes: 0 done, 1 the contract refuses"),
    (
        &["milestone", "announce"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["milestone", "object"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["milestone", "release"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["milestone", "refund"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (&["escrow"], "Exit codes: 0 done, 1 the contract refuses"),
    (
        &["escrow", "show"],
        "Exit codes: 0 shown, 1 there is no such escrow",
    ),
    (
        &["escrow", "revoke"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["escrow", "return"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["escrow", "pause"],
        "Exit codes: 0 done, 1 the contract refuses or knows no pause",
    ),
    (
        &["escrow", "resume"],
        "Exit codes: 0 done, 1 the contract refuses or knows no pause",
    ),
    (
        &["escrow", "cancel"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (&["root"], "Exit codes: 0 done, 1 the contract refuses"),
    (
        &["root", "show"],
        "Exit codes: 0 shown, 1 there is no such escrow",
    ),
    (
        &["root", "post"],
        "Exit codes: 0 posted, 1 the contract refuses",
    ),
    (
        &["root", "object"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (
        &["root", "refute"],
        "Exit codes: 0 the root is void, 1 no leaf breaks a rule",
    ),
    (
        &["root", "distribute"],
        "Exit codes: 0 done, 1 the contract refuses or skipped somebody",
    ),
    (
        &["root", "cancel"],
        "Exit codes: 0 done, 1 the contract refuses",
    ),
    (&["vest"], "Exit codes: 0 done, 1 the contract refuses"),
    (&["watch"], "Exit codes: 0 all agrees"),
    (&["config"], "Exit codes: 0 printed or right"),
    (&["api-key"], ""),
    (&["api-key", "new"], ""),
    (&["api-key", "revoke"], ""),
    (&["alarms"], ""),
    (
        &["alarms", "replay"],
        "Exit codes: 0 replayed, 2 a line is no event",
    ),
    (&["person"], ""),
    (
        &["person", "disable"],
        "Exit codes: 0 disabled now or before",
    ),
    (&["person", "enable"], "Exit codes: 0 enabled now or before"),
    (&["person", "show"], "Exit codes: 0 shown"),
    (&["personal-key"], ""),
    (
        &["personal-key", "begin"],
        "Exit codes: 0 made now or before",
    ),
    (&["personal-key", "seal"], "Exit codes: 0 nothing is left"),
    (&["personal-key", "end"], "Exit codes: 0 gone now or before"),
    (&["role"], ""),
    (&["role", "give"], "Exit codes: 0 given, 2 bad input"),
    (&["role", "list"], ""),
    (&["scan"], "Exit codes: 0 nothing found, 1 something was"),
    (
        &["selftest"],
        "Exit codes: 0 nothing is wrong, 1 a check failed, 2 it could not be tried.",
    ),
    (&["balance"], ""),
    (
        &["balance", "import"],
        "Exit codes: 0 all rows are recorded, 1 the server did not take some",
    ),
    (&["rebuild"], "Exit codes: 0 rebuilt"),
    (&["migrate"], ""),
    (&["backup"], ""),
    (&["restore"], "Exit codes: 0 restored"),
    (&["witness"], "Exit codes: 0 cosigned"),
];

fn help(path: &[&str]) -> Answer {
    Workplace::empty()
        .run(&[path, &["--help"]].concat())
        .succeeded()
}

/// The commands that a help page lists.
fn listed(page: &str) -> Vec<&str> {
    let Some((_, list)) = page.split_once("Commands:\n") else {
        return Vec::new();
    };
    list.lines()
        .take_while(|line| !line.is_empty())
        // A description that goes on in the next line is indented deeper.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap())
        .filter(|name| *name != "help")
        .collect()
}

#[test]
fn the_list_of_commands_is_this_one() {
    for (path, _) in COMMANDS {
        let expected: Vec<&str> = COMMANDS
            .iter()
            .filter(|(other, _)| other.len() == path.len() + 1 && other.starts_with(path))
            .map(|(other, _)| *other.last().unwrap())
            .collect();
        let answer = help(path);
        assert_eq!(listed(&answer.out), expected, "{answer:?}");
    }
}

#[test]
fn each_page_has_an_example_of_its_command_and_its_exit_codes() {
    for (path, codes) in COMMANDS {
        let answer = help(path);
        let example = [&["  softcap"], *path].concat().join(" ");
        let (_, examples) = answer
            .out
            .split_once("Example")
            .unwrap_or_else(|| panic!("{answer:?}"));
        assert!(examples.contains(&example), "{answer:?}");
        // The page may be broken into lines anywhere.
        let flat = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(codes), "{codes} in {answer:?}");
        assert_eq!(answer.err, "", "{answer:?}");
        let through_help = Workplace::empty()
            .run(&[&["help"], *path].concat())
            .succeeded();
        assert_eq!(through_help.out, answer.out);
    }
}

/// The examples of a page, each on one line.
fn examples(page: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let joined = page.replace("\\\n", " ");
    for line in joined.lines() {
        if let Some(example) = line.strip_prefix("  softcap ") {
            examples.push(example.to_owned());
        }
    }
    examples
}

/// Whether an example works on the data of a server, asks one, or is one: those have tests of their own.
fn needs_a_record(example: &str) -> bool {
    ["demo", "serve"]
        .iter()
        .any(|name| example.starts_with(name))
        || ["--data", "--server", "--url"]
            .iter()
            .any(|option| example.contains(option))
}

#[test]
fn every_example_works() {
    let mut run = 0;
    let mut placeholders = 0;
    for (path, _) in COMMANDS {
        for example in examples(&help(path).out) {
            if example.contains('…') {
                placeholders += 1;
                continue;
            }
            if needs_a_record(&example) {
                continue;
            }
            let place = Workplace::settled();
            place
                .run(&["key", "--name", "example.org/harbour", "--out", "log.key"])
                .succeeded();
            place.shell(&format!("mkdir -p examples/starter && cp *.toml *.csv examples/starter && ln -s {SOFTCAP} softcap"), &[]).succeeded();
            if example.starts_with("settle") {
                std::fs::remove_dir_all(place.path().join("result")).unwrap();
            } else if example.starts_with("key") {
                std::fs::remove_file(place.path().join("log.key")).unwrap();
            } else if example.starts_with("offering sign") {
                place.shell("cp log.key issuer.key", &[]).succeeded();
            } else if example.starts_with("offering new") {
                std::fs::remove_file(place.path().join("offering.toml")).unwrap();
            } else if example.starts_with("scan") {
                let make = "mkdir notes && echo started > server.log";
                place.shell(make, &[]).succeeded();
            } else if example.starts_with("alarms") {
                let event =
                    r#"{"at":0,"event":"login","ok":true,"person":"a","address":"203.0.113.5"}"#;
                std::fs::write(place.path().join("events.jsonl"), event).unwrap();
                std::fs::write(place.path().join("networks.txt"), "203.0.113.0/24 home").unwrap();
            } else if example.starts_with("config --check") {
                place
                    .shell("./softcap config > softcap.toml", &[])
                    .succeeded();
            }
            let answer = place.shell(&format!("./softcap {example}"), &[]);
            assert!(matches!(answer.code, Some(0)), "{answer:?}");
            run += 1;
        }
    }
    assert_eq!((run, placeholders), (31, 52));
}

#[test]
fn the_commands_of_the_readme_work() {
    let readme = std::fs::read_to_string(workspace("README.md"))
        .unwrap()
        .replace("\\\n", " ");
    let place = Workplace::empty();
    place
        .shell(
            &format!(
                "mkdir -p examples/starter && cp {}/* examples/starter",
                workspace("examples/starter").display()
            ),
            &[],
        )
        .succeeded();
    let mut run = Vec::new();
    for line in readme.lines() {
        if let Some(arguments) = line.strip_prefix("$ cargo run --release -- ") {
            let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
            if arguments == ["demo"] {
                // A shorter sale, on a port of its own, and the server ends with it.
                let short = "--seconds 9 --investors 100 --listen 127.0.0.1:0 --exit";
                arguments.extend(short.split(' '));
            }
            let answer = place.run(&arguments);
            assert_eq!(answer.code, Some(0), "{answer:?}");
            run.push(arguments[0].to_owned());
        }
    }
    assert_eq!(
        run,
        [
            "demo", "settle", "verify", "explain", "proof", "offering", "offering", "offering"
        ]
    );
}

#[test]
fn an_unknown_command_or_flag_is_bad_input() {
    let place = Workplace::empty();
    for (arguments, part) in [
        (&["setle"][..], "'setle'"),
        (&["offering", "make"], "'make'"),
        (&["settle", "--term", "x"], "'--term'"),
        (&["verify", "result", "--force"], "'--force'"),
        (&["verify", "result", "another"], "'another'"),
        (&["key", "-x"], "'-x'"),
    ] {
        let answer = place.run(arguments);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(2), ""),
            "{answer:?}"
        );
        answer.says(&["error: ", part]);
    }
    for arguments in [&[][..], &["offering"]] {
        let answer = place.run(arguments);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(2), ""),
            "{answer:?}"
        );
        answer.says(&["Usage: softcap"]);
    }
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn the_version_is_that_of_the_package() {
    let answer = Workplace::empty().run(&["--version"]).succeeded();
    assert_eq!(
        answer.out,
        format!("softcap {}\n", env!("CARGO_PKG_VERSION"))
    );
}
