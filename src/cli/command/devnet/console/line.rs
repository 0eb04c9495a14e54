//! One line of the console.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use bytes::Bytes;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConsoleLine {
    /// An empty line, or a comment.
    Nothing,
    Help,
    Quit,
    Call(Call),
}

/// A call of the chaincode.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) way: CallWay,
    /// Who calls; `None`: an ordinary user of the first organisation.
    pub(super) caller: Option<Caller>,
    pub(super) transient: BTreeMap<String, Bytes>,
    pub(super) is_init: bool,
    /// Function name and arguments.
    pub(super) args: Vec<String>,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallWay {
    /// One peer is asked; `None`: that of the caller.
    Evaluate { at: Option<String> },
    /// It is endorsed by these organisations, or by all, and committed.
    Submit { endorsers: Option<Vec<String>> },
}

/// An identity of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) organization: String,
    pub(super) is_admin: bool,
}

impl Caller {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (organization, user) = text.split_once('.').unwrap_or((text, "User1"));
        let is_admin = match user {
            "Admin" => true,
            "User1" => false,
            _ => bail!("`{text}` is nobody: an organisation has a `User1` and an `Admin`"),
        };
        Ok(Self {
            organization: organization.to_owned(),
            is_admin,
        })
    }

    /// As it is written behind `--as`.
    pub(super) fn name(&self) -> String {
        let user = if self.is_admin { "Admin" } else { "User1" };
        format!("{}.{user}", self.organization)
    }
}

impl ConsoleLine {
    /// Splits a line into words as a shell does, and reads them.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let words = shlex::split(text).context("a quote is not closed")?;
        let Some((command, rest)) = words.split_first() else {
            return Ok(Self::Nothing);
        };
        match (command.as_str(), rest) {
            ("help" | "?", _) => Ok(Self::Help),
            ("quit" | "exit", []) => Ok(Self::Quit),
            ("submit", rest) => {
                Call::parse(CallWay::Submit { endorsers: None }, rest).map(Self::Call)
            }
            ("evaluate", rest) => Call::parse(CallWay::Evaluate { at: None }, rest).map(Self::Call),
            _ => bail!("`{command}` is no command: there are submit, evaluate, help and quit"),
        }
    }
}

impl Call {
    /// Reads options, which stand before the function, and the function with its arguments.
    fn parse(way: CallWay, words: &[String]) -> anyhow::Result<Self> {
        let mut call = Self {
            way,
            caller: None,
            transient: BTreeMap::new(),
            is_init: false,
            args: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                call.args.extend(words.cloned());
                break;
            }
            if !word.starts_with("--") {
                call.args.push(word.clone());
                call.args.extend(words.cloned());
                break;
            }
            if word == "--init" {
                call.is_init = true;
                continue;
            }
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, value),
                None => {
                    let value = words.next();
                    (word.as_str(), value.map_or("", String::as_str))
                }
            };
            if value.is_empty() {
                bail!("`{option}` has no value");
            }
            call.option(option, value)?;
        }
        if call.args.is_empty() {
            bail!("which function is to be called?");
        }
        Ok(call)
    }

    fn option(&mut self, option: &str, value: &str) -> anyhow::Result<()> {
        match (option, &mut self.way) {
            ("--as", _) => self.caller = Some(Caller::parse(value)?),
            ("--transient", _) => {
                let (name, value) = value
                    .split_once('=')
                    .with_context(|| format!("`{value}` is not NAME=VALUE"))?;
                let value = Bytes::copy_from_slice(value.as_bytes());
                self.transient.insert(name.to_owned(), value);
            }
            ("--endorse", CallWay::Submit { endorsers }) => {
                let named = value.split(',').map(str::to_owned);
                *endorsers = Some(named.collect());
            }
            ("--at", CallWay::Evaluate { at }) => *at = Some(value.to_owned()),
            ("--endorse", _) => bail!("only what is submitted is endorsed: say `--at ORG`"),
            ("--at", _) => bail!("`--at` is for what is evaluated: say `--endorse ORG,..`"),
            _ => bail!("there is no option `{option}`; `--` stands before a function of that name"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Call {
        match ConsoleLine::parse(text).unwrap() {
            ConsoleLine::Call(call) => call,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_stand_before_the_function() {
        let submit =
            call("submit --as Org2.Admin --endorse Org1,Org2 --transient a=b=c f --as '' 'x y'");
        let expected = Call {
            way: CallWay::Submit {
                endorsers: Some(vec!["Org1".to_owned(), "Org2".to_owned()]),
            },
            caller: Some(Caller {
                organization: "Org2".to_owned(),
                is_admin: true,
            }),
            transient: [("a".to_owned(), Bytes::from_static(b"b=c"))].into(),
            is_init: false,
            args: ["f", "--as", "", "x y"].map(str::to_owned).into(),
        };
        assert_eq!(submit, expected);
        let evaluate = call("evaluate --as=Org1 --at=Org2 --transient=a=b --init -- --f");
        assert_eq!(evaluate.caller.unwrap().name(), "Org1.User1");
        assert_eq!(evaluate.args, ["--f"]);
        assert!(evaluate.is_init);
        assert_eq!(evaluate.transient["a"], "b");
        let at = Some("Org2".to_owned());
        assert_eq!(evaluate.way, CallWay::Evaluate { at });
    }

    #[test]
    fn lines_that_say_nothing_are_told_from_wrong_ones() {
        for text in ["", "   ", "# submit f"] {
            assert_eq!(
                ConsoleLine::parse(text).unwrap(),
                ConsoleLine::Nothing,
                "{text}"
            );
        }
        assert_eq!(ConsoleLine::parse("quit").unwrap(), ConsoleLine::Quit);
        assert_eq!(
            ConsoleLine::parse("help submit").unwrap(),
            ConsoleLine::Help
        );
        for (text, error) in [
            ("submit 'f", "a quote is not closed"),
            ("create", "`create` is no command"),
            ("submit", "which function"),
            ("submit --as", "`--as` has no value"),
            ("submit --as Org1.User2 f", "`Org1.User2` is nobody"),
            ("submit --transient a f", "`a` is not NAME=VALUE"),
            ("submit --at Org1 f", "say `--endorse ORG,..`"),
            ("evaluate --endorse Org1 f", "say `--at ORG`"),
            ("submit --wait f", "there is no option `--wait`"),
        ] {
            let told = ConsoleLine::parse(text).unwrap_err().to_string();
            assert!(told.contains(error), "{text}: {told}");
        }
    }
}
