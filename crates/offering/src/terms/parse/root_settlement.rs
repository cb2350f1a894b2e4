//! `[root]`: how a contract takes the outcome that it cannot compute.

use super::super::RootSettlement;
use super::super::problem::TermsCode;
use super::Frame;
use super::reader::{Reader, Section};
use crate::Tokens;

pub(super) fn read(
    reader: &mut Reader<'_>,
    top: &mut Section<'_>,
    frame: &Frame,
) -> Option<RootSettlement> {
    let mut section = top.section(reader, "root")?;
    let (token, money) = (&frame.units.token, &frame.units.numeraire);
    let example = format!("\"0.01 {} per {}\"", money.symbol, token.symbol);
    let ceiling = section.require(reader, "ceiling", &example);
    let ceiling = ceiling.and_then(|entry| entry.ratio_of(reader, money, token));
    let price_unit = match section.take(reader, "price_unit") {
        Some(entry) => entry.tokens(reader, &frame.units),
        None => 10_u128.checked_pow(token.decimals.into()).map(Tokens),
    };
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
        ceiling: ceiling?,
        price_unit: price_unit?,
        share: share?,
        challenge: challenge?,
        claims: claims?,
    })
}
