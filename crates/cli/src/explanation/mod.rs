//! Explanations: every step of the arithmetic of one contribution, in words and numbers.
//!
//! The engine's traces say what was computed ([`softcap_offering::trace`]); here each number is set
//! beside the formula that gives it, and computed once more from what is printed. A line that does
//! not give the recorded number says so.

mod arrival;
mod auction;
mod calculation;
mod ending;
mod escrow;
mod exact;
mod for_nothing;
mod page;
mod price;
mod replay;
mod shared;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use page::Page;
pub(crate) use replay::{Found, replay};

use softcap_offering::Offering;

use self::{page::Step, words::Words};

/// The page about a contribution of a settled offering.
pub(crate) fn explain(offering: &Offering, found: &Found) -> Page {
    let words = Words::of(offering);
    let title = format!(
        "Contribution {} of {}",
        found.reference,
        offering.terms().name
    );
    let mut page = Page {
        title,
        ..Page::default()
    };
    page.add(arrival::arrived(words, found));
    page.add(arrival::round(words, found));
    if let Some(offer) = &found.trace.offer {
        page.add(arrival::value(words, found, offer));
        page.add(arrival::minimums(words, found, offer));
        page.add(arrival::bounds(words, found, offer));
        if found.trace.refusal.is_none() {
            page.add(price::price(words, found, offer));
            page.add(price::tokens(words, found, offer));
        }
    } else if found.trace.refusal.is_none() {
        let mut sealed = Step::new("A sealed bid");
        sealed.say("Amount and limit price are hidden in a hash until the bid is opened.");
        page.add(sealed);
    }
    page.add(escrow::decided(words, found));
    page.add(ending::later(words, found));
    if let Some(batch) = &found.settlement.batch {
        page.add(shared::batch(words, found, batch));
    }
    if let Some(bid) = &found.settlement.bid {
        page.add(auction::auction(words, found, bid));
    }
    page.add(auction::dutch(words, found));
    page.add(for_nothing::for_nothing(words, found));
    page.add(ending::verdict(words, offering, found));
    page.add(ending::final_tokens(words, found));
    page.add(escrow::to_come_out(words, found));
    ending::row(words, found, &mut page);
    page
}
