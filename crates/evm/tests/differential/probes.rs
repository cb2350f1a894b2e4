//! What only a chain knows: other currencies, contracts that lie, too little gas. Nothing comes of any of it.

use alloy_primitives::{Address, U256};
use softcap_evm::bindings::escrow::IEscrow::{self, IEscrowErrors as Error};

use crate::acts::{Pay, Permit, Probe, Seal};
use crate::chain::{Answer, Failed, investor};
use crate::play::Table;
use crate::sizes;

/// Less than one entry of a list in tokens may use, and enough for one in coin.
const LITTLE_GAS: u64 = 140_000;

impl Table<'_> {
    pub(crate) fn probe(&mut self, probe: &Probe) -> Result<(), String> {
        match probe {
            Probe::WrongCurrency(who) => self.wrong_currency(*who),
            Probe::Enormous(who) => self.enormous(*who),
            Probe::Hollow(pay) => self.hollow(pay),
            Probe::TokensGone => self.tokens_gone(),
            Probe::Thrifty(list) => self.thrifty(list),
        }
    }

    fn wrong_currency(&mut self, who: usize) -> Result<(), String> {
        let amount = U256::from(1);
        let answer = if self.chain.is_coin() {
            let call = IEscrow::contributeTokenCall { amount };
            self.chain.send(investor(who), U256::ZERO, &call)
        } else {
            self.chain
                .send(investor(who), amount, &IEscrow::contributeCall {})
        };
        match self.noted(answer) {
            Err(Failed::Refused(Error::WrongCurrency(_))) => Ok(()),
            answer => Err(format!("the wrong currency is {answer:?}")),
        }
    }

    fn enormous(&mut self, who: usize) -> Result<(), String> {
        if self.chain.is_coin() {
            return Ok(());
        }
        let amount = U256::from(1) << 128;
        let answer = self.chain.send(
            investor(who),
            U256::ZERO,
            &IEscrow::contributeTokenCall { amount },
        );
        self.must_fail(answer)
    }

    fn hollow(&mut self, pay: &Pay) -> Result<(), String> {
        if self.chain.is_coin() {
            return Ok(());
        }
        let permit = Permit {
            max: (1 << 80) - 1,
            seal: Seal::Good,
        };
        let amount = U256::from(sizes::amount(self.sale, &mut self.chain, pay));
        let admission = self.shown(pay.who, permit).admission;
        let mut chain = self.chain.fork();
        chain.at(self.chain.now);
        chain.hollow_out(chain.currency);
        let from = investor(pay.who);
        let answer = if self.sale.is_public(self.chain.now) {
            chain.send(from, U256::ZERO, &IEscrow::contributeTokenCall { amount })
        } else {
            let call = IEscrow::contributeTokenAdmittedCall { amount, admission };
            chain.send(from, U256::ZERO, &call)
        };
        self.must_fail(answer)
    }

    fn tokens_gone(&mut self) -> Result<(), String> {
        // The pretender says of everybody that they have one.
        if self.sale.told.terms.for_sale == U256::from(1) {
            return Ok(());
        }
        let mut chain = self.chain.fork();
        chain.at(self.chain.now);
        chain.hollow_out(chain.token);
        let answer = chain.send(Address::ZERO, U256::ZERO, &IEscrow::settleCall {});
        self.must_fail(answer)
    }

    /// Either nothing is due, or the whole list fails, or what fits the gas is paid; nobody is skipped for thrift.
    fn thrifty(&mut self, list: &[usize]) -> Result<(), String> {
        let investors: Vec<Address> = list.iter().map(|who| investor(*who)).collect();
        let call = IEscrow::refundManyCall {
            investors: investors.clone(),
        };
        let refunds = self.chain.try_out(Address::ZERO, &call, LITTLE_GAS);
        let call = IEscrow::distributeCall { investors };
        let tokens = self.chain.try_out(Address::ZERO, &call, LITTLE_GAS);
        for answer in [refunds, tokens] {
            if let Err(Failed::Refused(error)) = &answer
                && !matches!(error, Error::NotEnoughGas(_) | Error::WrongPhase(_))
            {
                return Err(format!("with little gas: {error:?}"));
            }
            // What would be paid is no event of this sale.
            if answer.is_err() {
                self.noted(answer).ok();
            }
        }
        Ok(())
    }

    fn must_fail(&mut self, answer: Answer) -> Result<(), String> {
        match self.noted(answer) {
            Err(Failed::Refused(_)) => Ok(()),
            answer => Err(format!("this must be refused: {answer:?}")),
        }
    }
}
