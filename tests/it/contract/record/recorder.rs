//! A contract in this process that has all its calls written down.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use cmscc::{
    contract::Contract,
    stub::{
        Chaincode, Invocation, Response,
        memory::{Ledger, MemoryStub, Others, ReadWriteSet},
    },
};

use super::{
    super::world::{self, TestAnchors, contract, trusting},
    format::{Exchange, Outcome, Server, Writer},
};

pub(crate) struct Recorder<W> {
    anchors: Arc<TestAnchors>,
    anchored: Contract,
    trusting: Contract,
    writer: Mutex<Writer<W>>,
}

impl<W: Write> Recorder<W> {
    pub(crate) fn new(anchors: &Arc<TestAnchors>, out: W) -> Self {
        Self {
            anchors: Arc::clone(anchors),
            anchored: contract(anchors),
            trusting: trusting(),
            writer: Mutex::new(Writer::new(out)),
        }
    }

    /// What was written to.
    pub(super) fn into_inner(self) -> W {
        self.writer.into_inner().unwrap().into_inner()
    }

    /// The server with the anchors that are set.
    fn server(&self) -> Server {
        let (anchor, disown) = self.anchors.both();
        Server {
            anchor,
            disown,
            allow_unanchored: false,
        }
    }

    /// Has a call answered beside other chaincodes.
    pub(super) async fn beside(
        &self,
        others: Others,
        ledger: &Ledger,
        call: &Invocation,
    ) -> (Response, ReadWriteSet) {
        let server = self.server();
        self.answer(&self.anchored, server, others, ledger, call)
            .await
    }

    /// Has a call answered by a server that needs no anchor.
    pub(super) async fn unanchored(
        &self,
        ledger: &Ledger,
        call: &Invocation,
    ) -> (Response, ReadWriteSet) {
        let server = Server {
            allow_unanchored: true,
            ..Server::default()
        };
        self.answer(&self.trusting, server, Others::new(), ledger, call)
            .await
    }

    async fn answer(
        &self,
        contract: &Contract,
        server: Server,
        others: Others,
        ledger: &Ledger,
        call: &Invocation,
    ) -> (Response, ReadWriteSet) {
        let mut stub = MemoryStub::new(ledger).beside(others.clone());
        let response = contract.invoke(call, &mut stub).await;
        let set = stub.finish().expect("no write after a page");
        let outcome = Outcome {
            response: response.clone(),
            set: set.clone(),
        };
        self.writer.lock().unwrap().write(&Exchange {
            server,
            others,
            ledger: ledger.clone(),
            call: call.clone(),
            outcome,
        });
        (response, set)
    }
}

impl<W: Write> world::Server for Recorder<W> {
    async fn simulate(&self, ledger: &Ledger, call: &Invocation) -> (Response, ReadWriteSet) {
        self.beside(Others::new(), ledger, call).await
    }
}

impl<S: world::Server> world::Server for &S {
    async fn simulate(&self, ledger: &Ledger, call: &Invocation) -> (Response, ReadWriteSet) {
        S::simulate(self, ledger, call).await
    }
}
