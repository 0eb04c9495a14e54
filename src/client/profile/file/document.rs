//! Reading and changing the file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::profile::{Profile, ProfilePeer, ProfileToken};
use crate::client::{ClientError, Exit};

/// The file with the profiles.
#[derive(Clone, Debug, Default)]
pub struct ProfileFile {
    document: DocumentMut,
    content: ProfileContent,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProfileContent {
    current: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

impl ProfileFile {
    /// Reads the file; `name` is how errors call it.
    ///
    /// # Errors
    /// `PROFILE_FILE_INVALID`, with the line and what is wrong there.
    pub fn parse(name: &str, text: &[u8]) -> Result<Self, ClientError> {
        let failed = |why: &str| {
            let why = why.trim_end().replace('\n', " ");
            let message = format!("`{name}` cannot be read: {why}");
            ClientError::new(Exit::Usage, "PROFILE_FILE_INVALID", message)
        };
        let text = std::str::from_utf8(text).map_err(|_| failed("it is not UTF-8"))?;
        let at_line = |error: &toml_edit::TomlError| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            format!(
                "line {}: {}",
                before.matches('\n').count().saturating_add(1),
                error.message()
            )
        };
        let document: DocumentMut = text.parse().map_err(|error| failed(&at_line(&error)))?;
        let content: ProfileContent = toml_edit::de::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            failed(&format!("line {line}: {}", error.message()))
        })?;
        for profile in content.profiles.keys() {
            check_name(profile)?;
        }
        Ok(Self { document, content })
    }

    /// The name of the profile that is used where none is named.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.content.current.as_deref()
    }

    /// The profiles, in the order of their names.
    pub fn profiles(&self) -> impl Iterator<Item = (&str, &Profile)> {
        let profiles = self.content.profiles.iter();
        profiles.map(|(name, profile)| (name.as_str(), profile))
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// `PROFILE_NOT_FOUND`, with the names that there are.
    pub fn get(&self, name: &str) -> Result<&Profile, ClientError> {
        self.content.profiles.get(name).ok_or_else(|| {
            let message = format!("there is no profile `{name}`");
            let error = ClientError::new(Exit::Usage, "PROFILE_NOT_FOUND", message);
            let names: Vec<&str> = self.profiles().map(|(name, _)| name).collect();
            match names.is_empty() {
                true => error.hint("there are none in the file of profiles, which CMSCC_CONFIG names: cmscc profile add NAME"),
                false => error.hint(format!("there are: {}", names.join(", "))),
            }
        })
    }

    /// Adds or replaces a profile. The first one becomes the current one.
    ///
    /// # Errors
    /// `PROFILE_NAME_INVALID`; `PROFILE_FILE_INVALID` where `profiles` is no table.
    pub fn set(&mut self, name: &str, profile: &Profile) -> Result<(), ClientError> {
        check_name(name)?;
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let Some(profiles) = profiles.as_table_like_mut() else {
            let message = "`profiles` in the file of profiles is no table";
            return Err(ClientError::new(
                Exit::Usage,
                "PROFILE_FILE_INVALID",
                message,
            ));
        };
        profiles.insert(name, Item::Table(table_of(profile)));
        let is_first = self.content.profiles.is_empty();
        self.content
            .profiles
            .insert(name.to_owned(), profile.clone());
        if is_first && self.current().is_none() {
            self.choose(name)?;
        }
        Ok(())
    }

    /// Makes a profile the current one.
    ///
    /// # Errors
    /// `PROFILE_NOT_FOUND`.
    pub fn choose(&mut self, name: &str) -> Result<(), ClientError> {
        self.get(name)?;
        self.document.insert("current", value(name));
        self.content.current = Some(name.to_owned());
        Ok(())
    }

    /// Removes a profile; where it was the current one, none is.
    ///
    /// # Errors
    /// `PROFILE_NOT_FOUND`.
    pub fn remove(&mut self, name: &str) -> Result<Profile, ClientError> {
        let removed = self.get(name)?.clone();
        self.content.profiles.remove(name);
        if let Some(profiles) = self.document.get_mut("profiles") {
            profiles
                .as_table_like_mut()
                .map(|profiles| profiles.remove(name));
        }
        if self.current() == Some(name) {
            self.document.remove("current");
            self.content.current = None;
        }
        Ok(removed)
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.to_string()
    }
}

/// Whether this may be a profile's name: files and folders are named after it.
///
/// # Errors
/// `PROFILE_NAME_INVALID`.
pub(in crate::client::profile) fn check_name(name: &str) -> Result<(), ClientError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_good = name.len() <= 64
        && name.chars().all(is_plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let problem = match is_good {
        // the client keeps what belongs to no profile under this name
        true if name == "default" => "`default` is what is used without a profile",
        true => return Ok(()),
        false => {
            "it has letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has at most 64 of them"
        }
    };
    let message = format!("a profile cannot be called `{name}`");
    Err(ClientError::new(Exit::Usage, "PROFILE_NAME_INVALID", message).hint(problem))
}

fn table_of(profile: &Profile) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, text: &Option<String>| {
        if let Some(text) = text {
            table.insert(key, value(text));
        }
    };
    put("channel", &profile.channel);
    put("chaincode", &profile.chaincode);
    put("msp_id", &profile.msp_id);
    put("msp_folder", &profile.msp_folder);
    put("certificate", &profile.certificate);
    put("key", &profile.key);
    put("bccsp", &profile.bccsp);
    put("tls_root_cert", &profile.tls_root_cert);
    put("tls_client_cert", &profile.tls_client_cert);
    put("tls_client_key", &profile.tls_client_key);
    put("trust_anchor", &profile.trust_anchor);
    put("state_dir", &profile.state_dir);
    put("timeout", &profile.timeout);
    put("connect_timeout", &profile.connect_timeout);
    if let Some(tls) = profile.tls {
        table.insert("tls", value(tls));
    }
    if !profile.peers.is_empty() {
        let mut peers = ArrayOfTables::new();
        profile
            .peers
            .iter()
            .for_each(|peer| peers.push(table_of_peer(peer)));
        table.insert("peers", Item::ArrayOfTables(peers));
    }
    if let Some(token) = &profile.pkcs11 {
        table.insert("pkcs11", Item::Table(table_of_token(token)));
    }
    if let Some(orderer) = &profile.orderer {
        table.insert("orderer", Item::Table(table_of_peer(orderer)));
    }
    table
}

fn table_of_token(token: &ProfileToken) -> Table {
    let mut table = Table::new();
    for (key, text) in [
        ("library", &token.library),
        ("label", &token.label),
        ("alt_id", &token.alt_id),
        ("key_ids", &token.key_ids),
    ] {
        if let Some(text) = text {
            table.insert(key, value(text));
        }
    }
    table
}

fn table_of_peer(peer: &ProfilePeer) -> Table {
    let mut table = Table::new();
    table.insert("address", value(&peer.address));
    if let Some(tls) = peer.tls {
        table.insert("tls", value(tls));
    }
    if let Some(path) = &peer.tls_root_cert {
        table.insert("tls_root_cert", value(path));
    }
    if let Some(name) = &peer.server_name {
        table.insert("server_name", value(name));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ProfileFile, ClientError> {
        ProfileFile::parse("config.toml", text.as_bytes())
    }

    fn full() -> Profile {
        let some = |text: &str| Some(text.to_owned());
        Profile {
            channel: some("mychannel"),
            chaincode: some("cmscc"),
            msp_id: some("Org1MSP"),
            msp_folder: some("msp"),
            certificate: some("cert.pem"),
            key: some("key.pem"),
            bccsp: some("PKCS11"),
            pkcs11: Some(ProfileToken {
                library: some("libsofthsm2.so"),
                label: some("org1"),
                alt_id: some("admin"),
                key_ids: some("00 a"),
            }),
            tls: Some(true),
            tls_root_cert: some("ca.pem"),
            tls_client_cert: some("c.pem"),
            tls_client_key: some("k.pem"),
            trust_anchor: some("0.block"),
            state_dir: some("state"),
            timeout: some("30s"),
            connect_timeout: some("3s"),
            peers: vec![
                ProfilePeer {
                    address: "a:1".to_owned(),
                    tls: Some(false),
                    tls_root_cert: some("a.pem"),
                    server_name: some("peer0"),
                },
                ProfilePeer {
                    address: "b:1".to_owned(),
                    ..ProfilePeer::default()
                },
            ],
            orderer: Some(ProfilePeer {
                address: "o:1".to_owned(),
                ..ProfilePeer::default()
            }),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut file = parse("# mine\n").unwrap();
        file.set("org1", &full()).unwrap();
        file.set("org-2.test", &Profile::default()).unwrap();
        let again = parse(&file.text()).unwrap();
        assert_eq!(again.get("org1").unwrap(), &full());
        assert_eq!(again.get("org-2.test").unwrap(), &Profile::default());
        assert_eq!(again.current(), Some("org1"));
        assert!(again.text().contains("# mine"), "{}", again.text());
        let names: Vec<_> = again.profiles().map(|(name, _)| name).collect();
        assert_eq!(names, ["org-2.test", "org1"]);
    }

    #[test]
    fn comments_of_people_stay() {
        let text = "current = \"a\" # now\n\n# first\n[profiles.a]\nchannel = \"c\" # ours\n\n\
                    [[profiles.a.peers]]\naddress = \"h:1\"\n\n# second\n[profiles.b]\n";
        let mut file = parse(text).unwrap();
        file.choose("b").unwrap();
        file.set("c", &full()).unwrap();
        for kept in ["# first", "# ours", "# second", "current = \"b\""] {
            assert!(file.text().contains(kept), "{kept}: {}", file.text());
        }
        file.remove("b").unwrap();
        let again = parse(&file.text()).unwrap();
        assert_eq!(again.current(), None);
        let names: Vec<_> = again.profiles().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c"]);
        let error = file.choose("d").unwrap_err();
        assert_eq!(error.symbol, "PROFILE_NOT_FOUND");
        assert_eq!(error.hint.unwrap(), "there are: a, c");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, said) in [
            ("current = 1", "line 1: "),
            (
                "\n[profiles.a]\nchanel = \"x\"",
                "line 3: unknown field `chanel`",
            ),
            ("[profiles.a]\npeers = 1", "line 2: "),
            (
                "[profiles.a.pkcs11]\npin = \"1234\"",
                "line 2: unknown field `pin`",
            ),
            ("[profiles.a", "line 1: "),
            ("[profiles.\"a/b\"]", "a profile cannot be called `a/b`"),
            ("[profiles.default]", "a profile cannot be called `default`"),
            ("[profiles.\"..\"]", "a profile cannot be called `..`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(said), "{}", error.message);
            assert!(!error.message.contains('\n'), "{}", error.message);
            assert_eq!(error.exit, Exit::Usage);
        }
        assert!(ProfileFile::parse("x", b"\xff").is_err());
    }
}
