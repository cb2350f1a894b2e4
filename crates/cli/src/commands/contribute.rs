//! `softcap contribute`: pays into an escrow, in the chain's coin or in an ERC-20.

use std::{path::Path, process::ExitCode};

use alloy_primitives::{Address, Bytes, U256};
use serde::Deserialize;
use serde_json::json;
use softcap_evm::{
    Draft, EscrowKind, EvmError, PaidIn, Permit, SaleTerms, SaleWindow, ShownPermit, TakenIn,
    allow_draft, allowance_of, bid_draft, contribution_draft, contribution_with_allowance_draft,
    require_own_escrow, sale_terms_at, sign_allowance, taken_in, window_now,
};

use super::on_chain::Sender;
use super::serve::block_on;
use super::steps::Steps;
use crate::{
    arguments::ContributeArguments, console::Console, failure::Failure, terms_file, text_file,
};

/// How long a signed allowance can be shown, in seconds of the chain.
const SHOWN_WITHIN: u64 = 3_600;

pub(crate) fn run(arguments: &ContributeArguments, console: &Console) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(&arguments.sender, console)?;
    let payer = steps.sender.address();
    let permit = match arguments.permit.as_deref() {
        Some(file) => Some(permit(file, (arguments.escrow, payer))?),
        None => None,
    };
    let expected = match arguments.terms.as_deref() {
        Some(file) => Some(terms_file::read(file)?.0.hash()),
        None => None,
    };
    let taken = block_on(async {
        let escrow = arguments.escrow;
        let terms = sale_terms_at(&steps.client, escrow).await?;
        require_own_escrow(&steps.client, escrow, terms.kind()).await?;
        if let Some(expected) = expected.filter(|hash| hash.0 != terms.terms_hash().0) {
            return Err(Failure::Argument {
                flag: "terms",
                problem: format!(
                    "their hash is {expected}, that of the escrow {}",
                    terms.terms_hash()
                ),
                allowed: "the terms that the escrow was announced with",
            });
        }
        let payment = Payment {
            escrow,
            amount: arguments.amount,
            limit: limit(arguments.limit, &terms)?,
            permit,
        };
        payment.pay(&mut steps, &terms).await
    })?;
    show(&steps, arguments, taken);
    Ok(ExitCode::SUCCESS)
}

/// A bid has a limit price, and another contribution has none. A contract that takes a root wants one with all: where the
/// terms say the price there is only one.
fn limit(limit: Option<U256>, terms: &SaleTerms) -> Result<Option<U256>, Failure> {
    let only = match terms {
        SaleTerms::Formula(_) => None,
        SaleTerms::Root(terms) if terms.floor == terms.ceiling => Some(terms.ceiling),
        SaleTerms::Root(_) if limit.is_some() => return Ok(limit),
        SaleTerms::Root(_) => {
            return Err(other_limit(
                "people bid in this sale, and a bid has a limit price",
            ));
        }
    };
    if limit.is_some() && limit != only {
        return Err(other_limit(
            "nobody bids in this sale: the price is that of the terms",
        ));
    }
    Ok(only)
}

fn other_limit(problem: &'static str) -> Failure {
    Failure::Argument {
        flag: "limit",
        problem: problem.to_owned(),
        allowed: "the most that is paid for the price unit of the terms, in a sale by bids",
    }
}

/// A contribution that is not sent yet.
struct Payment {
    escrow: Address,
    amount: U256,
    limit: Option<U256>,
    permit: Option<ShownPermit>,
}

impl Payment {
    /// What the contract took; `None` where nothing was sent.
    async fn pay(
        &self,
        steps: &mut Steps<'_>,
        terms: &SaleTerms,
    ) -> Result<Option<TakenIn>, Failure> {
        let currency = terms.currency();
        let paid_in = if currency == Address::ZERO {
            PaidIn::Coin
        } else {
            PaidIn::Token(currency)
        };
        let draft = match paid_in {
            PaidIn::Coin => Some(self.draft(steps, paid_in)),
            PaidIn::Token(currency) => {
                let window = window_now(&steps.client, self.escrow, terms).await?;
                require_open(steps, window).await?;
                self.token_draft(steps, (currency, terms.kind())).await?
            }
        };
        let escrow = self.escrow;
        match draft {
            Some(draft) => {
                let receipt = steps.take(draft).await?;
                Ok(receipt.and_then(|receipt| taken_in(escrow, receipt)))
            }
            None => Ok(None),
        }
    }

    fn draft(&self, steps: &Steps<'_>, paid_in: PaidIn) -> Draft {
        let from = steps.sender.address();
        let permit = self.permit.as_ref();
        match self.limit {
            Some(limit) => bid_draft((self.escrow, from), paid_in, (self.amount, limit), permit),
            None => contribution_draft(self.escrow, from, paid_in, self.amount, permit),
        }
    }

    /// The contribution in an ERC-20, once the escrow may take it; `None` where that can only be tried on a chain that was
    /// changed before.
    async fn token_draft(
        &self,
        steps: &mut Steps<'_>,
        (currency, kind): (Address, EscrowKind),
    ) -> Result<Option<Draft>, Failure> {
        let (from, paid_in) = (steps.sender.address(), PaidIn::Token(currency));
        let balance = steps.client.token_balance(currency, from).await?;
        if balance < self.amount {
            return Err(EvmError::NoCurrency {
                sender: from,
                currency,
                balance,
                needed: self.amount,
            }
            .into());
        }
        let allowed = allowance_of(&steps.client, currency, (from, self.escrow)).await?;
        if allowed >= self.amount {
            return Ok(Some(self.draft(steps, paid_in)));
        }
        if let Some(draft) = self.with_signed_allowance(steps, (currency, kind)).await? {
            return Ok(Some(draft));
        }
        let allow = |amount| allow_draft(currency, self.escrow, amount, from);
        match steps.take(allow(self.amount)).await {
            Ok(_) => {}
            // Some currencies let an allowance be changed to and from nothing only.
            Err(Failure::Evm(EvmError::Refused { .. })) if !allowed.is_zero() => {
                steps.take(allow(U256::ZERO)).await?;
                if steps.sends() {
                    steps.take(allow(self.amount)).await?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(steps.sends().then(|| self.draft(steps, paid_in)))
    }

    /// In one transaction: the contract takes a signed allowance together with a permit only.
    async fn with_signed_allowance(
        &self,
        steps: &Steps<'_>,
        (currency, kind): (Address, EscrowKind),
    ) -> Result<Option<Draft>, Failure> {
        let (
            Some(shown),
            Sender::Signing(signer),
            EscrowKind::Plain
            | EscrowKind::Withdrawable
            | EscrowKind::Rounds
            | EscrowKind::WithdrawableRounds,
        ) = (&self.permit, &steps.sender, kind)
        else {
            return Ok(None);
        };
        let now = steps.client.head().await?.timestamp;
        let until = U256::from(now.saturating_add(SHOWN_WITHIN));
        let (client, contracts) = (&steps.client, (currency, self.escrow));
        let signed = sign_allowance(client, contracts, (self.amount, until), signer).await?;
        let from = signer.address();
        Ok(signed
            .map(|signed| contribution_with_allowance_draft((self.escrow, from), shown, &signed)))
    }
}

/// Refuses before an allowance is given for nothing.
async fn require_open(steps: &Steps<'_>, window: SaleWindow) -> Result<(), EvmError> {
    let SaleWindow { opens, closes } = window;
    let now = U256::from(steps.client.head().await?.timestamp);
    let refusal = if now >= closes {
        format!("Closed {{ closes: {closes} }}")
    } else if now < opens {
        format!("NotOpenYet {{ opens: {opens} }}")
    } else {
        return Ok(());
    };
    Err(EvmError::Refused {
        what: "the contribution",
        refusal,
    })
}

/// A permit as `softcap permit --json` prints it.
#[derive(Deserialize)]
struct PrintedPermit {
    escrow: Address,
    investor: Address,
    max: String,
    expiry: String,
    signature: Bytes,
}

/// Reads a permit, which must be of this escrow and this wallet.
fn permit(file: &Path, (escrow, payer): (Address, Address)) -> Result<ShownPermit, Failure> {
    /// A permit has some hundred bytes; a signature of a contract may have more.
    const LARGEST_PERMIT: u64 = 1 << 20;
    let wrong = |problem: String| Failure::Argument {
        flag: "permit",
        problem: format!("{}: {problem}", file.display()),
        allowed: "a permit of this escrow for this wallet, as `softcap permit --json` prints it",
    };
    let text = text_file::read(file, LARGEST_PERMIT)?;
    let read: Option<PrintedPermit> = serde_json::from_str(&text).ok();
    let number = |text: &str| U256::from_str_radix(text, 10).ok();
    let read = read.and_then(|read| Some((number(&read.max)?, number(&read.expiry)?, read)));
    let (max, expiry, read) = read.ok_or_else(|| wrong("it holds no permit".to_owned()))?;
    if read.escrow != escrow {
        return Err(wrong(format!("it is for the escrow {}", read.escrow)));
    }
    if read.investor != payer {
        return Err(wrong(format!("it is for the wallet {}", read.investor)));
    }
    Ok(ShownPermit {
        permit: Permit {
            investor: read.investor,
            max,
            expiry,
        },
        signature: read.signature,
    })
}

fn show(steps: &Steps<'_>, arguments: &ContributeArguments, taken: Option<TakenIn>) {
    let mut text = steps.text();
    let change = taken.map(|taken| taken.offered.saturating_sub(taken.accepted));
    if let (Some(taken), Some(change)) = (taken, change) {
        let accepted = taken.accepted;
        text.push(format!("accepted: {accepted} smallest units"));
        if !change.is_zero() {
            text.push(format!(
                "change:   {change} smallest units, which stay with the wallet"
            ));
        }
    }
    let amount = |amount: Option<U256>| amount.map(|amount| amount.to_string());
    steps.console.data(
        text.join("\n"),
        &json!({
            "escrow": arguments.escrow,
            "investor": steps.sender.address(),
            "sent": steps.sends(),
            "steps": steps.json(),
            "offered": arguments.amount.to_string(),
            "accepted": amount(taken.map(|taken| taken.accepted)),
            "change": amount(change),
        }),
    );
}
