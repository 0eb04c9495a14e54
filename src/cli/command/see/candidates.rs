//! `cmscc complete-intent`: what a shell completes with, quickly and without a network.

use std::process::ExitCode;

use crate::{
    cli::{args::CompleteIntentArgs, output},
    client::{ChainStore, ClientSettings, NetworkFlags, candidates},
};

/// Prints words, one a line; none where nothing is pinned, or the settings are not complete.
pub(in crate::cli) fn run(args: &CompleteIntentArgs) -> ExitCode {
    for word in words(args).unwrap_or_default() {
        // SECURITY: a shell puts these words on a command line, and members choose names
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/.-_:[]".contains(c);
        if word.chars().all(is_plain) && !word.starts_with('-') {
            output::result(&word);
        }
    }
    ExitCode::SUCCESS
}

fn words(args: &CompleteIntentArgs) -> Option<Vec<String>> {
    let (settings, _) = ClientSettings::load(&NetworkFlags::default()).ok()?;
    let profile = settings.profile.as_deref();
    let store = ChainStore::new(&settings.state_dir, profile, &settings.channel);
    let chain = store.load().ok()??;
    Some(candidates(chain.bundle(), &args.words))
}
