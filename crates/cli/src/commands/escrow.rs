//! `softcap escrow`: what an issuer may do with an escrow, and where it stands.

use std::process::ExitCode;

use alloy_primitives::Address;
use serde_json::{Value, json};
use softcap_evm::{
    ChainClient, EscrowKind, EscrowStanding, EvmError, InvestorStanding, IssuerAct, RootStanding,
    comparison::Refunds, sale_terms_at,
};

use super::root::{standing_json, standing_text};
use super::serve::block_on;
use super::steps::Steps;
use crate::{
    arguments::{EscrowCommand, EscrowShowArguments, SenderArguments},
    console::Console,
    failure::Failure,
};

pub(crate) fn run(command: &EscrowCommand, console: &Console) -> Result<ExitCode, Failure> {
    let (escrow, act, sender) = match command {
        EscrowCommand::Show(arguments) => return show(arguments, console),
        EscrowCommand::Revoke(of) => (of.escrow, IssuerAct::Revoke(of.investor), &of.sender),
        EscrowCommand::Return(arguments) => {
            let of = &arguments.investor;
            let act = IssuerAct::Return(of.investor, arguments.reason.0);
            (of.escrow, act, &of.sender)
        }
        EscrowCommand::Pause(of) => (of.escrow, IssuerAct::Pause, &of.sender),
        EscrowCommand::Resume(of) => (of.escrow, IssuerAct::Resume, &of.sender),
        EscrowCommand::Cancel(of) => (of.escrow, IssuerAct::Cancel, &of.sender),
    };
    act_on(escrow, act, sender, console)
}

fn act_on(
    escrow: Address,
    act: IssuerAct,
    sender: &SenderArguments,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let mut steps = Steps::begin(sender, console)?;
    block_on(async {
        let kind = sale_terms_at(&steps.client, escrow).await?.kind();
        let investor = match act {
            IssuerAct::Revoke(investor) | IssuerAct::Return(investor, _) => Some(investor),
            IssuerAct::Pause | IssuerAct::Resume if kind == EscrowKind::Root => {
                return Err(EvmError::NoPause { escrow }.into());
            }
            IssuerAct::Pause | IssuerAct::Resume | IssuerAct::Cancel => None,
        };
        steps
            .take(act.draft(escrow, steps.sender.address()))
            .await?;
        let view = View::read(&steps.client, (escrow, kind), investor).await?;
        let mut text = steps.text();
        text.push(view.text());
        let mut value = view.json(escrow);
        value["sent"] = json!(steps.sends());
        value["steps"] = json!(steps.json());
        console.data(text.join("\n"), &value);
        Ok(ExitCode::SUCCESS)
    })
}

fn show(arguments: &EscrowShowArguments, console: &Console) -> Result<ExitCode, Failure> {
    let client = ChainClient::http(&arguments.rpc)?;
    let escrow = arguments.escrow;
    let view = block_on(async {
        let kind = sale_terms_at(&client, escrow).await?.kind();
        View::read(&client, (escrow, kind), arguments.investor).await
    })?;
    console.data(view.text(), &view.json(escrow));
    Ok(ExitCode::SUCCESS)
}

/// Where a sale stands, and somebody in it.
struct View {
    sale: Sale,
    investor: Option<(Address, InvestorStanding)>,
}

enum Sale {
    Formula(EscrowStanding),
    Root(RootStanding),
}

impl View {
    async fn read(
        client: &ChainClient,
        (escrow, kind): (Address, EscrowKind),
        investor: Option<Address>,
    ) -> Result<Self, Failure> {
        let sale = match kind {
            EscrowKind::Plain
            | EscrowKind::Withdrawable
            | EscrowKind::Rounds
            | EscrowKind::WithdrawableRounds => {
                Sale::Formula(EscrowStanding::read_from(client, escrow).await?)
            }
            EscrowKind::Root => Sale::Root(RootStanding::read_from(client, escrow).await?),
        };
        let investor = match investor {
            Some(who) => {
                let standing = InvestorStanding::read_from(client, (escrow, kind), who).await?;
                Some((who, standing))
            }
            None => None,
        };
        Ok(Self { sale, investor })
    }

    fn text(&self) -> String {
        let mut text = match &self.sale {
            Sale::Formula(standing) => {
                let phase = standing.phase.name();
                let mut text = format!(
                    "phase:       {phase}\nraised:      {} smallest units",
                    standing.raised
                );
                if let Some(until) = standing.paused_until {
                    text.push_str(&format!("\npaused:      before {until} (unix seconds)"));
                }
                if standing.refunds == Refunds::Open {
                    text.push_str("\nrefunds:     everybody's money is due back");
                }
                text
            }
            Sale::Root(standing) => standing_text(standing),
        };
        if let Some((who, standing)) = &self.investor {
            text.push_str(&format!(
                "\ninvestor:    {who}: {}, {} smallest units in the sale, {} to be taken out as money",
                standing.standing.name(),
                standing.money,
                standing.money_due
            ));
        }
        text
    }

    fn json(&self, escrow: Address) -> Value {
        let mut value = match &self.sale {
            Sale::Formula(standing) => json!({
                "phase": standing.phase.name(),
                "raised": standing.raised.to_string(),
                "paused_until": standing.paused_until,
                "refunds_open": standing.refunds == Refunds::Open,
            }),
            Sale::Root(standing) => standing_json(standing),
        };
        value["escrow"] = json!(escrow);
        if let Some((who, standing)) = &self.investor {
            value["investor"] = json!({
                "wallet": who,
                "standing": standing.standing.name(),
                "money": standing.money.to_string(),
                "money_due": standing.money_due.to_string(),
            });
        }
        value
    }
}
