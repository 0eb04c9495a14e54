//! `cmscc completion`

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{
    args::{Args, CompletionArgs},
    output,
};

pub(in crate::cli) fn run(args: &CompletionArgs) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "cmscc", &mut text);
    let text = with_ids(args.shell, String::from_utf8(text)?);
    output::result(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The commands whose arguments are ids of proposals.
const OF_PROPOSALS: &str =
    "archive combine describe diff explain rebase reject show sign submit wait who withdraw";

/// The script, with ids of proposals where a command takes some: `cmscc complete-ids` prints them.
fn with_ids(shell: Shell, script: String) -> String {
    match shell {
        Shell::Bash => format!(
            r#"{script}
_cmscc_with_ids() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" verbs=" {OF_PROPOSALS} "
    if [[ $COMP_CWORD -ge 2 && "$verbs" == *" ${{COMP_WORDS[1]}} "* && "$word" != -* && "${{COMP_WORDS[COMP_CWORD-1]}}" != -* ]]; then
        COMPREPLY=($(compgen -W "$(cmscc complete-ids 2>/dev/null)" -- "$word"))
        return 0
    fi
    _cmscc "$@"
}}
complete -F _cmscc_with_ids -o bashdefault -o default cmscc
"#
        ),
        Shell::Fish => format!(
            r#"{script}
complete -c cmscc -n "__fish_seen_subcommand_from {OF_PROPOSALS}" -f -a "(cmscc complete-ids 2>/dev/null)"
"#
        ),
        Shell::Zsh => {
            let script = script.replace("The proposal:_default", "The proposal:_cmscc_ids");
            let function = r#"
_cmscc_ids() {
    local -a ids
    ids=(${(f)"$(cmscc complete-ids 2>/dev/null)"})
    _describe proposal ids
}
"#;
            match script.split_once('\n') {
                Some((first, rest)) => format!("{first}\n{function}{rest}"),
                None => script,
            }
        }
        _ => script,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(shell: Shell) -> String {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "cmscc", &mut text);
        with_ids(shell, String::from_utf8(text).unwrap())
    }

    #[test]
    fn shells_ask_for_ids() {
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            assert!(script(shell).contains("cmscc complete-ids"), "{shell}");
        }
        let zsh = script(Shell::Zsh);
        assert!(zsh.starts_with("#compdef cmscc\n"));
        #[cfg(feature = "client")]
        assert!(zsh.contains("The proposal:_cmscc_ids"));
    }
}
