//! `cmscc propose edit`: the config in a person's editor, until it can be proposed or nothing changes.

use std::{
    env, fs,
    io::{self, IsTerminal, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{self, Command},
};

use crate::{
    cli::{args::ProposeEditArgs, talk::Talk},
    client::{
        ChannelSession, ClientError, ClientSettings, EditedConfig, Exit, OtherIntent,
        PlannedIntent, slashed,
    },
};

/// A text that is being edited. It stays where it is until it is proposed.
#[derive(Debug)]
pub(super) struct KeptText {
    path: PathBuf,
    /// Whether it is gone when it is not needed any more: a file of a person's own is not.
    is_ours: bool,
    /// What was written into it at first, where nobody had typed anything yet.
    untouched: Option<String>,
}

impl KeptText {
    /// The command that goes on with it: as it was typed, with this text. `for_real`: proposes, also where it
    /// was tried only.
    pub(super) fn again(&self, for_real: bool) -> String {
        let typed = env::args_os().skip(1);
        let typed = typed.map(|word| word.to_string_lossy().into_owned());
        again(typed, &self.path.display().to_string(), for_real)
    }

    /// It is proposed, or says nothing.
    pub(super) fn forget(&self) {
        if self.is_ours {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// An error that leaves the text where it is, unless nobody typed anything into it.
    pub(super) fn kept(&self, error: ClientError) -> ClientError {
        if let Some(untouched) = &self.untouched
            && fs::read_to_string(&self.path).is_ok_and(|text| text == *untouched)
        {
            self.forget();
            return error;
        }
        let command = self.again(false);
        let next = match &error.hint {
            Some(hint) => format!("{hint}; what you typed is kept: {command}"),
            None => format!("what you typed is kept: {command}"),
        };
        error.hint(next)
    }
}

/// Has the config edited, and plans what was typed.
///
/// # Errors
/// `NOTHING_TO_CHANGE`; `NO_EDITOR`, `EDITOR_FAILED`; what is wrong where it comes back as it was.
pub(super) async fn edit(
    talk: &Talk,
    session: &mut ChannelSession,
    settings: &ClientSettings,
    args: &ProposeEditArgs,
    from: Option<&OtherIntent>,
) -> Result<(PlannedIntent, KeptText), ClientError> {
    let own = session.connection().identity().msp_id.clone();
    let document = {
        let group = args.group.as_deref().map(slashed);
        EditedConfig::new(session.chain().bundle(), from, group.as_deref())?
    };
    let editor = named_editor(talk)?;
    let (text, mut shown) = match &args.file {
        Some(path) => {
            let text = KeptText {
                path: path.clone(),
                is_ours: is_kept(settings, path),
                untouched: None,
            };
            let content = read(path)?;
            (text, content)
        }
        None => {
            let text = create(settings, document.text())?;
            (text, document.text().to_owned())
        }
    };
    let untouched = shown.clone();
    loop {
        run(&editor, &text.path).map_err(|error| text.kept(error))?;
        let typed = read(&text.path).map_err(|error| text.kept(error))?;
        if typed == untouched && args.file.is_none() && from.is_none() {
            text.forget();
            let text = "nothing would change: the text is as it was";
            return Err(ClientError::new(Exit::No, "NOTHING_TO_CHANGE", text));
        }
        // others may have changed the config while somebody typed
        let tell = |progress| talk.progress(&progress);
        let caught_up = session.catch_up(&tell).await;
        caught_up.map_err(|error| text.kept(error))?;
        let fault = match document.plan(&typed, session.chain().bundle(), &own) {
            Ok(planned) => return Ok((planned, text)),
            Err(fault) if fault.error.symbol == "NOTHING_TO_CHANGE" => {
                text.forget();
                return Err(fault.error);
            }
            Err(fault) => fault,
        };
        let marked = fault.marked(&typed);
        let place = fault
            .line
            .map(|line| format!("line {line}: "))
            .unwrap_or_default();
        if typed == shown && shown != untouched {
            return Err(text.kept(fault.error));
        }
        talk.warn(&format!("{place}{}", fault.error.message));
        let written = fs::write(&text.path, &marked);
        written.map_err(|error| text.kept(unwritable(&text.path, &error)))?;
        shown = marked;
    }
}

/// The editor of this person.
#[expect(
    clippy::disallowed_methods,
    reason = "whose editor it is says the environment, as with git"
)]
fn named_editor(talk: &Talk) -> Result<String, ClientError> {
    let named = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()));
    match named {
        Some(editor) => Ok(editor),
        None if talk.may_ask() && io::stdout().is_terminal() => Ok("vi".to_owned()),
        None => {
            let text = "there is no terminal, and no editor is named";
            Err(ClientError::new(Exit::Usage, "NO_EDITOR", text)
                .hint("EDITOR names one; `cmscc propose from-file` takes an edited config"))
        }
    }
}

/// Runs it as git does: a shell reads the words, the file is the last.
fn run(editor: &str, path: &Path) -> Result<(), ClientError> {
    let script = format!("{editor} \"$@\"");
    let status = Command::new("sh")
        .args(["-c", &script, editor])
        .arg(path)
        .status();
    let why = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    let text = format!("the editor `{editor}` did not end well: {why}");
    Err(ClientError::new(Exit::Failed, "EDITOR_FAILED", text))
}

/// What was typed, with another file in the place of the one that it named.
fn again(typed: impl Iterator<Item = String>, path: &str, for_real: bool) -> String {
    let mut words = vec!["cmscc".to_owned()];
    let mut is_file = false;
    for word in typed {
        let is_value = is_file;
        is_file = word == "--file";
        if is_value || is_file || word.starts_with("--file=") || (for_real && word == "--dry-run") {
            continue;
        }
        words.push(word);
    }
    words.extend(["--file".to_owned(), path.to_owned()]);
    // nothing that was typed has a NUL
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// Where texts are kept.
fn folder(settings: &ClientSettings) -> PathBuf {
    let profile = settings.profile.as_deref().unwrap_or("default");
    settings.state_dir.join(profile)
}

/// What the names of kept texts begin and end with.
const NAME: (&str, &str) = ("edit-", ".jsonc");

/// Whether this text was kept by an earlier edit.
fn is_kept(settings: &ClientSettings, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_named = name.starts_with(NAME.0) && name.ends_with(NAME.1);
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    is_named && (path.parent()).is_some_and(|parent| same(parent, &folder(settings)))
}

/// A new file in the state folder, for one's own eyes.
fn create(settings: &ClientSettings, content: &str) -> Result<KeptText, ClientError> {
    let folder = folder(settings);
    let failed = |error: &io::Error| unwritable(&folder, error);
    fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
    let name = |number: u32| {
        let (start, end) = NAME;
        format!(
            "{start}{}-{}-{number}{end}",
            settings.channel,
            process::id()
        )
    };
    for number in 0..16 {
        let path = folder.join(name(number));
        let opened = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match opened {
            Ok(mut file) => {
                file.write_all(content.as_bytes())
                    .map_err(|error| failed(&error))?;
                return Ok(KeptText {
                    path,
                    is_ours: true,
                    untouched: Some(content.to_owned()),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Err(failed(&io::ErrorKind::AlreadyExists.into()))
}

fn read(path: &Path) -> Result<String, ClientError> {
    let content = super::super::act::read(path)?;
    String::from_utf8(content).map_err(|_| {
        let text = format!("`{}` is no text", path.display());
        ClientError::new(Exit::Usage, "BAD_JSON", text)
    })
}

fn unwritable(path: &Path, error: &io::Error) -> ClientError {
    let text = format!("cannot write `{}`: {error}", path.display());
    ClientError::new(Exit::Failed, "FILE_UNWRITABLE", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_with_what_was_typed() {
        let again = |typed: &str, for_real| {
            again(
                shlex::split(typed).unwrap().into_iter(),
                "/s/edit-1.jsonc",
                for_real,
            )
        };
        let typed =
            "propose edit /Channel/Orderer --description 'smaller blocks' --dry-run --profile org1";
        assert_eq!(
            again(typed, false),
            format!("cmscc {typed} --file /s/edit-1.jsonc")
        );
        assert_eq!(
            again(typed, true),
            format!(
                "cmscc {} --file /s/edit-1.jsonc",
                typed.replace("--dry-run ", "")
            )
        );
        for typed in [
            "propose edit --file old.jsonc",
            "propose edit --file=old.jsonc",
        ] {
            assert_eq!(
                again(typed, false),
                "cmscc propose edit --file /s/edit-1.jsonc"
            );
        }
    }
}
