//! Pauses: contributions stop, exits do not; a pause ends by itself, and may move what comes after.

use super::Table;

pub(crate) const TABLES: &[Table] = &[
    (
        "a pause ends by itself, and the window stays where it is",
        r#"
[pause]
longest = "10 blocks"
count = 2
end = "fixed"
[withdrawal]
span = "100 blocks"
who = "everyone"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        2 EUR at 100         accepted 2 EUR, 20 TOK
issuer    resumes     -                    refused not_paused (704)
issuer    pauses      -                    done
phase     is          -                    paused
issuer    pauses      -                    refused already_paused (703)
bob       pays        1 EUR at 105         refused paused (104)
alice     withdraws   alice                back 2 EUR
bob       pays        1 EUR at 110         accepted 1 EUR, 10 TOK
phase     is          -                    open public
clock     reaches     120                  done
issuer    pauses      -                    done
clock     reaches     122                  done
issuer    resumes     -                    done
bob       pays        1 EUR                accepted 1 EUR, 10 TOK
issuer    pauses      -                    refused pauses_used_up (702)
bob       pays        1 EUR at 149         accepted 1 EUR, 10 TOK
bob       pays        1 EUR at 150         refused window_over (102)
"#,
    ),
    (
        "a pause that begins when a window has ended moves it no more",
        r#"
[pause]
longest = "10 blocks"
count = 2
end = "moves"
[[round]]
name = "first"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
[[round]]
name = "second"
from = 160
until = 170
end = "exclusive"
price = "5 TOK per 1 EUR"
---
alice     pays        1 EUR at 149         accepted 1 EUR, 10 TOK
clock     reaches     150                  done
issuer    pauses      -                    done
clock     reaches     152                  done
issuer    resumes     -                    done
alice     pays        1 EUR at 152         refused between_rounds (103)
alice     pays        1 EUR at 161         refused between_rounds (103)
alice     pays        1 EUR at 162         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 171         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 172         refused window_over (102)
"#,
    ),
    (
        "a pause moves the end of the open window and all of the next one",
        r#"
[pause]
longest = "10 blocks"
count = 1
end = "moves"
[[round]]
name = "first"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
[[round]]
name = "second"
from = 160
until = 170
end = "exclusive"
price = "5 TOK per 1 EUR"
---
clock     reaches     145                  done
issuer    pauses      -                    done
clock     reaches     152                  done
issuer    settles     -                    refused too_early_to_settle (705)
issuer    resumes     -                    done
alice     pays        1 EUR at 156         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 157         refused between_rounds (103)
alice     pays        1 EUR at 166         refused between_rounds (103)
alice     pays        1 EUR at 167         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 176         accepted 1 EUR, 5 TOK
alice     pays        1 EUR at 177         refused window_over (102)
"#,
    ),
    (
        "a window that opens where a pause begins is open, and only its end moves",
        r#"
[pause]
longest = "10 blocks"
count = 1
end = "moves"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     100                  done
issuer    pauses      -                    done
clock     reaches     105                  done
issuer    resumes     -                    done
phase     is          -                    open public
alice     pays        1 EUR                accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 154         accepted 1 EUR, 10 TOK
alice     pays        1 EUR at 155         refused window_over (102)
"#,
    ),
    (
        "a round does not end within a pause that will move its end",
        r#"
[pause]
longest = "10 blocks"
count = 1
end = "moves"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
alice     pays        1 EUR at 149         accepted 1 EUR, 10 TOK
issuer    pauses      -                    done
clock     reaches     155                  done
issuer    settles     -                    refused too_early_to_settle (705)
clock     reaches     159                  done
bob       pays        1 EUR                accepted 1 EUR, 10 TOK
clock     reaches     160                  done
issuer    settles     -                    succeeded, raised 2 EUR, sold 20 TOK
"#,
    ),
    (
        "late money is judged by its own position",
        r#"
[clock]
kind = "block"
tolerance = "20 blocks"
[pause]
longest = "5 blocks"
count = 1
end = "fixed"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     110                  done
issuer    pauses      -                    done
alice     pays        1 EUR at 109         accepted 1 EUR, 10 TOK
bob       pays        1 EUR at 110         refused paused (104)
clock     reaches     118                  done
carol     pays        1 EUR at 109         accepted 1 EUR, 10 TOK
carol     pays        1 EUR at 114         refused paused (104)
carol     pays        1 EUR at 115         accepted 1 EUR, 10 TOK
"#,
    ),
    (
        "no pause where the terms have none",
        r#"
[[round]]
name = "public"
from = 100
until = 150
end = "exclusive"
price = "10 TOK per 1 EUR"
---
clock     reaches     100                  done
issuer    pauses      -                    refused pause_not_in_terms (701)
"#,
    ),
];
