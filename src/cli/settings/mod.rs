//! The settings of `cmscc serve`: read once, checked together.
//!
//! `tls` reads TLS material, `address` addresses, `variables` looks for slips in names, `findings`
//! collects what is wrong.

mod address;
mod findings;
mod tls;
mod variables;

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    anchors::AnchorFolder,
    args::{LimitArgs, ServeArgs},
};
use crate::{
    contract::{self, Anchors, ContractSettings, NoAnchors},
    ids::ChannelId,
    ops::logs,
    shim,
};
pub(super) use address::{DEFAULT_OPS_ADDRESS, is_address};
use findings::SettingProblems;
pub(super) use findings::{SettingNotice, given, tell};
pub(super) use tls::{TlsFiles, TlsMaterial};
#[cfg(feature = "agent")]
pub(super) use variables::odd_variables;

/// Everything that `cmscc serve` needs to know.
pub(super) struct Settings {
    pub(super) address: String,
    pub(super) chaincode_id: String,
    /// The files of TLS, and what they hold.
    pub(super) tls: Option<(TlsFiles, TlsMaterial)>,
    pub(super) anchors: Arc<dyn Anchors>,
    /// The channels with an anchor.
    pub(super) anchored: Vec<ChannelId>,
    pub(super) contract: ContractSettings,
    pub(super) exit_on_unsupported: bool,
    pub(super) ops_address: String,
    /// Where calls are told as spans, and under which name.
    #[cfg(feature = "otel")]
    pub(super) otlp: Option<(crate::ops::OtlpEndpoint, String)>,
    /// A filter that parses.
    pub(super) log: String,
    pub(super) log_format: logs::Format,
    pub(super) shim_limits: shim::ServerLimits,
    pub(super) shim_timeouts: shim::Timeouts,
    /// What should be seen in the log.
    pub(super) notices: Vec<SettingNotice>,
}

impl Settings {
    /// # Errors
    /// Everything that is wrong, each with the name of its variable and flag.
    pub(super) fn read(args: &ServeArgs) -> Result<Self, Vec<String>> {
        let mut errors = SettingProblems::default();
        variables::check(&mut errors);
        let chaincode_id = chaincode_id(args, &mut errors);
        let address = address(args, &mut errors);
        let tls = tls::given_material(args, &address, &mut errors);
        let (anchors, anchored) = anchors(args, &mut errors);
        let mut shim_limits = shim::ServerLimits::default();
        let limits = limits(&args.limits, &mut shim_limits, &mut errors);
        let allow_unanchored = &args.allow_unanchored;
        let settings = Self {
            address,
            chaincode_id,
            tls,
            anchors,
            anchored,
            contract: ContractSettings {
                allow_unanchored: errors
                    .flag(
                        "CMSCC_ALLOW_UNANCHORED (--allow-unanchored)",
                        allow_unanchored,
                    )
                    .unwrap_or(false),
                limits,
            },
            exit_on_unsupported: errors
                .choice(
                    "CMSCC_ON_UNSUPPORTED (--on-unsupported)",
                    &args.on_unsupported,
                    [("refuse", false), ("exit", true)],
                )
                .unwrap_or(false),
            ops_address: ops_address(args, &mut errors),
            #[cfg(feature = "otel")]
            otlp: otlp(args, &mut errors),
            log: log(args, &mut errors),
            log_format: errors
                .choice(
                    "CMSCC_LOG_FORMAT (--log-format)",
                    &args.log_format,
                    [("text", logs::Format::Text), ("json", logs::Format::Json)],
                )
                .unwrap_or_default(),
            shim_timeouts: timeouts(args, &mut errors),
            shim_limits,
            notices: Vec::new(),
        };
        match errors.errors.is_empty() {
            true => Ok(Self {
                notices: errors.notices,
                ..settings
            }),
            false => Err(errors.errors),
        }
    }
}

fn chaincode_id(args: &ServeArgs, errors: &mut SettingProblems) -> String {
    let name = "CHAINCODE_ID (--chaincode-id)";
    let (id, other) = (
        given(&args.chaincode_id),
        given(&args.core_chaincode_id_name),
    );
    match (id, other) {
        (Some(id), Some(other)) if id != other => errors.add(
            name,
            &format!("is `{id}`, but CORE_CHAINCODE_ID_NAME is `{other}`; give one of them"),
        ),
        (None, None) => errors.add(
            name,
            "is missing: the package id that `cmscc deploy install` printed",
        ),
        _ => {}
    }
    let id = id.or(other).unwrap_or_default();
    if !id.is_empty() && !is_package_id(id) {
        errors.warn(format!(
            "{name} is `{id}`, which is no package id as peers make them (LABEL:SHA-256, 64 hex digits); \
             a peer takes a server for its chaincode only by exactly the id of the installed package"
        ));
    }
    let digest = id.rsplit_once(':').map_or("", |(_, digest)| digest);
    if is_package_id(id) && digest.bytes().all(|b| b == b'0') {
        errors.warn(format!(
            "{name} is `{id}`, the id of the template: take the one that `cmscc deploy install` printed"
        ));
    }
    id.to_owned()
}

fn is_package_id(id: &str) -> bool {
    id.rsplit_once(':').is_some_and(|(label, hash)| {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        !label.is_empty() && hash.len() == 64 && hash.bytes().all(is_hex)
    })
}

fn address(args: &ServeArgs, errors: &mut SettingProblems) -> String {
    let name = "CHAINCODE_SERVER_ADDRESS (--address)";
    let address = given(&args.address).unwrap_or_default();
    if address.is_empty() {
        errors.add(name, "is missing: HOST:PORT to listen at");
    } else if let Some(problem) = address::problem(address) {
        errors.add(name, &problem);
    }
    address.to_owned()
}

fn ops_address(args: &ServeArgs, errors: &mut SettingProblems) -> String {
    let address = given(&args.ops_address).unwrap_or(DEFAULT_OPS_ADDRESS);
    if let Some(problem) = address::problem(address) {
        errors.add("CMSCC_OPS_ADDRESS (--ops-address)", &problem);
    }
    address.to_owned()
}

#[cfg(feature = "otel")]
fn otlp(
    args: &ServeArgs,
    errors: &mut SettingProblems,
) -> Option<(crate::ops::OtlpEndpoint, String)> {
    let url = given(&args.otlp_endpoint)?;
    match crate::ops::OtlpEndpoint::parse(url) {
        Ok(endpoint) => {
            let service = given(&args.otel_service_name).unwrap_or("cmscc");
            Some((endpoint, service.to_owned()))
        }
        Err(problem) => {
            let name = "OTEL_EXPORTER_OTLP_ENDPOINT (--otlp-endpoint)";
            errors.add(name, problem);
            None
        }
    }
}

fn log(args: &ServeArgs, errors: &mut SettingProblems) -> String {
    let text = given(&args.log).unwrap_or("info");
    if let Err(error) = logs::filter(text) {
        let problem = format!("is `{text}`, which is no log filter: {error}");
        errors.add("CMSCC_LOG (--log)", &problem);
    }
    text.to_owned()
}

fn anchors(args: &ServeArgs, errors: &mut SettingProblems) -> (Arc<dyn Anchors>, Vec<ChannelId>) {
    let Some(path) = given(&args.trust_anchors) else {
        return (Arc::new(NoAnchors), Vec::new());
    };
    let name = "CMSCC_TRUST_ANCHORS (--trust-anchors)";
    let folder = AnchorFolder::new(PathBuf::from(path));
    let anchored = match folder.check() {
        Ok(anchored) if anchored.is_empty() => {
            errors.warn(format!(
                "{name} names `{path}`, which holds no `<channel>.block`: no channel has an anchor"
            ));
            anchored
        }
        Ok(anchored) => anchored,
        Err(problems) => {
            for problem in problems {
                errors.add(&format!("{name}:"), &problem);
            }
            Vec::new()
        }
    };
    (Arc::new(folder), anchored)
}

fn timeouts(args: &ServeArgs, errors: &mut SettingProblems) -> shim::Timeouts {
    let mut timeouts = shim::Timeouts::default();
    for (name, value, timeout) in [
        (
            "CMSCC_CALL_TIMEOUT (--call-timeout)",
            &args.call_timeout,
            &mut timeouts.call,
        ),
        (
            "CMSCC_SHUTDOWN_GRACE (--shutdown-grace)",
            &args.shutdown_grace,
            &mut timeouts.shutdown_grace,
        ),
    ] {
        let seconds = errors.number(name, value, timeout.as_secs(), 3_600);
        *timeout = Duration::from_secs(seconds);
    }
    timeouts
}

fn limits(
    args: &LimitArgs,
    shim: &mut shim::ServerLimits,
    errors: &mut SettingProblems,
) -> contract::CallLimits {
    let mut limits = contract::CallLimits::default();
    let most = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
    for (name, value, limit) in [
        ("ARGUMENT", &args.limit_argument, &mut limits.argument),
        ("CALL", &args.limit_call, &mut limits.call),
        ("EXPORT", &args.limit_export, &mut limits.export),
        (
            "TRANSACTIONS",
            &args.limit_transactions,
            &mut shim.transactions,
        ),
        ("STREAMS", &args.limit_streams, &mut shim.streams),
        (
            "STREAMS_PER_ADDRESS",
            &args.limit_streams_per_address,
            &mut shim.streams_per_address,
        ),
        (
            "CONNECTIONS",
            &args.limit_connections,
            &mut shim.connections,
        ),
        (
            "CONNECTIONS_PER_ADDRESS",
            &args.limit_connections_per_address,
            &mut shim.connections_per_address,
        ),
    ] {
        let flag = name.to_lowercase().replace('_', "-");
        let name = format!("CMSCC_LIMIT_{name} (--limit-{flag})");
        *limit = errors.number(&name, value, *limit, most);
    }
    limits
}
