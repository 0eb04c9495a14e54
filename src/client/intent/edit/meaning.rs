//! What elements of a config are for, in a line each: comments of the text that people edit.

/// What a value is for, by its key.
pub(super) fn of_value(key: &str) -> Option<&'static str> {
    Some(match key {
        "ACLs" => "which policy peers ask about a resource, in the place of their default",
        "AnchorPeers" => "peers through which peers of other organisations find those of this one",
        "BatchSize" => "when a block is full",
        "BatchTimeout" => "how long an orderer waits before it cuts a block",
        "BlockDataHashingStructure" => "fixed: Fabric takes no other",
        "Capabilities" => "the level that nodes must know; one that does not stops",
        "ChannelRestrictions" => "not looked at by orderers of 2.3 and later",
        "ConsensusType" => "how orderers agree; raft lists its nodes here",
        "Consortium" => "from which consortium the channel was made; not looked at any more",
        "Endpoints" => "addresses of this organisation's orderers, host:port",
        "HashingAlgorithm" => "fixed: SHA256",
        "KafkaBrokers" => "not looked at any more",
        "MSP" => {
            "whose certificates are valid for this organisation; `cmscc propose rotate-ca` and `set-msp` \
                  change it as well"
        }
        "OrdererAddresses" => "deprecated: Endpoints of the organisations have taken its place",
        "Orderers" => {
            "the nodes that agree with BFT; the policy BlockValidation must list the same"
        }
        _ => return None,
    })
}

/// What a setting inside a value is for, by its name.
pub(super) fn of_setting(name: &str) -> Option<&'static str> {
    Some(match name {
        "absolute_max_bytes" => "no message, and no block, is larger. Unit: bytes",
        "admins" => "certificates of admins; empty where NodeOUs tell who is one",
        "client_tls_cert" => "by this certificate the other nodes know it; base64 of PEM",
        "collect_timeout" => "how long a node that lags behind collects what others say",
        "crypto_config" => "fixed",
        "election_tick" => "ticks without a leader after which a node wants to be one",
        "fabric_node_ous" => "which organisational unit of a certificate gives which role",
        "heartbeat_tick" => "ticks between two signs of life of the leader",
        "intermediate_certs" => "CAs that a root certified; base64 of PEM",
        "max_inflight_blocks" => "blocks on their way to a node at most",
        "max_message_count" => "messages in a block at most",
        "organizational_unit_identifiers" => {
            "only certificates of these units are valid, where there are some"
        }
        "preferred_max_bytes" => "a block is cut before it gets larger than this. Unit: bytes",
        "revocation_list" => "CRLs of the CAs; base64 of PEM",
        "root_certs" => "CAs whose certificates are valid; base64 of PEM",
        "snapshot_interval_size" => "bytes of blocks between two snapshots of a raft node",
        "state" => "STATE_NORMAL, or STATE_MAINTENANCE while the consensus type changes",
        "tick_interval" => "the length of a tick, such as 500ms",
        "timeout" => "a duration such as 2s or 500ms",
        "tls_intermediate_certs" => "CAs of TLS certificates that a TLS root certified",
        "tls_root_certs" => "CAs of TLS certificates: of peers and orderers of this organisation",
        _ => return None,
    })
}

/// What a policy is asked for, by the path of its group and its name.
pub(super) fn of_policy(group: &str, name: &str) -> Option<&'static str> {
    Some(match (group, name) {
        ("/Channel/Application", "LifecycleEndorsement") => {
            "who must approve a chaincode's definition"
        }
        ("/Channel/Application", "Endorsement") => {
            "who endorses, where a chaincode says nothing else"
        }
        ("/Channel/Orderer", "BlockValidation") => "whose signatures make a block valid",
        ("/Channel", "Readers") => "who may fetch blocks",
        ("/Channel", "Writers") => "who may send to orderers",
        (_, "Admins") => "who decides about what names it as its mod_policy",
        (_, "Readers") => "who may read: queries, events, blocks",
        (_, "Writers") => "who may write: propose transactions",
        _ => return None,
    })
}

/// What a group is, by its path.
pub(super) fn of_group(path: &str) -> Option<&'static str> {
    Some(match path {
        "/Channel" => "the channel itself",
        "/Channel/Application" => "the organisations that run peers, and what peers do",
        "/Channel/Consortiums" => "the consortiums of a system channel",
        "/Channel/Orderer" => "the organisations that run orderers, and what orderers do",
        _ => {
            let above = path.rsplit_once('/').map(|(above, _)| above);
            return match above {
                Some("/Channel/Application") => Some("an organisation that runs peers"),
                Some("/Channel/Orderer") => Some("an organisation that runs orderers"),
                _ => None,
            };
        }
    })
}
