//! What a thousand people do with their wallets: pay once or twice, too little or too much, and take out what is theirs.

use alloy_primitives::{Address, U256};
use futures_util::{StreamExt as _, stream};
use indicatif::ProgressBar;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use softcap_chain::DevelopmentAccount;
use softcap_evm::{
    Cost, Draft, EvmError, Exit, ListOutcome, PaidIn, PaidOut, Permit, PermitDomain, Place,
    Receipt, ShownPermit, contribution_draft,
};
use softcap_offering::terms::Terms;

use super::{Ending, Stage, no_account};
use crate::{console::Console, failure::Failure};

/// Most that one wallet may have accepted: one coin.
const LIMIT: u128 = 1_000_000_000_000_000_000;
/// Transactions under way at the same time.
const AT_ONCE: usize = 32;
/// More than any of these transactions uses.
const GAS: u64 = 250_000;
/// Wallets of one list.
const LIST: usize = 100;

/// What the crowd saw.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paid {
    pub(super) accepted: u32,
    pub(super) refused: u32,
}

/// Who took out how much.
#[derive(Debug, Default)]
pub(super) struct Exits {
    pub(super) paid: Vec<(Address, PaidOut)>,
}

impl Exits {
    pub(super) fn count(&self) -> usize {
        self.paid.len()
    }
}

/// One payment of one wallet.
struct Payment {
    account: usize,
    draft: Draft,
}

/// Everybody pays. The order is the chain's.
pub(super) async fn contribute(
    stage: &Stage,
    place: Place,
    terms: &Terms,
    console: &Console,
) -> Result<Paid, Failure> {
    let domain = PermitDomain {
        chain_id: stage.client.chain_id().await?,
        escrow: place.escrow,
        round: U256::ZERO,
        terms_hash: terms.hash().0.into(),
    };
    let expiry = U256::from(stage.client.head().await?.timestamp) + U256::from(2 * super::OPEN);
    let verifier = stage
        .node
        .accounts()
        .get(1)
        .ok_or_else(no_account)?
        .signer();
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for (account, wallet) in stage.wallets() {
        let permit = Permit {
            investor: wallet.address(),
            max: U256::from(LIMIT),
            expiry,
        };
        let signature = permit.sign(&domain, verifier).await?;
        let shown = ShownPermit { permit, signature };
        let pay = |amount: u128, permit: Option<&ShownPermit>| {
            let (escrow, from) = (place.escrow, wallet.address());
            let amount = U256::from(amount);
            let draft = contribution_draft(escrow, from, PaidIn::Coin, amount, permit);
            Payment { account, draft }
        };
        // In thousandths of a coin: some less than the minimum, some more than the limit.
        let milli = u128::from(random.next_u64() % 1_100);
        let odd = u128::from(random.next_u64() % 1_000_000);
        let amount = milli * LIMIT / 1_000 + odd;
        first.push(pay(amount, Some(&shown)));
        // The permit is remembered.
        if account % 8 == 0 {
            again.push(pay(amount / 2, None));
        }
    }
    let bar = console.progress("paying", u64::try_from(first.len() + again.len()).ok());
    let mut paid = Paid::default();
    for payments in [first, again] {
        for receipt in send_all(stage, &payments, &bar).await? {
            match receipt {
                Some(_) => paid.accepted += 1,
                None => paid.refused += 1,
            }
        }
    }
    bar.finish_and_clear();
    Ok(paid)
}

/// Half of the wallets go by themselves, the others are paid in lists that somebody else sends.
pub(super) async fn leave(
    stage: &Stage,
    place: Place,
    ending: Ending,
    console: &Console,
) -> Result<Exits, Failure> {
    let investors = investors(stage, place).await?;
    let (own, listed): (Vec<_>, Vec<_>) =
        investors.into_iter().partition(|account| account % 2 == 0);
    let payments: Vec<Payment> = own
        .into_iter()
        .filter_map(|account| {
            let from = stage.node.accounts().get(account)?.address();
            let exit = match ending {
                Ending::Succeeds => Exit::Claim,
                Ending::MissesSoftCap => Exit::Refund,
            };
            Some(Payment {
                account,
                draft: exit.draft(place.escrow, from),
            })
        })
        .collect();
    let bar = console.progress("leaving", u64::try_from(payments.len()).ok());
    let mut outcome = ListOutcome::default();
    for receipt in send_all(stage, &payments, &bar)
        .await?
        .into_iter()
        .flatten()
    {
        outcome.add(place.escrow, &receipt);
    }
    let wallets: Vec<Address> = listed
        .into_iter()
        .filter_map(|account| stage.node.accounts().get(account))
        .map(DevelopmentAccount::address)
        .collect();
    for list in wallets.chunks(LIST) {
        let exit = match ending {
            Ending::Succeeds => Exit::Distribute(list.to_vec()),
            Ending::MissesSoftCap => Exit::RefundMany(list.to_vec()),
        };
        let receipt = stage
            .send(&exit.draft(place.escrow, stage.office(0)))
            .await?;
        outcome.add(place.escrow, &receipt);
    }
    bar.finish_and_clear();
    Ok(Exits { paid: outcome.paid })
}

/// The accounts that have something in the escrow.
async fn investors(stage: &Stage, place: Place) -> Result<Vec<usize>, Failure> {
    let mut found = Vec::new();
    for (account, wallet) in stage.wallets() {
        if !stage
            .client
            .account(place.escrow, wallet.address())
            .await?
            .accepted
            .is_zero()
        {
            found.push(account);
        }
    }
    Ok(found)
}

/// Sends many, several at a time; the receipts in their order, `None` where the contract refused.
async fn send_all(
    stage: &Stage,
    payments: &[Payment],
    bar: &ProgressBar,
) -> Result<Vec<Option<Receipt>>, Failure> {
    // Refusals are to be seen on the chain, so nothing is tried out before.
    let cost = Cost {
        gas_limit: GAS,
        ..stage.client.price(GAS).await?
    };
    let sent = payments.iter().map(|payment| async {
        let account = stage
            .node
            .accounts()
            .get(payment.account)
            .ok_or_else(no_account)?;
        let sent = stage
            .client
            .send(&payment.draft, &cost, account.signer())
            .await;
        bar.inc(1);
        match sent {
            Ok(receipt) => Ok(Some(receipt)),
            Err(EvmError::Failed { .. }) => Ok(None),
            Err(error) => Err(Failure::from(error)),
        }
    });
    let sent: Vec<Result<Option<Receipt>, Failure>> =
        stream::iter(sent).buffered(AT_ONCE).collect().await;
    sent.into_iter().collect()
}
