//! A checkpoint that somebody pushes (C2SP tlog-witness, `add-checkpoint`), and the answer to it.

#[cfg(test)]
mod tests;

use hyper::StatusCode;
use softcap_proof::{CheckpointNote, ProofError, WitnessRequest, cosignature::Contradiction};

use super::{
    keeper::{Decided, Keeper},
    served::Event,
};
use crate::failure::Failure;

/// The media type of the size that was cosigned last.
const SIZE_TYPE: &str = "text/x.tlog.size";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// What a pusher is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: TEXT_TYPE,
            body: body.into() + "\n",
        }
    }

    fn size(size: u64) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            content_type: SIZE_TYPE,
            body: format!("{size}\n"),
        }
    }
}

/// Judges a request, and says what became known by it.
pub(super) fn answer(keeper: &Keeper, body: &[u8]) -> (Answer, Option<Event>) {
    let request = match WitnessRequest::parse(body) {
        Ok(request) => request,
        Err(error) => {
            return (
                Answer::text(StatusCode::BAD_REQUEST, error.to_string()),
                None,
            );
        }
    };
    match judge(keeper, request) {
        Ok(answer) => answer,
        Err(failure) => (
            Answer::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "this witness could not keep it",
            ),
            Some(Event::Failed(failure)),
        ),
    }
}

fn judge(keeper: &Keeper, request: WitnessRequest) -> Result<(Answer, Option<Event>), Failure> {
    let no = |status, why: &str| Ok((Answer::text(status, why), None));
    let head = request.note.unverified();
    if keeper.origin()?.as_deref() != Some(head.origin()) {
        return no(StatusCode::NOT_FOUND, "this witness does not know this log");
    }
    let seen = match (request.note.verify(keeper.log_key()), &request.note) {
        (Ok(_), CheckpointNote::Signed(seen)) => seen.clone(),
        (Ok(_), CheckpointNote::Unsigned(_))
        | (Err(ProofError::SignatureMissing { .. } | ProofError::SignatureInvalid { .. }), _) => {
            return no(StatusCode::FORBIDDEN, "the log's key did not sign this");
        }
        (Err(error), _) => return no(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let (old, size) = (request.old, head.size());
    if old > size {
        return no(
            StatusCode::BAD_REQUEST,
            "the old size is beyond the checkpoint",
        );
    }
    if (old == 0 || old == size) && !request.proof.is_empty() {
        return no(
            StatusCode::UNPROCESSABLE_ENTITY,
            "there is nothing to prove",
        );
    }
    Ok(match keeper.decide(seen, old, &request.proof)? {
        Decided::Cosigned(cosigned) => {
            let answer = Answer {
                status: StatusCode::OK,
                content_type: TEXT_TYPE,
                body: keeper.line(&cosigned.note),
            };
            let event = cosigned.is_new.then_some(Event::Cosigned(cosigned));
            (answer, event)
        }
        Decided::Moved { size } => (Answer::size(size), None),
        Decided::Alarm(alarm) => match alarm.kind {
            // Both are signed by the log: whoever brings them, they are proof.
            Contradiction::Forked => (Answer::size(size), Some(Event::Alarm(alarm))),
            // Anybody can send a proof that is none.
            Contradiction::NotContinued | Contradiction::Shrunk | Contradiction::OtherOrigin => (
                Answer::text(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "the proof does not lead from the old tree to this one",
                ),
                None,
            ),
        },
    })
}
