//! Files with secrets; how a receiver knows the sender.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use ring::hmac;
use rustix::process::{getegid, getgroups};

use super::refusal::HookRefusal;

/// The least and the most bytes of a secret.
const LEAST: usize = 16;
const MOST: u64 = 4 << 10;
/// Others may do something with it, or its group may change it.
const OTHERS: u32 = 0o037;
/// Its group may read it.
const GROUP: u32 = 0o040;

/// The secret in a file, without the line end behind it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, HookRefusal> {
    let failed = |why: String| HookRefusal::new(format!("the secret `{}`: {why}", path.display()));
    let found = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !found.is_file() || found.len() > MOST {
        return Err(failed(format!("it is no file of at most {MOST} bytes")));
    }
    let mode = found.permissions().mode();
    // as a file of root's that this very process is let in to by its group, such as a mounted secret
    let is_read_by_group = mode & GROUP != 0 && !is_own_group(found.gid());
    if mode & OTHERS != 0 || is_read_by_group {
        return Err(failed(format!(
            "others may read it: chmod 600 {}",
            path.display()
        )));
    }
    let content = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let secret = content.trim_ascii_end().to_vec();
    match secret.len() >= LEAST {
        true => Ok(secret),
        false => Err(failed(format!(
            "it has fewer than {LEAST} bytes: openssl rand -hex 32"
        ))),
    }
}

/// Whether this process is in a group.
fn is_own_group(group: u32) -> bool {
    let others = getgroups().unwrap_or_default();
    getegid().as_raw() == group || others.iter().any(|one| one.as_raw() == group)
}

/// What a receiver compares: HMAC-SHA256 by the secret over time, a dot, and body.
pub(super) fn signature(secret: &[u8], time: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut context = hmac::Context::with_key(&key);
    context.update(time.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    format!("sha256={}", hex::encode(context.sign().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_of_time_and_body() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(
            signature(b"0123456789abcdef", 1_700_000_000, b"{\"a\":1}"),
            "sha256=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }

    #[test]
    fn secrets_are_private_and_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let put = |content: &str, mode: u32| {
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            read(&file).map_err(|error| error.to_string())
        };
        assert_eq!(
            put("0123456789abcdef\n", 0o600).unwrap(),
            b"0123456789abcdef"
        );
        // a group of one's own is oneself
        put("0123456789abcdef\n", 0o640).unwrap();
        for mode in [0o644, 0o660, 0o601] {
            let refused = put("0123456789abcdef\n", mode).unwrap_err();
            assert!(refused.contains("chmod 600"), "{mode:o}: {refused}");
        }
        assert!(!is_own_group(u32::MAX - 7));
        assert!(put("short\n", 0o600).unwrap_err().contains("fewer than 16"));
        let missing = read(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("No such file"), "{missing}");
    }
}
