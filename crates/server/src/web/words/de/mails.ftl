# Was Mails über Angebote sagen; die übrigen stehen in crates/identity.
mail-contribution-place = Er ist Nummer { $sequence } im Protokoll von { $title } und steht bei
mail-number = Nummer { $sequence }:
mail-more = Es gibt noch weitere von Ihnen.
mail-all = Alle stehen bei
mail-choose = Welche Mails Sie bekommen, wählen Sie bei
mail-page = Die Seite dazu ist
mail-payout = Token oder Geld für Sie
mail-succeeded = gelungen, und was Sie bekommen
mail-failed = Ziel verfehlt, und Ihr Geld
mail-cancelled = abgesagt, und Ihr Geld
mail-expired = nicht rechtzeitig entschieden, und Ihr Geld
mail-price = der Preis ändert sich
mail-price-text = In der Runde „{ $round }“ kostet ein Token ab { $when } { $cost }.
mail-price-open = was die Runde ergibt
mail-opening = eine Runde ist offen
mail-opening-text = Die Runde „{ $round }“ ist seit { $when } offen. Ein Token kostet { $cost }.
