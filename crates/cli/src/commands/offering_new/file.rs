//! The file: terms with a comment for each thing that decides who gets what.

use std::fmt::Write as _;

use super::{
    answers::{Answers, show},
    question::Question,
};

/// The terms of the answers, as text.
pub(super) fn text(answers: &Answers) -> String {
    let mut out = String::new();
    head(&mut out, answers);
    token(&mut out, answers);
    money(&mut out, answers);
    rights(&mut out, answers);
    round(&mut out, answers);
    out
}

// Writing to a string cannot fail, so the results of `write!` are dropped below.

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn head(out: &mut String, answers: &Answers) {
    let get = |question| answers.get(question);
    let currency = get(Question::Currency);
    let line = |key: &str, value: String, comment: &str| {
        format!("{:<41} # {comment}\n", format!("{key} = {value}"))
    };
    out.push_str(
        "# Every rule that decides who gets what stands in this file, and nothing changes it once it is\n\
         # signed. Written by `softcap offering new`; docs/terms.md explains every key.\n\n",
    );
    out.push_str(&line(
        "rules",
        "1".into(),
        "version of the rules that the engine applies",
    ));
    let _ = writeln!(out, "name = {}", quoted(&get(Question::Name)));
    out.push_str(&line(
        "origin",
        quoted(&get(Question::Origin)),
        "names the public record of this sale",
    ));
    out.push('\n');
    let amount = |answer: &str| format!("\"{answer} {currency}\"");
    out.push_str(&line(
        "soft_cap",
        amount(&get(Question::SoftCap)),
        "less than this, and everybody is refunded",
    ));
    out.push_str(&line(
        "hard_cap",
        amount(&get(Question::HardCap)),
        "more than this is not accepted",
    ));
    if let Some(most) = answers.investor_max() {
        out.push_str(&line(
            "investor_max",
            amount(&most),
            "for one investor; what is above goes back",
        ));
    }
    out.push_str(&line(
        "refund_deadline",
        quoted(&answers.refund_deadline()),
        "nothing settled by then: take the money back",
    ));
    out.push_str(&line(
        "tie",
        "\"pro_rata\"".into(),
        "equal claims share in proportion",
    ));
    out.push_str(&line(
        "freed_room",
        "\"reopen\"".into(),
        "withdrawn room is for whoever comes next",
    ));
    out.push_str(&line(
        "early_close",
        "\"never\"".into(),
        "the sale ends when it says, not earlier",
    ));
    out.push_str(&line(
        "unsold",
        "\"burned\"".into(),
        "tokens nobody bought are never created",
    ));
    out.push_str(
        "\n# Positions in the schedule are dates, always with their zone. There is no [pause], so the issuer\n\
         # cannot stop contributions.\n[clock]\nkind = \"time\"\n",
    );
}

fn token(out: &mut String, answers: &Answers) {
    let symbol = answers.get(Question::Symbol);
    let name = quoted(&answers.get(Question::Name));
    let decimals = answers.get(Question::Decimals);
    let _ = write!(
        out,
        "\n[token]\nname = {name}\nsymbol = {}\ndecimals = {decimals}\n\n\
         # A fixed supply: what is for sale and the shares below add up to the total.\n\
         [token.supply]\nkind = \"fixed\"\ntotal = \"{} {symbol}\"\nfor_sale = \"{} {symbol}\"\n",
        quoted(&symbol),
        answers.get(Question::Total),
        show(answers.for_sale()),
    );
    let team = answers.share(Question::Team);
    if team.0 > 0 {
        let days = |question| answers.days(question);
        let (cliff, duration) = (days(Question::TeamCliff), days(Question::TeamVesting));
        let _ = match duration {
            0 => write!(out, "\n# The team can sell all of its tokens at once.\n"),
            _ => write!(
                out,
                "\n# The team waits {cliff} days for the first token and {duration} days for the last one.\n"
            ),
        };
        let _ = write!(
            out,
            "[[token.share]]\nholder = \"team\"\namount = \"{} {symbol}\"\n",
            show(team)
        );
        if duration > 0 {
            let _ = writeln!(
                out,
                "vesting = {{ cliff = \"{cliff} days\", duration = \"{duration} days\" }}"
            );
        }
    }
    let treasury = answers.share(Question::Treasury);
    if treasury.0 > 0 {
        let _ = write!(
            out,
            "\n# The issuer's own tokens, free at once.\n[[token.share]]\nholder = \"treasury\"\n\
             amount = \"{} {symbol}\"\n",
            show(treasury)
        );
    }
}

fn money(out: &mut String, answers: &Answers) {
    let rail = answers.get(Question::Rail);
    let who = match rail.as_str() {
        "evm" => "An escrow contract holds the money; nobody can refuse a refund.",
        "bitcoin" => "The issuer's keys hold the money; the record proves what is due.",
        _ => "The platform holds the money; the record proves what is due.",
    };
    let _ = write!(
        out,
        "\n# {who}\n[currency.{}]\ndecimals = {}\nrail = \"{rail}\"\n",
        currency_key(&answers.get(Question::Currency)),
        answers.money_decimals()
    );
    if rail == "evm" {
        out.push_str(
            "# As the contract computes: everything of one investor is added up, then rounded down once.\n\
             rounding = { mode = \"down\", per = \"investor\" }\n",
        );
    }
}

/// A symbol with a point is no bare key.
fn currency_key(symbol: &str) -> String {
    if symbol.contains('.') {
        quoted(symbol)
    } else {
        symbol.to_owned()
    }
}

fn rights(out: &mut String, answers: &Answers) {
    match answers.days(Question::Withdrawal) {
        0 => out.push_str("\n# Nobody may take a contribution back.\n"),
        days => {
            let _ = write!(
                out,
                "\n# Anybody may take a contribution back within {days} days. The soft cap is judged after that.\n\
                 [withdrawal]\nspan = \"{days} days\"\nwho = \"everyone\"\n"
            );
        }
    }
}

fn round(out: &mut String, answers: &Answers) {
    let get = |question| answers.get(question);
    let (currency, symbol) = (get(Question::Currency), get(Question::Symbol));
    let allocation = get(Question::Allocation);
    let rule = match allocation.as_str() {
        "pro_rata" => {
            "When more is asked than there is room for, everybody gets the same part of it."
        }
        "water_filling" => {
            "When more is asked than there is room for, everybody gets the same amount, up to what they asked."
        }
        _ => {
            "First come, first served. The last contribution may be filled in part; its change goes back."
        }
    };
    let _ = write!(
        out,
        "\n# {rule}\n[[round]]\nname = \"public\"\nfrom = {}\nuntil = {}\n\
         end = \"exclusive\"                         # the instant `until` itself is too late\n\
         price = \"{} {currency} per {symbol}\"\nallocation = \"{allocation}\"\n",
        quoted(&get(Question::From)),
        quoted(&get(Question::Until)),
        get(Question::Price),
    );
    if allocation != "first_come" {
        let _ = writeln!(out, "cap = \"{} {currency}\"", get(Question::HardCap));
    }
    let _ = writeln!(
        out,
        "over_cap = \"partial\"\nover_limit = \"partial\"\ncontribution = {{ min = \"{} {currency}\" }}",
        get(Question::Minimum)
    );
}
