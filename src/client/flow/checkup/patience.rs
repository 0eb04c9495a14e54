//! How long a question may take.

use std::time::Duration;

use tokio::time::timeout;

use crate::client::{ClientError, Exit};

/// The longest that one question may take; the settings may say less.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// The longest that a question to a server may take: a peer waits so long for the connection as the package
/// says, which is 10 s where nobody says otherwise, and then says why there is none.
pub(super) const ANSWERING: Duration = Duration::from_secs(15);

/// The longest that following the channel's config may take.
pub(super) const FOLLOWING: Duration = Duration::from_secs(30);

/// An answer, if it comes in time.
pub(super) async fn within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    let answer = timeout(patience, asked).await;
    answer.unwrap_or_else(|_| {
        let text = format!("no answer within {} s", patience.as_secs());
        let error = ClientError::new(Exit::Unreachable, "TIMEOUT", text);
        Err(error.hint("is it overloaded? its log says more"))
    })
}
