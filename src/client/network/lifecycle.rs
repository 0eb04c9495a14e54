//! The life cycle of a chaincode: what one's own peers have and say, approving and committing.

use bytes::Bytes;

use super::{
    connection::PeerConnection,
    endorser::Which,
    write::{CommittedCall, EndorsedBy, differs},
};
use crate::{
    client::{
        ClientError,
        lifecycle::{
            ApprovedDefinition, CommitReadiness, CommittedDefinition, DefinitionTerms,
            ExpectedWrites, InstalledPackage, LIFECYCLE, LifecycleCall, PackageSource,
            lifecycle_refusal, read_approved, read_committed, read_installed, read_package,
            read_package_id, read_readiness, translated,
        },
    },
    ids::MspId,
    transaction::PreparedTransaction,
};

impl PeerConnection {
    /// Has one of one's own peers, by its place in the settings, keep a chaincode package; gives the id
    /// that the peer has for it.
    ///
    /// # Errors
    /// `ALREADY_INSTALLED` (done), `NOT_LOCAL_ADMIN`, `NO_BUILDER`, `BAD_PACKAGE`; nobody was reached.
    pub async fn install_at(&self, peer: usize, package: Bytes) -> Result<String, ClientError> {
        let call = LifecycleCall::install(package);
        read_package_id(self.asked(Which::Only(peer), call).await?)
    }

    /// The packages that one of one's own peers has, by their ids.
    ///
    /// # Errors
    /// `NOT_LOCAL_ADMIN`; nobody was reached.
    pub async fn installed_at(&self, peer: usize) -> Result<Vec<InstalledPackage>, ClientError> {
        let call = LifecycleCall::installed();
        read_installed(self.asked(Which::Only(peer), call).await?)
    }

    /// The packages of each of one's own peers, with its address, in the order of the settings; of one
    /// that does not say it, why.
    pub async fn installed(&self) -> Vec<(String, Result<Vec<InstalledPackage>, ClientError>)> {
        let mut found = Vec::new();
        for (at, address) in self.peer_addresses().into_iter().enumerate() {
            found.push((address, self.installed_at(at).await));
        }
        found
    }

    /// A package that one of one's own peers has, as it was installed; the first peer that has it is asked.
    ///
    /// # Errors
    /// `NOT_LOCAL_ADMIN`; nobody was reached.
    pub async fn installed_package(&self, package_id: &str) -> Result<Bytes, ClientError> {
        read_package(
            self.asked(Which::Any, LifecycleCall::package(package_id))
                .await?,
        )
    }

    /// What one's own organisation approved of a chaincode: of this sequence, or its newest; `None`
    /// where it approved nothing. It lies in a collection that only one's own peers have.
    ///
    /// # Errors
    /// `NOT_LOCAL_ADMIN`, `UNKNOWN_CHANNEL`; nobody was reached.
    pub async fn approved_definition(
        &self,
        name: &str,
        sequence: Option<i64>,
    ) -> Result<Option<ApprovedDefinition>, ClientError> {
        let call = LifecycleCall::approved(self.channel(), name, sequence);
        let answer = self.process(Which::Any, LIFECYCLE, &call.call).await?;
        // Fabric: core/chaincode/lifecycle/lifecycle.go, QueryApprovedChaincodeDefinition
        let is_none = answer
            .message
            .contains("could not fetch approved chaincode definition");
        match answer.status {
            200 => read_approved(name, answer.payload).map(Some),
            _ if is_none => Ok(None),
            _ => Err(self.refused(Which::Any, call.function, &answer.message)),
        }
    }

    /// What is committed of a chaincode, and who approved that; `None` where nothing is. It is what the
    /// peer says.
    ///
    /// # Errors
    /// `ACCESS_DENIED`, `UNKNOWN_CHANNEL`; nobody was reached.
    pub async fn committed_definition(
        &self,
        name: &str,
    ) -> Result<Option<CommittedDefinition>, ClientError> {
        let call = LifecycleCall::committed(self.channel(), name);
        let answer = self.process(Which::Any, LIFECYCLE, &call.call).await?;
        match answer.status {
            200 => read_committed(name, answer.payload).map(Some),
            // Fabric: core/chaincode/lifecycle/scc.go, ErrNamespaceNotDefined
            404 => Ok(None),
            _ => Err(self.refused(Which::Any, call.function, &answer.message)),
        }
    }

    /// Who approved exactly this definition, which is the next one. It is what the peer says.
    ///
    /// # Errors
    /// `SEQUENCE_TAKEN`, `ACCESS_DENIED`, `UNKNOWN_CHANNEL`; nobody was reached.
    pub async fn readiness(&self, terms: &DefinitionTerms) -> Result<CommitReadiness, ClientError> {
        let call = LifecycleCall::readiness(self.channel(), terms);
        read_readiness(self.asked(Which::Any, call).await?)
    }

    /// Approves a definition for one's own organisation, and waits for the block. One's own peer endorses
    /// it; what it writes is compared with what was asked for before it is signed.
    ///
    /// # Errors
    /// `ALREADY_APPROVED` (done), `SEQUENCE_TAKEN`, `SEQUENCE_AHEAD`, `BAD_DEFINITION`,
    /// `NOT_LOCAL_ADMIN`; as of [`Self::submit_on`].
    pub async fn approve(
        &self,
        terms: &DefinitionTerms,
        source: &PackageSource,
    ) -> Result<CommittedCall, ClientError> {
        let own = self.identity().msp_id.clone();
        let expected = ExpectedWrites::of_approval(&own, terms, source);
        let call = LifecycleCall::approve(self.channel(), terms, source);
        let check = |prepared: &PreparedTransaction| {
            expected
                .check(&prepared.endorsed)
                .map_err(|how| differs(&how))
        };
        let by = EndorsedBy {
            organisations: &[own],
            check: &check,
        };
        let done = self.submit_endorsed(LIFECYCLE, &call.call, by).await;
        done.map_err(translated)
    }

    /// Puts a definition in force, and waits for the block. Peers of these organisations endorse it; what
    /// they endorsed is compared with what was asked for before it is signed, and shown to `enough`,
    /// which says whether it would be valid.
    ///
    /// # Errors
    /// `NOT_AGREED`, `SEQUENCE_TAKEN`; what `enough` says; as of [`Self::submit_on`].
    pub async fn commit(
        &self,
        terms: &DefinitionTerms,
        organisations: &[MspId],
        enough: &(dyn Fn(&PreparedTransaction) -> Result<(), ClientError> + Sync),
    ) -> Result<CommittedCall, ClientError> {
        let expected = ExpectedWrites::of_commit(terms);
        let call = LifecycleCall::commit(self.channel(), terms);
        let check = |prepared: &PreparedTransaction| {
            expected
                .check(&prepared.endorsed)
                .map_err(|how| differs(&how))?;
            enough(prepared)
        };
        let by = EndorsedBy {
            organisations,
            check: &check,
        };
        let done = self.submit_endorsed(LIFECYCLE, &call.call, by).await;
        done.map_err(translated)
    }

    async fn asked(&self, which: Which, call: LifecycleCall) -> Result<Bytes, ClientError> {
        let answer = self.process(which, LIFECYCLE, &call.call).await?;
        match answer.status {
            200 => Ok(answer.payload),
            _ => Err(self.refused(which, call.function, &answer.message)),
        }
    }

    fn refused(&self, which: Which, function: &str, words: &str) -> ClientError {
        let addresses = self.peer_addresses();
        let address = match which {
            Which::Only(at) => addresses.get(at),
            Which::Any => addresses.first(),
        };
        lifecycle_refusal(function, address.map_or("peer", String::as_str), words)
    }
}
