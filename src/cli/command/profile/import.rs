//! `cmscc profile import`

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use ring::rand::SystemRandom;
use serde::Serialize;

use super::add;
use crate::{
    cli::{
        args::ProfileImportArgs,
        screen::Screen,
        show::{Line, Look, Pairs, Tone},
    },
    client::{self, ClientError, Exit, ImportedProfile, NetworkFlags, ProfileStore, Wallet},
    ids::Digest,
};

/// The most bytes of a file.
const LARGEST: u64 = 4 << 20;

/// Makes a profile of files of others.
pub(super) fn run(
    args: &ProfileImportArgs,
    flags: &NetworkFlags,
    screen: &Screen,
) -> Result<(), Vec<ClientError>> {
    imported(args, flags, screen).map_err(|error| vec![error])
}

fn imported(
    args: &ProfileImportArgs,
    flags: &NetworkFlags,
    screen: &Screen,
) -> Result<(), ClientError> {
    let text = content(&args.file)?;
    let wallet = match &args.wallet {
        Some(path) => {
            let wallet = Wallet::parse(&content(path)?, &SystemRandom::new());
            Some(wallet.map_err(|error| of_file(path, error))?)
        }
        None => None,
    };
    let folder = args.file.parent().unwrap_or_else(|| Path::new(""));
    let made = client::import_profile(
        args.name.as_deref(),
        &text,
        folder,
        args.org.as_deref(),
        wallet.as_ref(),
        &|path| bounded(path),
    );
    let mut made = made.map_err(|error| of_file(&args.file, error))?;
    client::on_this_machine(flags, |of| client::complete_import(of, &mut made))?;
    let store = ProfileStore::here()?;
    let mut file = store.load()?;
    if !args.force && file.get(&made.name).is_ok() {
        return Err(add::exists(&made.name));
    }
    file.set(&made.name, &made.profile)?;
    store.write_files(&made.name, &made.files, args.force)?;
    store.save(&file)?;
    let is_current = file.current() == Some(&made.name);
    let report = ImportReport::new(&made, is_current, &store);
    screen.result(&report, None, |look| {
        let mut lines = add::lines(&made.name, &made.profile, look);
        lines.extend(authorities(&made, look));
        lines
    })?;
    for note in &made.notes {
        screen.note(&Line::plain(note));
    }
    add::note_current(&made.name, is_current, screen);
    Ok(())
}

/// What an import made.
#[derive(Serialize)]
struct ImportReport<'a> {
    #[serde(flatten)]
    written: add::ProfileWritten<'a>,
    tls_authorities: Vec<AuthorityReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    notes: &'a [String],
}

/// A CA, for comparing.
#[derive(Serialize)]
struct AuthorityReport<'a> {
    of: &'a str,
    subject: &'a str,
    fingerprint: String,
}

impl<'a> ImportReport<'a> {
    fn new(made: &'a ImportedProfile, is_current: bool, store: &ProfileStore) -> Self {
        let authorities = made.authorities.iter().map(|authority| AuthorityReport {
            of: authority.of,
            subject: &authority.subject,
            fingerprint: authority.fingerprint.to_string(),
        });
        let certificate = made.certificate.as_ref();
        Self {
            written: add::ProfileWritten {
                name: &made.name,
                is_current,
                file: store.path().display().to_string(),
                profile: &made.profile,
            },
            tls_authorities: authorities.collect(),
            certificate: certificate.map(|own| Digest::of(own.der()).to_string()),
            notes: &made.notes,
        }
    }
}

/// What people compare with whoever gave them the files.
fn authorities(made: &ImportedProfile, look: Look) -> Vec<Line> {
    let mut block = Pairs::default();
    for authority in &made.authorities {
        let name = match authority.of {
            "orderer" => "CA of orderer",
            _ => "CA of peers",
        };
        block.text(name, &authority.subject);
        let fingerprint = format!("sha256 {}", authority.fingerprint);
        block.more([Line::of(Tone::Dim, fingerprint)]);
    }
    if let Some(own) = &made.certificate {
        block.text("you", own.subject());
        let fingerprint = format!("sha256 {}", Digest::of(own.der()));
        block.more([Line::of(Tone::Dim, fingerprint)]);
    }
    block.lines(look)
}

fn of_file(path: &Path, error: ClientError) -> ClientError {
    let message = format!("`{}`: {}", path.display(), error.message);
    ClientError { message, ..error }
}

fn content(path: &Path) -> Result<Vec<u8>, ClientError> {
    bounded(path).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        ClientError::new(Exit::Usage, "FILE_UNREADABLE", message)
    })
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    if fs::metadata(path)?.is_file() {
        File::open(path)?
            .take(LARGEST + 1)
            .read_to_end(&mut content)?;
    } else {
        return Err(io::Error::other("it is no file"));
    }
    match u64::try_from(content.len()) {
        Ok(length) if length <= LARGEST => Ok(content),
        _ => Err(io::Error::other(format!(
            "it has more than {LARGEST} bytes"
        ))),
    }
}
