//! The commands that start one's own server and install its package, and the server's setting.

/// What a package says of the server that its peers dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagedServer {
    /// Where peers find it: `host:port`.
    pub address: String,
    /// Whether they speak TLS to it.
    pub tls: bool,
    /// Whether they show it a certificate.
    pub client_auth: bool,
}

/// The command that starts the server of a package, with what its operator fills in in capitals.
#[must_use]
pub fn serve_command(package_id: &str, server: Option<&PackagedServer>) -> String {
    let id = word(package_id).unwrap_or("ID");
    let address = server.and_then(|server| word(&server.address));
    let address = address.unwrap_or("HOST:PORT");
    let mut command =
        format!("cmscc serve --chaincode-id {id} --address {address} --trust-anchors FOLDER");
    let Some(server) = server.filter(|server| server.tls) else {
        return command;
    };
    command.push_str(" --tls-disabled false --tls-cert FILE --tls-key FILE");
    if server.client_auth {
        command.push_str(" --client-ca FILE");
    }
    command
}

/// The command that installs another package for a server that peers find where they do now, by TLS.
#[must_use]
pub fn install_command(server: Option<&PackagedServer>) -> String {
    let address = server.and_then(|server| word(&server.address));
    let address = address.unwrap_or("HOST:PORT");
    let mut command = format!("cmscc deploy install --address {address} --server-ca FILE");
    if server.is_some_and(|server| server.client_auth) {
        command.push_str(" --peer-cert FILE --peer-key FILE");
    }
    command
}

/// The line of a file of settings that gives the server the id of its package; `None` where the id is none
/// that such a file takes as it is.
#[must_use]
pub fn server_setting(package_id: &str) -> Option<String> {
    word(package_id).map(|id| format!("CHAINCODE_ID={id}"))
}

/// A text that a shell takes as one word, and for nothing else.
// SECURITY: a peer says what is approved and installed; the command is pasted into a shell
fn word(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:+-[]".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    (starts && text.len() <= 300 && text.chars().all(is_plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_one_line_of_a_file() {
        let line = server_setting("cmscc:aa").unwrap();
        assert_eq!(line, "CHAINCODE_ID=cmscc:aa");
        for id in ["cmscc:aa\nCMSCC_LOG=off", "cmscc aa", "$(reboot)", ""] {
            assert_eq!(server_setting(id), None, "{id}");
        }
    }

    #[test]
    fn the_command_is_that_of_the_package() {
        let mut server = PackagedServer {
            address: "cmscc.org1.example.com:9999".to_owned(),
            tls: false,
            client_auth: false,
        };
        let plain = "cmscc serve --chaincode-id cmscc:aa --address cmscc.org1.example.com:9999 \
                     --trust-anchors FOLDER";
        assert_eq!(serve_command("cmscc:aa", Some(&server)), plain);
        server.tls = true;
        let tls = format!("{plain} --tls-disabled false --tls-cert FILE --tls-key FILE");
        assert_eq!(serve_command("cmscc:aa", Some(&server)), tls);
        server.client_auth = true;
        let mutual = format!("{tls} --client-ca FILE");
        assert_eq!(serve_command("cmscc:aa", Some(&server)), mutual);
        assert_eq!(
            install_command(Some(&server)),
            "cmscc deploy install --address cmscc.org1.example.com:9999 --server-ca FILE --peer-cert FILE \
             --peer-key FILE"
        );
        // nothing of others that a shell would run
        server.address = "$(reboot):1".to_owned();
        let command = serve_command("cmscc:aa; reboot", Some(&server));
        assert!(!command.contains("reboot"), "{command}");
        assert_eq!(
            install_command(None),
            "cmscc deploy install --address HOST:PORT --server-ca FILE"
        );
    }
}
