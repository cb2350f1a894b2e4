//! Rows about accounts: money moved in and out, and what is there. And about escrows, which hold it elsewhere.

use softcap_offering::{
    AccountBalance, Amount, Command, EscrowAddress, InvestorId, LineIndex, TransferId,
};

use super::{Scene, Words};

impl Scene {
    /// `funds` and `takes back`: `alice 10 EUR [as 7]`. Without a number the transfer is a new one.
    pub(super) fn transfer(&mut self, what: &str, words: &mut Words<'_>) -> String {
        let investor = InvestorId::parse(words.next()).unwrap();
        let (currency, amount) = self.money(words);
        let number = if words.takes("as") {
            words.number()
        } else {
            1_000 + self.offering.next_sequence().0
        };
        let mut id = [0; 16];
        id[8..].copy_from_slice(&u64::to_be_bytes(number));
        let transfer = TransferId(id);
        let command = match what {
            "funds" => Command::Fund {
                transfer,
                investor,
                currency,
                amount,
            },
            _ => Command::TakeBack {
                transfer,
                investor,
                currency,
                amount,
            },
        };
        let outcome = self.apply(0, None, &command);
        let first = self.offering.find_transfer(transfer);
        assert!(first.is_some_and(|first| first < self.offering.next_sequence()));
        outcome
    }

    /// `follows`: `ETH [at 95]`. The clock is the chain's from here on, also where that is behind.
    pub(super) fn follow(&mut self, words: &mut Words<'_>) -> String {
        let address = EscrowAddress {
            chain_id: 1,
            contract: [7; 20],
            currency: self.currency(words.next()),
        };
        let at = words.takes("at").then(|| words.number());
        let answer = self.apply(0, at, &Command::Escrow(address));
        self.now.insert(0, self.offering.latest(LineIndex(0)).0);
        answer
    }

    /// What a person's account has: `funded 10 EUR, held 4 EUR, free 6 EUR`.
    pub(super) fn account(&self, who: &str, symbol: &str) -> String {
        let investor = InvestorId::parse(who).unwrap();
        let currency = self.currency(symbol);
        let investor = self.offering.find_investor(investor);
        let account = investor.map_or(AccountBalance::default(), |investor| {
            self.offering.account(investor, currency)
        });
        let sum = account.taken_back.0 + account.available.0 + account.held.0 + account.spent.0;
        assert_eq!(account.funded, Amount(sum));
        let parts = [
            ("funded", account.funded),
            ("back", account.taken_back),
            ("held", account.held),
            ("spent", account.spent),
            ("free", account.available),
        ];
        let shown: Vec<String> = parts
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(what, amount)| format!("{what} {}", self.amount(currency, amount)))
            .collect();
        shown.join(", ")
    }
}
