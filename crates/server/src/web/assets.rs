//! Style, scripts and pictures of the pages: in the program, under a name that changes with the content, so that
//! browsers may keep them for ever.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest as _, Sha256};
use softcap_proof::hex;

use crate::problem::{ApiError, ProblemCode};

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Bytes of the hash that are in a name.
const MARK_BYTES: usize = 6;

/// A file of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asset {
    /// The style of all pages.
    Style,
    /// What all pages do beyond showing: time zones, copying, live numbers.
    Script,
    /// What passkeys need.
    Passkey,
    /// What wallets need.
    Wallet,
    /// What seals a bid.
    Sealed,
    /// What draws the raise over time.
    Chart,
    /// uPlot, by others (`uplot.LICENSE`), as its package has it but for the language of numbers.
    Plot,
    /// Its style.
    PlotStyle,
    /// The picture in the tab.
    Icon,
}

impl Asset {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Style,
        Self::Script,
        Self::Passkey,
        Self::Wallet,
        Self::Sealed,
        Self::Chart,
        Self::Plot,
        Self::PlotStyle,
        Self::Icon,
    ];

    const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Style => ("site", "css"),
            Self::Script => ("site", "js"),
            Self::Passkey => ("passkey", "js"),
            Self::Wallet => ("wallet", "js"),
            Self::Sealed => ("sealed", "js"),
            Self::Chart => ("chart", "js"),
            Self::Plot => ("uplot", "js"),
            Self::PlotStyle => ("uplot", "css"),
            Self::Icon => ("icon", "svg"),
        }
    }

    const fn kind(self) -> HeaderValue {
        match self {
            Self::Style | Self::PlotStyle => HeaderValue::from_static("text/css; charset=utf-8"),
            Self::Script
            | Self::Passkey
            | Self::Wallet
            | Self::Sealed
            | Self::Chart
            | Self::Plot => HeaderValue::from_static("text/javascript; charset=utf-8"),
            Self::Icon => HeaderValue::from_static("image/svg+xml"),
        }
    }

    /// Its content.
    pub(crate) const fn body(self) -> &'static str {
        match self {
            Self::Style => include_str!("../../assets/site.css"),
            Self::Script => include_str!("../../assets/site.js"),
            Self::Passkey => include_str!("../../assets/passkey.js"),
            Self::Wallet => include_str!("../../assets/wallet.js"),
            Self::Sealed => include_str!("../../assets/sealed.js"),
            Self::Chart => include_str!("../../assets/chart.js"),
            Self::Plot => include_str!("../../assets/uplot.js"),
            Self::PlotStyle => include_str!("../../assets/uplot.css"),
            Self::Icon => include_str!("../../assets/icon.svg"),
        }
    }

    /// Its address.
    pub(crate) fn path(self) -> &'static str {
        let place = Self::ALL.iter().position(|asset| *asset == self);
        place
            .and_then(|place| PATHS.get(place))
            .map_or("", String::as_str)
    }
}

static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let path = |asset: &Asset| {
        let (stem, ending) = asset.parts();
        let hash = Sha256::digest(asset.body());
        let mark = hex(hash.get(..MARK_BYTES).unwrap_or_default());
        format!("/assets/{stem}.{mark}.{ending}")
    };
    Asset::ALL.iter().map(path).collect()
});

/// The route.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(read))
}

async fn read(Path(name): Path<String>) -> Result<Response, ApiError> {
    let path = format!("/assets/{name}");
    let found = Asset::ALL.into_iter().find(|asset| asset.path() == path);
    let asset = found.ok_or(ProblemCode::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, asset.kind()),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    Ok((headers, asset.body()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser says of its language may be no tag (`en-US@posix`), for which `Intl` throws.
    #[test]
    fn no_script_formats_in_a_language_but_that_of_the_page() {
        for asset in Asset::ALL {
            let body = asset.body();
            // uPlot calls the navigator `k`.
            for asked in ["navigator.language", "k.language"] {
                assert!(!body.contains(asked), "{asset:?}: {asked}");
            }
        }
    }

    #[test]
    fn each_file_has_a_name_of_its_own_and_loads_nothing_from_elsewhere() {
        for (place, asset) in Asset::ALL.into_iter().enumerate() {
            assert!(PATHS.iter().filter(|path| **path == asset.path()).count() == 1);
            assert!(PATHS[place].starts_with("/assets/"));
            // A name of a kind of document, and where a library says that it comes from.
            let named = ["http://www.w3.org/", "https://github.com/leeoniya/uPlot"];
            let body = asset.body().to_owned();
            let foreign = named.iter().fold(body, |body, name| body.replace(name, ""));
            assert!(
                !foreign.contains("http://") && !foreign.contains("https://"),
                "{asset:?}"
            );
            assert!(!foreign.contains("@import"), "{asset:?}");
        }
    }
}
