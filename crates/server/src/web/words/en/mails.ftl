# What mails about offerings say; the others stand in crates/identity.
mail-contribution-place = It is number { $sequence } in the log of { $title }, and stands at
mail-number = Number { $sequence }:
mail-more = There are more of yours.
mail-all = All of them stand at
mail-choose = Which mails you get you choose at
mail-page = Its page is
mail-payout = tokens or money for you
mail-succeeded = it succeeded, and what you get
mail-failed = it missed its goal, and your money
mail-cancelled = it was cancelled, and your money
mail-expired = it was not decided in time, and your money
mail-price = the price changes
mail-price-text = In the round "{ $round }" one token costs { $cost } from { $when } on.
mail-price-open = what the round comes to
mail-opening = a round is open
mail-opening-text = The round "{ $round }" is open since { $when }. One token costs { $cost }.
