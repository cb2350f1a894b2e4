//! The table of rights in the documentation is the one in the code.

use std::{fmt::Write as _, fs, path::Path};

use softcap_identity::{Right, Role};

const BEGIN: &str = "<!-- the table of rights, written by a test -->\n";
const END: &str = "<!-- end of the table -->\n";

fn table() -> String {
    let mut text = String::from("| right | needs |");
    for role in Role::ALL {
        write!(text, " {} |", role.as_code().replace('_', " ")).unwrap();
    }
    text += "\n|---|---|";
    text += &"---|".repeat(Role::ALL.len());
    text += "\n";
    for right in Right::all() {
        write!(text, "| `{right}` | {} |", right.demand().as_words()).unwrap();
        for role in Role::ALL {
            let mark = if right.roles().contains(role) {
                "x"
            } else {
                ""
            };
            write!(text, " {mark} |").unwrap();
        }
        text += "\n";
    }
    text
}

/// `SOFTCAP_WRITE_DOCS=1` writes it.
#[test]
fn the_page_has_the_table_of_rights() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("SOFTCAP_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(found, table());
    }
}
