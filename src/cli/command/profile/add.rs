//! `cmscc profile add`

use serde::Serialize;

use crate::{
    cli::{
        args::ProfileAddArgs,
        screen::Screen,
        show::{Line, Look, Pairs, Tone},
    },
    client::{self, ClientError, Exit, NetworkFlags, Profile, ProfileStore},
};

/// A profile that was written.
#[derive(Serialize)]
pub(super) struct ProfileWritten<'a> {
    pub(super) name: &'a str,
    pub(super) is_current: bool,
    pub(super) file: String,
    pub(super) profile: &'a Profile,
}

/// Keeps what flags and environment say under a name.
pub(super) fn run(
    args: &ProfileAddArgs,
    flags: &NetworkFlags,
    screen: &Screen,
) -> Result<(), Vec<ClientError>> {
    let survey = client::on_this_machine(flags, client::survey);
    let wrong: Vec<_> = (survey.problems.into_iter())
        .filter(|problem| problem.symbol != "SETTING_MISSING")
        .collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let profile = client::on_this_machine(flags, client::capture_profile);
    let profile = profile.map_err(|error| vec![error])?;
    if profile == Profile::default() {
        let message = "neither flags nor environment say anything to keep";
        let error = ClientError::new(Exit::Usage, "PROFILE_EMPTY", message);
        return Err(vec![error.hint(
            "give flags such as --peer-address and --msp-folder, or run it where `peer` works",
        )]);
    }
    write(&args.name, &profile, args.force, screen).map_err(|error| vec![error])
}

fn write(name: &str, profile: &Profile, force: bool, screen: &Screen) -> Result<(), ClientError> {
    let store = ProfileStore::here()?;
    let mut file = store.load()?;
    if !force && file.get(name).is_ok() {
        return Err(exists(name));
    }
    file.set(name, profile)?;
    store.save(&file)?;
    let is_current = file.current() == Some(name);
    let written = ProfileWritten {
        name,
        is_current,
        file: store.path().display().to_string(),
        profile,
    };
    screen.result(&written, None, |look| lines(name, profile, look))?;
    note_current(name, is_current, screen);
    Ok(())
}

/// Says how to use a profile that was written.
pub(super) fn note_current(name: &str, is_current: bool, screen: &Screen) {
    if !is_current {
        let note = Line::plain("make it the current one: ");
        screen.note(&note.and(Tone::Accent, format!("cmscc profile use {name}")));
    }
}

pub(super) fn exists(name: &str) -> ClientError {
    let message = format!("there is a profile `{name}` already");
    let error = ClientError::new(Exit::Usage, "PROFILE_EXISTS", message);
    error.hint("take another name, or replace it by --force")
}

/// A profile, as people see it.
pub(super) fn lines(name: &str, profile: &Profile, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    block.put("profile", Line::of(Tone::Accent, name));
    block.maybe("channel", profile.channel.as_ref());
    block.maybe("chaincode", profile.chaincode.as_ref());
    block.maybe("MSP id", profile.msp_id.as_ref());
    block.maybe("MSP folder", profile.msp_folder.as_ref());
    block.maybe("certificate", profile.certificate.as_ref());
    block.maybe("key", profile.key.as_ref());
    block.maybe("keys", profile.bccsp.as_ref());
    if let Some(token) = &profile.pkcs11 {
        block.maybe("token", token.label.as_ref());
        block.maybe("library", token.library.as_ref());
    }
    let servers = profile.peers.iter().map(|peer| ("peer", peer));
    for (kind, server) in servers.chain(profile.orderer.iter().map(|orderer| ("orderer", orderer)))
    {
        let tls = server
            .tls
            .or(profile.tls)
            .unwrap_or_else(|| profile.tls_root_cert.is_some());
        let mut line = Line::plain(&server.address);
        if !tls {
            line.push(Tone::Waiting, "  without TLS");
        }
        if let Some(name) = &server.server_name {
            line.push(Tone::Dim, format!("  as {name}"));
        }
        block.put(kind, line);
    }
    block.maybe("TLS CA", profile.tls_root_cert.as_ref());
    block.maybe("trust anchor", profile.trust_anchor.as_ref());
    block.lines(look)
}
