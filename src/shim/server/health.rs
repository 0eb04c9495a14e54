//! gRPC's health service beside the chaincode's, without a router before them.

use std::task::{Context, Poll};

use tonic::{
    body::Body,
    codegen::{Service, http},
};

/// Two services at one port.
#[derive(Clone)]
pub(super) struct BesideHealth<C, H> {
    pub(super) chaincode: C,
    pub(super) health: H,
}

/// How the paths of the health service begin.
const HEALTH: &str = "/grpc.health.v1.Health/";

impl<C, H> Service<http::Request<Body>> for BesideHealth<C, H>
where
    C: Service<http::Request<Body>>,
    H: Service<http::Request<Body>, Response = C::Response, Error = C::Error, Future = C::Future>,
{
    type Response = C::Response;
    type Error = C::Error;
    type Future = C::Future;

    /// Both are always ready.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.chaincode.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> C::Future {
        if request.uri().path().starts_with(HEALTH) {
            self.health.call(request)
        } else {
            self.chaincode.call(request)
        }
    }
}
