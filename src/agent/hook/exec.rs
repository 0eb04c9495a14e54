//! Programs.

use std::{
    fs, io::Write, os::unix::fs::PermissionsExt, path::Path, process::Stdio, time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    process::{ChildStderr, Command},
    time::timeout,
};

use super::refusal::HookRefusal;
use crate::{
    agent::notice::{Notice, theirs},
    client::{open_place, program_environment},
};

/// So much of what a program says on standard error is looked at. Unit: bytes.
const SAID: u64 = 4 << 10;
/// How long it may take to hear the last of it.
const LAST: Duration = Duration::from_secs(1);

/// Starts a program, and gives it the document on its standard input.
// SECURITY: there is no shell, and no text of others in an argument; the environment is the few
// variables of the notice, and PATH and HOME
pub(super) async fn run(program: &[String], notice: &Notice) -> Result<(), HookRefusal> {
    let failed = |error: std::io::Error| HookRefusal::new(format!("it cannot be started: {error}"));
    check(program)?;
    let (first, args) = program
        .split_first()
        .ok_or_else(|| HookRefusal::new("it names no program"))?;
    let mut command = Command::new(first);
    command
        .args(args)
        .env_clear()
        .envs(program_environment())
        .envs(notice.variables())
        .stdin(whole(&notice.document()).map_err(failed)?)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // its children go with it
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let group = ProcessGroup(child.id());
    let mut reading = tokio::spawn(read(child.stderr.take()));
    let status = child.wait().await;
    // a child of the program may keep standard error open for ever
    let said = timeout(LAST, &mut reading).await;
    reading.abort();
    let said = said.ok().and_then(Result::ok).unwrap_or_default();
    group.leave();
    let status = status.map_err(failed)?;
    match status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&said);
            let said = said.trim();
            Err(HookRefusal::new(match said.is_empty() {
                true => status.to_string(),
                false => format!("{status}: {}", theirs(said)),
            }))
        }
    }
}

/// A standard input that has the whole document before the program starts: where the agent is killed in
/// the middle, the program must not tell people half of it, or nothing under this id.
#[cfg(target_os = "linux")]
fn whole(document: &str) -> std::io::Result<Stdio> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let mut file = fs::File::from(memfd_create("notice", MemfdFlags::CLOEXEC)?);
    file.write_all(document.as_bytes())?;
    std::io::Seek::rewind(&mut file)?;
    Ok(file.into())
}

/// The same as well as can be: what a pipe holds is there.
#[cfg(not(target_os = "linux"))]
fn whole(document: &str) -> std::io::Result<Stdio> {
    let (reader, mut writer) = std::io::pipe()?;
    let document = document.to_owned();
    std::thread::spawn(move || writer.write_all(document.as_bytes()));
    Ok(reader.into())
}

/// The first of what it says; the rest is taken and dropped, so that the program can end.
async fn read(errors: Option<ChildStderr>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(errors) = errors {
        let mut first = errors.take(SAID);
        let _ = first.read_to_end(&mut said).await;
        let _ = tokio::io::copy(&mut first.into_inner(), &mut tokio::io::sink()).await;
    }
    said
}

/// A group of processes that ends with this value.
struct ProcessGroup(Option<u32>);

impl ProcessGroup {
    /// Its program has ended.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let pid = self.0.and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Whether a program is there and may be started, and is nobody else's to change.
// SECURITY: whoever may put another in its place does what this user can
pub(super) fn check(program: &[String]) -> Result<(), HookRefusal> {
    let first = program.first().map(String::as_str).unwrap_or_default();
    let found = fs::metadata(first)
        .map_err(|error| HookRefusal::new(format!("`{first}` cannot be started: {error}")))?;
    if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
        let why = format!("`{first}` is no program: chmod +x {first}");
        return Err(HookRefusal::new(why));
    }
    match open_place(Path::new(first)) {
        None => Ok(()),
        Some(open) => Err(HookRefusal::new(format!(
            "{}, and so what is started: {}",
            open.what(),
            open.remedy()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_others_may_change_is_not_started() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("hooks");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("tell.sh");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        let program = [file.display().to_string()];
        let right = |path: &Path, mode: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            check(&program).map_err(|why| why.to_string())
        };
        assert!(right(&file, 0o644).unwrap_err().contains("chmod +x"));
        assert_eq!(right(&file, 0o755), Ok(()));
        for path in [&file, &folder] {
            let why = right(path, 0o757).unwrap_err();
            let remedy = format!("chmod go-w {}", path.display());
            assert!(why.ends_with(&remedy), "{why}");
            assert_eq!(right(path, 0o755), Ok(()));
        }
    }
}
