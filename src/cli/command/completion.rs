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
    "archive combine describe diff explain plan rebase reject show sign submit wait who withdraw";

/// Intents that take no files.
const WITHOUT_FILES: &str =
    "acl anchor-peers capability endpoints mod-policy policy remove-org set";

/// The beginnings of those lines of zsh's script whose words come from the config.
const OF_INTENTS: &[&str] = &[
    "':address -- Its address, as the config has it",
    "'::group -- Only this group",
    "':level -- The level",
    "':name -- Its name in the config",
    "':name -- The policy",
    "':path -- The element",
    "':path -- The policy",
    "':path -- The setting",
    "':policy -- The policy",
    "':resource -- The resource",
    "':rule -- The rule",
    "':section -- channel",
    "'--org=[Whose",
];

/// The beginnings of those whose words are ids of proposals.
const OF_IDS: &[&str] = &[
    "'*::ids -- The proposals",
    "'*::sources -- The proposals",
    "'--from=[Begin with the intent",
    "'::other -- Another proposal",
    "':id -- The proposal:",
];

/// The script, with ids of proposals where a command takes some: `cmscc complete-ids` prints them.
fn with_ids(shell: Shell, script: String) -> String {
    match shell {
        Shell::Bash => format!(
            r#"{script}
_cmscc_with_ids() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" verbs=" {OF_PROPOSALS} "
    if [[ $COMP_CWORD -ge 3 && "${{COMP_WORDS[1]}}" == propose && "$word" != -* ]]; then
        local found
        if [[ "${{COMP_WORDS[COMP_CWORD-1]}}" == --from ]]; then
            found=$(cmscc complete-ids 2>/dev/null)
        else
            found=$(cmscc complete-intent "${{COMP_WORDS[@]:2:COMP_CWORD-1}}" 2>/dev/null)
        fi
        COMPREPLY=($(compgen -W "$found" -- "$word"))
        if [[ ${{#COMPREPLY[@]}} -gt 0 ]]; then return 0; fi
    fi
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
complete -c cmscc -n "__fish_seen_subcommand_from propose" -a "(cmscc complete-intent (commandline -opc)[3..-1] (commandline -ct) 2>/dev/null)"
complete -c cmscc -n "__fish_seen_subcommand_from {WITHOUT_FILES}" -f
complete -c cmscc -n "__fish_seen_subcommand_from propose" -l org -x -a "(cmscc complete-intent (commandline -opc)[3..-1] (commandline -ct) 2>/dev/null)"
complete -c cmscc -n "__fish_seen_subcommand_from propose" -l from -x -a "(cmscc complete-ids 2>/dev/null)"
complete -c cmscc -n "__fish_seen_subcommand_from completion" -f -a "bash elvish fish powershell zsh"
"#
        ),
        Shell::Zsh => {
            let is_of = |line: &str, those: &[&str]| those.iter().any(|one| line.starts_with(one));
            let script: String = (script.lines())
                .map(|line| match () {
                    () if is_of(line, OF_IDS) => line.replace(":_default'", ":_cmscc_ids'") + "\n",
                    () if is_of(line, OF_INTENTS) => {
                        line.replace(":_default'", ":_cmscc_intent'") + "\n"
                    }
                    () => line.to_owned() + "\n",
                })
                .collect();
            let function = r#"
_cmscc_intent() {
    local -a typed found
    typed=(${(z)LBUFFER})
    [[ "$LBUFFER" == *' ' ]] && typed+=('')
    # what stands behind the sign of `--org=` is a word of its own
    [[ "$typed[-1]" == --*=* ]] && typed=("${(@)typed[1,-2]}" "${typed[-1]%%=*}" "${typed[-1]#*=}")
    found=(${(f)"$(cmscc complete-intent "${(@)typed[3,-1]}" 2>/dev/null)"})
    compadd -a found
}
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
            assert!(script(shell).contains("cmscc complete-intent"), "{shell}");
        }
        let zsh = script(Shell::Zsh);
        assert!(zsh.starts_with("#compdef cmscc\n"));
        #[cfg(feature = "client")]
        for line in OF_IDS {
            let mut lines = zsh.lines().filter(|one| one.starts_with(line)).peekable();
            assert!(lines.peek().is_some(), "{line}");
            assert!(lines.all(|one| one.contains(":_cmscc_ids'")), "{line}");
        }
        #[cfg(feature = "client")]
        for line in OF_INTENTS {
            let mut lines = zsh.lines().filter(|one| one.starts_with(line));
            assert!(lines.any(|one| one.contains(":_cmscc_intent'")), "{line}");
        }
    }
}
