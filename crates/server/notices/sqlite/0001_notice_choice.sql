-- Which mails people want about offerings. Where a person said nothing, the kind decides.
CREATE TABLE notice_choice (
    person   TEXT    NOT NULL,
    -- Its name; * for all for which nothing else is said.
    offering TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    is_on    INTEGER NOT NULL,
    PRIMARY KEY (person, offering, kind)
) STRICT;
CREATE INDEX notice_choice_of ON notice_choice (kind, offering, person);
