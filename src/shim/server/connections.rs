//! The connections of a server: how many there may be, their handshakes, and how long one may be
//! without a stream.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, Sleep, sleep, sleep_until, timeout},
};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::{
    settings::ShimSettings,
    tls::{self, TlsSwitch},
};
use crate::shim::{limits::ServerLimits, observer::Observer, refusal::ConnectionRefusal};

/// How long nothing is accepted after the system has refused to: descriptors do not come back at once.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The first byte of a TLS handshake; an HTTP/2 connection starts with `P`.
const TLS_HANDSHAKE: u8 = 0x16;

/// Takes connections until `shutdown`; those that are ready for HTTP/2 come out.
pub(super) fn accept(
    listener: TcpListener,
    settings: &ShimSettings,
    observer: Arc<dyn Observer>,
    shutdown: CancellationToken,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, connections) = mpsc::channel(16);
    let accepting = Accepting {
        tls: settings.tls.clone(),
        within: settings.timeouts.connection,
        counts: Arc::new(ConnectionCounts {
            limits: settings.limits,
            observer,
            open: Mutex::default(),
        }),
    };
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = accepting.run(&listener, &sender) => {}
        }
    });
    ReceiverStream::new(connections)
}

#[derive(Clone)]
struct Accepting {
    tls: Option<TlsSwitch>,
    /// How long a connection may be without a stream.
    within: Duration,
    counts: Arc<ConnectionCounts>,
}

impl Accepting {
    async fn run(&self, listener: &TcpListener, ready: &mpsc::Sender<io::Result<Connection>>) {
        loop {
            let (stream, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    let refusal = ConnectionRefusal::Accept(error.to_string());
                    self.counts.observer.connection_refused("", &refusal);
                    sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let place = match self.counts.take(address) {
                Ok(place) => place,
                Err(refusal) => {
                    self.counts.refused(address, &refusal);
                    continue;
                }
            };
            // a peer's messages are small and waited for
            let _ = stream.set_nodelay(true);
            let (accepting, ready) = (self.clone(), ready.clone());
            tokio::spawn(async move {
                match accepting.handshake(stream).await {
                    // a server that is gone needs no connection
                    Ok(io) => drop(
                        ready
                            .send(Ok(Connection::new(io, place, accepting.within)))
                            .await,
                    ),
                    Err(refusal) => place.refused(&refusal),
                }
            });
        }
    }

    async fn handshake(&self, stream: TcpStream) -> Result<Io, ConnectionRefusal> {
        let Some(tls) = &self.tls else {
            return Ok(Io::Plain(stream));
        };
        let material = tls.current();
        let within = self.within;
        let silent = |_| ConnectionRefusal::Silent { within };
        let handshake = material.acceptor().accept(stream);
        let stream = match timeout(within, handshake).await.map_err(silent)? {
            Ok(stream) => stream,
            Err(error) => {
                return Err(ConnectionRefusal::Handshake {
                    detail: tls::detail(&error),
                    hint: tls::hint(&error),
                });
            }
        };
        if let Some(fingerprint) = material.turned_away(stream.get_ref().1.peer_certificates()) {
            return Err(ConnectionRefusal::NotAllowed { fingerprint });
        }
        Ok(Io::Tls(Box::new(stream)))
    }
}

/// How many connections are open, in all and of each address.
struct ConnectionCounts {
    limits: ServerLimits,
    observer: Arc<dyn Observer>,
    open: Mutex<BTreeMap<IpAddr, OfAddress>>,
}

/// What one address has open.
#[derive(Clone, Copy, Default)]
struct OfAddress {
    connections: usize,
    /// Streams end with their connection, at the latest.
    streams: usize,
}

impl ConnectionCounts {
    fn take(self: &Arc<Self>, address: SocketAddr) -> Result<ConnectionPlace, ConnectionRefusal> {
        let mut open = self.open();
        let all: usize = open.values().map(|of| of.connections).sum();
        let limit = self.limits.connections;
        if all >= limit {
            return Err(ConnectionRefusal::Full { limit });
        }
        let most = self.limits.connections_per_address;
        if open
            .get(&address.ip())
            .is_some_and(|of| of.connections >= most)
        {
            return Err(ConnectionRefusal::FullOfAddress { limit: most });
        }
        let of_address = open.entry(address.ip()).or_default();
        of_address.connections = of_address.connections.saturating_add(1);
        drop(open);
        self.observer.connections(all.saturating_add(1), limit);
        Ok(ConnectionPlace {
            counts: Arc::clone(self),
            address,
        })
    }

    fn free(&self, address: IpAddr) {
        let mut open = self.open();
        Self::change(&mut open, address, |of| {
            of.connections = of.connections.saturating_sub(1);
        });
        let all = open.values().map(|of| of.connections).sum();
        drop(open);
        self.observer.connections(all, self.limits.connections);
    }

    fn take_stream(&self, address: IpAddr) -> Option<()> {
        let mut open = self.open();
        let of_address = open.entry(address).or_default();
        let is_free = of_address.streams < self.limits.streams_per_address;
        if is_free {
            of_address.streams = of_address.streams.saturating_add(1);
        }
        is_free.then_some(())
    }

    fn free_stream(&self, address: IpAddr) {
        Self::change(&mut self.open(), address, |of| {
            of.streams = of.streams.saturating_sub(1);
        });
    }

    /// Changes what an address has, of which nothing is kept once it has nothing.
    fn change(
        open: &mut BTreeMap<IpAddr, OfAddress>,
        address: IpAddr,
        change: impl FnOnce(&mut OfAddress),
    ) {
        if let Some(of_address) = open.get_mut(&address) {
            change(of_address);
            if of_address.connections == 0 && of_address.streams == 0 {
                open.remove(&address);
            }
        }
    }

    fn refused(&self, address: SocketAddr, refusal: &ConnectionRefusal) {
        let address = address.to_string();
        self.observer.connection_refused(&address, refusal);
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<IpAddr, OfAddress>> {
        // what is behind the lock is whole after every statement
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, which is free again when this is dropped.
struct ConnectionPlace {
    counts: Arc<ConnectionCounts>,
    address: SocketAddr,
}

impl ConnectionPlace {
    fn refused(&self, refusal: &ConnectionRefusal) {
        self.counts.refused(self.address, refusal);
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.counts.free(self.address.ip());
    }
}

/// An open connection. Reading from one that is without a stream for too long fails, which closes it.
pub(super) struct Connection {
    io: Io,
    place: ConnectionPlace,
    usage: Arc<Mutex<ConnectionUsage>>,
    within: Duration,
    check: Pin<Box<Sleep>>,
    /// Whether a byte has come.
    spoke: bool,
    /// Whether it was without a stream for too long.
    was_silent: bool,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What a connection is used for.
struct ConnectionUsage {
    /// Streams whose peer has accepted us.
    streams: usize,
    /// When the last of them ended, or the connection was opened.
    since: Instant,
}

/// What a stream knows of its connection.
#[derive(Clone)]
pub(super) struct ConnectionInfo {
    address: SocketAddr,
    counts: Arc<ConnectionCounts>,
    usage: Arc<Mutex<ConnectionUsage>>,
}

/// Held by a stream as long as it is open.
pub(super) struct OpenStream {
    connection: ConnectionInfo,
    is_ready: bool,
}

impl OpenStream {
    /// The peer has accepted us: only such a stream keeps its connection open. One that takes none of
    /// our messages is never asked for its next, so its own time would not run out.
    pub(super) fn ready(&mut self) {
        if !self.is_ready {
            self.is_ready = true;
            let mut usage = locked(&self.connection.usage);
            usage.streams = usage.streams.saturating_add(1);
        }
    }
}

impl ConnectionInfo {
    /// Where the connection comes from.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A place for a stream of this address; `None` where it has as many as one may.
    pub(super) fn open_stream(&self) -> Option<OpenStream> {
        self.counts.take_stream(self.address.ip())?;
        Some(OpenStream {
            connection: self.clone(),
            is_ready: false,
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection.counts.free_stream(connection.address.ip());
        if self.is_ready {
            let mut usage = locked(&connection.usage);
            usage.streams = usage.streams.saturating_sub(1);
            usage.since = Instant::now();
        }
    }
}

fn locked(usage: &Mutex<ConnectionUsage>) -> MutexGuard<'_, ConnectionUsage> {
    usage.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    fn new(io: Io, place: ConnectionPlace, within: Duration) -> Self {
        let since = Instant::now();
        Self {
            io,
            place,
            usage: Arc::new(Mutex::new(ConnectionUsage { streams: 0, since })),
            within,
            check: Box::pin(sleep_until(since + within)),
            spoke: false,
            was_silent: false,
        }
    }

    /// Fails once the connection was without a stream for too long. Asked wherever HTTP/2 asks: while
    /// it waits to write it does not read.
    fn check_silence(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.was_silent && self.poll_silence(cx).is_ready() {
            self.was_silent = true;
            let within = self.within;
            self.place.refused(&ConnectionRefusal::Silent { within });
        }
        match self.was_silent {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }

    /// Ready once the connection was without a stream for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.check.as_mut().poll(cx).is_ready() {
            let usage = locked(&self.usage);
            let idle_since = match usage.streams {
                0 => usage.since,
                _ => Instant::now(),
            };
            drop(usage);
            let end = idle_since + self.within;
            if end <= Instant::now() {
                return Poll::Ready(());
            }
            self.check.as_mut().reset(end);
        }
        Poll::Pending
    }
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        ConnectionInfo {
            address: self.place.address,
            counts: Arc::clone(&self.place.counts),
            usage: Arc::clone(&self.usage),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_silence(cx)?;
        let connection = &mut *self;
        let before = buf.filled().len();
        match &mut connection.io {
            Io::Tls(stream) => return Pin::new(stream).poll_read(cx, buf),
            Io::Plain(stream) => ready!(Pin::new(stream).poll_read(cx, buf))?,
        }
        if !connection.spoke {
            connection.spoke = true;
            if buf.filled().get(before) == Some(&TLS_HANDSHAKE) {
                connection.place.refused(&ConnectionRefusal::TlsAtPlainPort);
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_silence(cx)?;
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_silence(cx)?;
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_silence(cx)?;
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
