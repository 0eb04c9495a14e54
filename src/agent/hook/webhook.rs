//! Requests to web servers.

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, join, split};

use super::{
    reach::{self, WebhookConnection},
    refusal::HookRefusal,
    secret,
};
use crate::agent::{
    notice::{Notice, theirs},
    rule::Webhook,
};

/// So much of an answer is looked at. Unit: bytes.
const ANSWER: usize = 1 << 10;

/// So much is read of all that comes, with headers, and with answers before the answer. Unit: bytes.
const READ: u64 = 64 << 10;

/// Posts the document. Only an answer of 200 to 299 says that it arrived; another place that an answer
/// names is not gone to.
pub(super) async fn send(target: &Webhook, notice: &Notice, now: i64) -> Result<(), HookRefusal> {
    let body = notice.document();
    let request = request(target, notice, now, body)?;
    match reach::connect(target).await? {
        WebhookConnection::Plain(stream) => exchange(stream, request).await,
        WebhookConnection::Tls(stream) => exchange(*stream, request).await,
    }
}

fn request(
    target: &Webhook,
    notice: &Notice,
    now: i64,
    body: String,
) -> Result<Request<Full<Bytes>>, HookRefusal> {
    let authority = target
        .url
        .authority()
        .map_or("", |authority| authority.as_str());
    let path = target
        .url
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("cmscc/", env!("CARGO_PKG_VERSION")))
        .header("X-Cmscc-Event", notice.kind.name())
        .header("X-Cmscc-Id", &notice.id)
        .header("X-Cmscc-Time", now);
    if let Some(file) = &target.secret_file {
        let signature = secret::signature(&secret::read(file)?, now, body.as_bytes());
        request = request.header("X-Cmscc-Signature", signature);
    }
    let request = request.body(Full::new(Bytes::from(body)));
    request.map_err(|error| HookRefusal::new(error.to_string()))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(), HookRefusal>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let failed = |error: hyper::Error| HookRefusal::new(format!("no answer: {error}"));
    // SECURITY: a receiver that says `100 Continue` for ever is heard to an end
    let (read, write) = split(stream);
    let stream = join(read.take(READ), write);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = Limited::new(answer.into_body(), ANSWER).collect().await;
        let said = said.map(|said| said.to_bytes()).unwrap_or_default();
        Err(refused(status, &String::from_utf8_lossy(&said)))
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Err(error) => Err(failed(error)),
            // the answer was read already, or there is none
            Ok(()) => answer.await,
        },
    }
}

fn refused(status: StatusCode, said: &str) -> HookRefusal {
    let said = said.trim();
    HookRefusal::new(match (status.is_redirection(), said.is_empty()) {
        (true, _) => format!("it answers {status}: another place is not gone to"),
        (false, true) => format!("it answers {status}"),
        (false, false) => format!("it answers {status}: {}", theirs(said)),
    })
}

/// Whether the files of a target can be used.
pub(super) fn check(target: &Webhook) -> Result<(), HookRefusal> {
    if let Some(file) = &target.secret_file {
        secret::read(file)?;
    }
    match target.is_tls() {
        true => reach::tls(target.ca_file.as_deref()).map(drop),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream};

    use super::*;

    fn posted() -> Request<Full<Bytes>> {
        Request::post("/").body(Full::new(Bytes::new())).unwrap()
    }

    /// What comes before an answer.
    async fn hears(receiver: &mut DuplexStream) {
        assert!(receiver.read(&mut [0; 512]).await.unwrap() > 0);
    }

    #[tokio::test]
    async fn answers_without_end_are_heard_to_an_end() {
        let (stream, mut receiver) = tokio::io::duplex(1 << 10);
        let endless = tokio::spawn(async move {
            hears(&mut receiver).await;
            let goes_on = b"HTTP/1.1 100 Continue\r\n\r\n";
            let mut said = 0_u64;
            while receiver.write_all(goes_on).await.is_ok() {
                said += goes_on.len() as u64;
            }
            said
        });
        let why = exchange(stream, posted()).await.unwrap_err();
        assert!(why.to_string().starts_with("no answer"), "{why}");
        let said = endless.await.unwrap();
        assert!((READ / 2..2 * READ).contains(&said), "{said}");
    }

    #[tokio::test]
    async fn an_answer_before_the_answer_is_none() {
        let (stream, mut receiver) = tokio::io::duplex(1 << 10);
        let answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let answering = tokio::spawn(async move {
            hears(&mut receiver).await;
            receiver.write_all(answers).await
        });
        exchange(stream, posted()).await.unwrap();
        answering.await.unwrap().unwrap();
    }
}
