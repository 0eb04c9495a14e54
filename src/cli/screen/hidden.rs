//! A line that is typed without being shown.

use std::io::{self, BufRead, IsTerminal, Read as _, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

use crate::{
    cli::{args::ShownArgs, output},
    client::{ClientError, Exit, TokenPin},
    text,
};

/// The most bytes of a line.
const LONGEST: usize = 1_024;

/// Asks for the PIN of a token; `None` where nobody may be asked or sits at a terminal.
///
/// # Errors
/// `DECLINED` (interrupted)
pub(in crate::cli) fn ask_pin(
    shown: &ShownArgs,
    question: &str,
) -> Result<Option<TokenPin>, ClientError> {
    let stdin = io::stdin();
    let is_terminal = stdin.is_terminal() && io::stderr().is_terminal();
    if shown.no_input || shown.json.is_some() || !is_terminal {
        return Ok(None);
    }
    let ask = |_: &QuietTerminal| {
        let mut err = io::stderr();
        // a token may call itself what it likes
        let _ = write!(err, "{} ", text::visible(question)).and_then(|()| err.flush());
        read_line(&mut stdin.lock())
    };
    let typed = QuietTerminal::new().and_then(|quiet| ask(&quiet));
    output::note("");
    match typed {
        Ok(Some(line)) if !line.is_empty() => Ok(Some(TokenPin::new(line))),
        // nothing typed is no PIN: it is not tried
        Ok(_) => {
            let message = "no PIN was typed";
            Err(ClientError::new(Exit::Interrupted, "DECLINED", message))
        }
        Err(error) => {
            let message = format!("the terminal cannot be read: {error}");
            Err(ClientError::new(Exit::Failed, "INTERNAL", message))
        }
    }
}

/// The terminal, which shows nothing of what is typed and hands on each key, until this is dropped.
struct QuietTerminal(Termios);

impl QuietTerminal {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        // Ctrl-C comes as a key, too: who interrupts gets a terminal back that shows what they type
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        // there is nobody to tell
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// A line as its keys come; `None`: interrupted.
fn read_line(keys: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    for key in keys.bytes() {
        match key? {
            b'\r' | b'\n' => break,
            // Ctrl-C, Ctrl-D, Ctrl-backslash
            0x03 | 0x04 | 0x1c => return Ok(None),
            // backspace
            0x08 | 0x7f => {
                let character = |byte: &u8| byte & 0xc0 != 0x80;
                line.truncate(line.iter().rposition(character).unwrap_or_default());
            }
            // Ctrl-U
            0x15 => line.clear(),
            key if line.len() < LONGEST => line.push(key),
            _ => {}
        }
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| io::Error::other("what was typed is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_a_line() {
        for (keys, line) in [
            ("1234\nx", Some("1234")),
            ("1234\r", Some("1234")),
            ("12", Some("12")),
            ("1\u{8}2ä\u{7f}3\n", Some("23")),
            ("\u{7f}\u{7f}1\n", Some("1")),
            ("12\u{15}3\n", Some("3")),
            ("12\u{3}", None),
            ("\u{4}", None),
        ] {
            let typed = read_line(&mut keys.as_bytes()).unwrap();
            assert_eq!(typed.as_deref(), line, "{keys:?}");
        }
        let long = "1".repeat(5_000);
        let typed = read_line(&mut long.as_bytes()).unwrap();
        assert_eq!(typed.unwrap().len(), LONGEST);
        assert!(read_line(&mut &b"\xff\n"[..]).is_err());
    }
}
