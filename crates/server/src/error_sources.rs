//! What an error comes from, however many others were put around it on the way.

use std::error::Error;

/// Whether an error of this kind stands among an error and its sources.
pub(crate) fn comes_from<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<E>() {
            return true;
        }
        next = error.source();
    }
    false
}
