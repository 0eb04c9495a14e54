//! What a function is given: the call, and what the server brings along for it.

use std::fmt;

use bytes::Bytes;

use crate::{
    block::ConfigBlock,
    contract::{
        anchors::{Anchors, ContractObserver, Disown, HeadFacts},
        chain::levels::{demand_supported, unsupported},
        error::{Code, ContractError},
        interface::Arguments,
        judge::{Compiled, cache::BundleCache},
        ledger::{TrustedHead, digest},
    },
    ids::{ChaincodeName, ChannelId, Sequence, UnixTime},
    proto::cmscc::Head,
    stub::{Invocation, Stub},
};

/// One call, and what the server brings along for it.
pub(crate) struct Context<'a> {
    /// The transaction as the peer handed it over.
    pub(crate) invocation: &'a Invocation,
    /// The call's arguments.
    pub(crate) args: Arguments<'a>,
    /// Whether a bootstrap without anchor is endorsed.
    pub(crate) allow_unanchored: bool,
    /// Compiled configs and what was found out with them, kept between calls.
    pub(crate) cache: &'a BundleCache,
    /// Who wants to know facts.
    pub(crate) observer: &'a dyn ContractObserver,
    /// What this server's operator mounted.
    pub(crate) anchors: &'a dyn Anchors,
}

impl<'a> Context<'a> {
    /// The channel that the call is on.
    pub(crate) const fn channel(&self) -> &'a ChannelId {
        &self.invocation.channel
    }

    /// The chaincode that the submitter called.
    pub(crate) const fn chaincode(&self) -> &'a ChaincodeName {
        &self.invocation.chaincode
    }

    /// The transaction's id.
    pub(crate) fn tx_id(&self) -> &'a str {
        self.invocation.tx_id.as_str()
    }

    /// The serialized identity of the submitter.
    pub(crate) fn creator(&self) -> &'a [u8] {
        &self.invocation.creator
    }

    /// The submitter's clock.
    pub(crate) const fn now(&self) -> UnixTime {
        self.invocation.timestamp
    }

    /// The anchor of this server's operator: a block whose data is what its header names.
    pub(crate) fn anchor(&self) -> Result<Option<ConfigBlock>, ContractError> {
        let unreadable = |why: &dyn fmt::Display| {
            Code::AnchorUnreadable.because(format_args!(
                "this server's trust anchor for channel `{}` cannot be read: {why}",
                self.channel()
            ))
        };
        let anchor = self.anchors.anchor(self.channel());
        let anchor = anchor.map_err(|why| unreadable(&why))?;
        if let Some(block) = &anchor {
            let checked = block.block().check_data_hash();
            checked.map_err(|why| unreadable(&why))?;
        }
        Ok(anchor)
    }

    /// The permission of this server's operator to drop a false branch.
    pub(crate) fn disown(&self) -> Result<Option<Disown>, ContractError> {
        self.anchors.disown(self.channel()).map_err(|why| {
            Code::AnchorUnreadable.because(format_args!(
                "this server's permission to disown on channel `{}` cannot be read: {why}",
                self.channel()
            ))
        })
    }

    /// Reads what every call reads first, and compiles the head's config.
    pub(crate) async fn trusted<S: Stub>(
        &self,
        stub: &mut S,
    ) -> Result<(TrustedHead, Compiled), ContractError> {
        let trusted = TrustedHead::demand(stub).await?;
        let bundle = self.compiled(&trusted)?;
        Ok((trusted, bundle))
    }

    /// The same, and the value of another key, all in one call.
    pub(crate) async fn trusted_beside<S: Stub>(
        &self,
        stub: &mut S,
        key: &str,
    ) -> Result<(TrustedHead, Compiled, Option<Bytes>), ContractError> {
        let (trusted, value) = TrustedHead::demand_beside(stub, Some(key)).await?;
        let bundle = self.compiled(&trusted)?;
        Ok((trusted, bundle, value))
    }

    fn compiled(&self, trusted: &TrustedHead) -> Result<Compiled, ContractError> {
        let bundle = self.cache.compile(self.channel(), trusted)?;
        self.tell_head(&trusted.head)?;
        // also where there is none: a recovery may have set another config
        self.observer
            .unsupported(self.channel(), &unsupported(&bundle));
        Ok(bundle)
    }

    /// The same for calls that write: refused where the channel needs more than this build knows.
    pub(crate) async fn trusted_to_write<S: Stub>(
        &self,
        stub: &mut S,
    ) -> Result<(TrustedHead, Compiled), ContractError> {
        let (trusted, bundle) = self.trusted(stub).await?;
        demand_supported(&bundle)?;
        Ok((trusted, bundle))
    }

    /// Tells the observer which head was seen or endorsed.
    pub(crate) fn tell_head(&self, head: &Head) -> Result<(), ContractError> {
        let facts = HeadFacts {
            epoch: head.epoch,
            sequence: Sequence(head.sequence),
            config_sha256: digest(&head.config_sha256)?,
        };
        self.observer.head(self.channel(), &facts);
        Ok(())
    }
}
