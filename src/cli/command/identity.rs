//! `cmscc identity`

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::{
        args::{IdentityArgs, IdentityCommand},
        screen::{Screen, code},
        settings::date,
        show::{Line, Look, Pairs, Tone, left},
        terminal::{self, Problem},
    },
    client::{self, ClientError, OwnCertificate, OwnIdentity},
    identity::Certificate,
    ids::{Digest, MspId},
};

/// Says who one is on the network, without asking it.
pub(in crate::cli) fn run(args: &IdentityArgs) -> ExitCode {
    let IdentityCommand::Show = args.command;
    let screen = Screen::new(&args.client.shown, false);
    let flags = args.client.network.flags();
    let found = client::on_this_machine(&flags, client::resolve_identity);
    let (msp_id, source, _) = match found {
        Ok(found) => found,
        Err(errors) => return terminal::refused(&errors, screen.wants_json()),
    };
    let own = match source.certificate() {
        Ok(own) => own,
        Err(error) => return screen.failed(&error),
    };
    let key = OwnIdentity::find(&msp_id, &source).map(|(_, file)| file.display().to_string());
    let who = IdentityReport::new(&msp_id, &own, key.as_ref());
    if let Err(error) = screen.result(&who, None, |look| who.lines(look)) {
        return screen.failed(&error);
    }
    match &key {
        Ok(_) => ExitCode::SUCCESS,
        // the document has the reason in it
        Err(error) if screen.wants_json() => code(error.exit),
        Err(error) => screen.failed(error),
    }
}

/// Who one is.
#[derive(Serialize)]
struct IdentityReport<'a> {
    msp_id: &'a str,
    subject: String,
    issuer: String,
    /// What its organisational units say; each channel's MSP has the last word.
    role: Option<&'static str>,
    organizational_units: &'a [String],
    not_before: String,
    not_after: String,
    #[serde(skip)]
    ends: i64,
    /// SHA-256 of the certificate.
    fingerprint: String,
    key_kind: &'static str,
    certificate_file: String,
    key_file: Option<&'a str>,
    /// Why it cannot sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
}

impl<'a> IdentityReport<'a> {
    fn new(
        msp_id: &'a MspId,
        own: &'a OwnCertificate,
        key: Result<&'a String, &'a ClientError>,
    ) -> Self {
        let certificate = &own.certificate;
        Self {
            msp_id: msp_id.as_str(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            role: role(certificate),
            organizational_units: certificate.organizational_units(),
            not_before: date(certificate.not_before()),
            not_after: date(certificate.not_after()),
            ends: certificate.not_after(),
            fingerprint: Digest::of(certificate.der()).to_string(),
            key_kind: own.key_kind(),
            certificate_file: own.file.display().to_string(),
            key_file: key.ok().map(String::as_str),
            error: key.err().map(Problem::of),
        }
    }

    fn lines(&self, look: Look) -> Vec<Line> {
        let mut block = Pairs::default();
        block.put("MSP id", Line::of(Tone::Strong, self.msp_id));
        block.text("subject", &self.subject);
        let role = match self.role {
            Some(role) => Line::plain(role).and(Tone::Dim, "  by its organizational unit"),
            None => Line::plain("none").and(Tone::Dim, "  no organizational unit says one"),
        };
        block.put("role", role);
        block.text("issuer", &self.issuer);
        let tone = match self.ends < look.now {
            true => Tone::Bad,
            false => Tone::Dim,
        };
        let valid = Line::plain(format!("{} to {}", self.not_before, self.not_after));
        block.put(
            "valid",
            valid.and(tone, format!("  {}", left(look.now, self.ends))),
        );
        block.text("fingerprint", format!("sha256 {}", self.fingerprint));
        block.text("certificate", &self.certificate_file);
        let key = match self.key_file {
            Some(file) => Line::plain(file).and(Tone::Dim, format!("  {}", self.key_kind)),
            None => Line::of(Tone::Bad, "not usable"),
        };
        block.put("key", key);
        block.lines(look)
    }
}

/// The role that Fabric's usual NodeOUs give to the organisational units.
fn role(certificate: &Certificate) -> Option<&'static str> {
    let units = certificate.organizational_units();
    let roles = ["admin", "client", "peer", "orderer"];
    roles
        .into_iter()
        .find(|role| units.iter().any(|unit| unit == role))
}
