//! Which log lines are written; changed at run time.

use std::sync::{Mutex, PoisonError};

use tracing::Level;
use tracing_subscriber::{EnvFilter, Registry, filter::ParseError, reload};

/// Why a text is no log filter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogFilterError {
    /// Its grammar is wrong.
    #[error(transparent)]
    Grammar(#[from] ParseError),
    /// Logs cannot be filtered any more.
    #[error("the filter cannot be changed")]
    Gone,
    /// A word that is neither a level nor a part of this program. Taken for the name of a part it
    /// would silence everything else.
    #[error(
        "`{0}` is neither a level (`error`, `warn`, `info`, `debug`, `trace`, `off`) nor a part of cmscc"
    )]
    Word(String),
}

/// Reads a filter such as `info` or `info,cmscc::shim=debug`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, LogFilterError> {
    for part in text.split(',').map(str::trim) {
        let is_word = !part.is_empty() && !part.contains(['=', '[', '{', '}', ']']);
        if is_word && !is_level(part) && part != "cmscc" && !part.starts_with("cmscc::") {
            return Err(LogFilterError::Word(part.to_owned()));
        }
    }
    // SECURITY: HTTP/2 warns of what clients do, as often as they do it
    let quiet = if text.contains("h2") || ["off", "0"].contains(&text) {
        ""
    } else {
        "h2=error,"
    };
    Ok(EnvFilter::builder().parse(format!("{quiet}{text}"))?)
}

fn is_level(word: &str) -> bool {
    word.eq_ignore_ascii_case("off") || word == "0" || word.parse::<Level>().is_ok()
}

/// The filter that is in force.
#[derive(Debug)]
pub(crate) struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    spec: Mutex<String>,
}

impl LogFilter {
    pub(super) const fn new(handle: reload::Handle<EnvFilter, Registry>, spec: String) -> Self {
        Self {
            handle,
            spec: Mutex::new(spec),
        }
    }

    /// The filter as it was given.
    pub(crate) fn spec(&self) -> String {
        (self.spec.lock().unwrap_or_else(PoisonError::into_inner)).clone()
    }

    /// Puts another filter in force.
    ///
    /// # Errors
    /// What is wrong with it; the old one stays.
    pub(crate) fn set(&self, spec: &str) -> Result<(), LogFilterError> {
        let filter = filter(spec)?;
        // held meanwhile, so that text and filter belong together
        let mut text = self.spec.lock().unwrap_or_else(PoisonError::into_inner);
        (self.handle.reload(filter)).map_err(|_| LogFilterError::Gone)?;
        spec.clone_into(&mut text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_level_or_a_part_of_ours() {
        for good in [
            "info",
            "WARN",
            "off",
            "0",
            "3",
            "cmscc",
            "cmscc::cli",
            "warn,cmscc=debug",
            "h2=trace",
            "info,",
        ] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "info,loud", "cmscc=loud", "cmsccx", "6", "h2"] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }
}
