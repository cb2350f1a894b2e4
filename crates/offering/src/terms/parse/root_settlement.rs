//! `[root]`: how a contract takes the outcome that it cannot compute.

use super::super::problem::TermsCode;
use super::super::{BidLimits, RootSettlement};
use super::Frame;
use super::reader::{Reader, Section};
use crate::Tokens;

pub(super) fn read(
    reader: &mut Reader<'_>,
    top: &mut Section<'_>,
    frame: &Frame,
) -> Option<RootSettlement> {
    let mut section = top.section(reader, "root")?;
    let bids = bid_limits(reader, &mut section, frame);
    let share = section.require(reader, "share", "\"20 %\"");
    let share = share.and_then(|entry| {
        let share = entry.percent(reader, 100)?;
        if share.0 == 0 {
            let hint = "write a share, such as `\"20 %\"`";
            let message = "nobody would have to object for a root to be void";
            entry.report(reader, TermsCode::Zero, message, hint);
            return None;
        }
        Some(share)
    });
    let challenge = frame
        .schedule
        .span_required(reader, &mut section, "challenge");
    let claims = frame.schedule.span_required(reader, &mut section, "claims");
    section.finish(reader);
    Some(RootSettlement {
        bids: bids?,
        share: share?,
        challenge: challenge?,
        claims: claims?,
    })
}

/// Which prices bids may name. Whether there are bids is asked once the rounds are read.
fn bid_limits(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
) -> Option<Option<BidLimits>> {
    let (token, money) = (&frame.units.token, &frame.units.numeraire);
    let (ceiling, price_unit) = (
        section.take(reader, "ceiling"),
        section.take(reader, "price_unit"),
    );
    let ceiling = match (ceiling, &price_unit) {
        (Some(ceiling), _) => ceiling,
        (None, None) => return Some(None),
        (None, Some(_)) => {
            let example = format!("\"0.01 {} per {}\"", money.symbol, token.symbol);
            section.require(reader, "ceiling", &example)?
        }
    };
    let ceiling = ceiling.ratio_of(reader, money, token);
    let price_unit = match price_unit {
        Some(entry) => entry.tokens(reader, &frame.units),
        None => 10_u128.checked_pow(token.decimals.into()).map(Tokens),
    };
    Some(Some(BidLimits {
        ceiling: ceiling?,
        price_unit: price_unit?,
    }))
}
