//! `cmscc identity`

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::{
        args::{IdentityArgs, IdentityCommand},
        certificates::date,
        screen::{Screen, ask_pin, code},
        show::{Line, Look, Pairs, Tone, left},
        terminal::{self, Problem},
    },
    client::{
        self, ClientError, FoundKey, IdentitySource, OwnCertificate, OwnIdentity, TokenPinState,
        TokenSight,
    },
    identity::Certificate,
    ids::{Digest, MspId},
};

/// Says who one is on the network, without asking it.
pub(in crate::cli) fn run(args: &IdentityArgs) -> ExitCode {
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
    let key = match args.command {
        IdentityCommand::Show => OwnIdentity::look(&msp_id, &source),
        IdentityCommand::Test => tried(args, &msp_id, &source),
    };
    let is_tested = matches!(args.command, IdentityCommand::Test) && key.is_ok();
    let who = IdentityReport::new(&msp_id, &own, key.as_ref(), is_tested);
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

/// Signs and verifies.
fn tried(
    args: &IdentityArgs,
    msp_id: &MspId,
    source: &IdentitySource,
) -> Result<FoundKey, ClientError> {
    let ask = |question: &str| ask_pin(&args.client.shown, question);
    let (identity, found) = OwnIdentity::find(msp_id, source, &ask)?;
    identity.test()?;
    Ok(found)
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
    key_file: Option<String>,
    /// The token that has the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenReport<'a>>,
    /// Whether the key signed just now.
    tested: bool,
    /// Why it cannot sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
}

/// A token.
#[derive(Serialize)]
struct TokenReport<'a> {
    label: &'a str,
    manufacturer: &'a str,
    model: &'a str,
    serial: &'a str,
    library: String,
    /// `CKA_ID` of the key, in hex.
    key_id: String,
    #[serde(skip)]
    shown_key_id: String,
    /// Subject key identifier of the certificate's key.
    ski: String,
    pin: &'static str,
    /// Whether the token shows the certificate's public key under this id.
    shows_public_key: bool,
}

impl<'a> TokenReport<'a> {
    fn new(token: &'a TokenSight) -> Self {
        Self {
            label: &token.label,
            manufacturer: &token.manufacturer,
            model: &token.model,
            serial: &token.serial,
            library: token.library.display().to_string(),
            key_id: hex::encode(&token.key_id),
            shown_key_id: token.shown_key_id(),
            ski: token.ski.to_string(),
            pin: match token.pin {
                TokenPinState::CountLow => "a wrong one was tried",
                TokenPinState::FinalTry => "a wrong one locks the token",
                TokenPinState::Good => "good",
                TokenPinState::Locked => "locked",
                TokenPinState::NotSet => "not set",
            },
            shows_public_key: token.shows_public_key,
        }
    }

    fn put(&self, kind: &str, block: &mut Pairs) {
        let line = Line::plain(format!("token {}", self.label));
        block.put("key", line.and(Tone::Dim, format!("  {kind}")));
        let words = [self.manufacturer, self.model, self.serial];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        block.text("token", words.join(", "));
        block.text("library", &self.library);
        block.text("key id", &self.shown_key_id);
        block.more([match self.shows_public_key {
            true => Line::of(Tone::Dim, "its public key is the certificate's"),
            false => Line::of(Tone::Dim, "the token shows no public key of this id"),
        }]);
        if self.key_id != self.ski {
            block.text("SKI", &self.ski);
        }
        let tone = match self.pin {
            "good" => Tone::Dim,
            _ => Tone::Bad,
        };
        block.put("PIN", Line::of(tone, self.pin));
    }
}

impl<'a> IdentityReport<'a> {
    fn new(
        msp_id: &'a MspId,
        own: &'a OwnCertificate,
        key: Result<&'a FoundKey, &'a ClientError>,
        tested: bool,
    ) -> Self {
        let certificate = &own.certificate;
        let (key_file, token) = match key {
            Ok(FoundKey::File(file)) => (Some(file.display().to_string()), None),
            Ok(FoundKey::Token(token)) => (None, Some(TokenReport::new(token))),
            Err(_) => (None, None),
        };
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
            key_file,
            token,
            tested,
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
        match (&self.token, &self.key_file) {
            (Some(token), _) => token.put(self.key_kind, &mut block),
            (None, Some(file)) => {
                let line = Line::plain(file).and(Tone::Dim, format!("  {}", self.key_kind));
                block.put("key", line);
            }
            (None, None) => block.put("key", Line::of(Tone::Bad, "not usable")),
        }
        let mut lines = block.lines(look);
        if self.tested {
            lines.push(Line::of(Tone::Good, "✓ ").and(
                Tone::Plain,
                "the key signed, and the certificate verifies what it signed",
            ));
        }
        lines
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
