//! Definitions on a development network: what the members agreed on is defined, by commands alone; what must
//! not be is refused.

use super::desk::Desk;

#[test]
fn a_definition_follows_what_the_members_agreed() {
    let desk = Desk::new();
    let printed = desk.run(
        r#"
        as() { eval "$(cmscc devnet env "$1")"; }
        refused() {
          local exit=$1 symbol=$2 got=0; shift 2
          "$@" --json > refused.json || got=$?
          [ $got = "$exit" ] && grep -q "\"$symbol\"" refused.json || { cat refused.json; exit 1; }
        }
        state() { { cmscc deploy status --json || [ $? = 3 ]; } | jq -r "$1"; }
        cmscc devnet up --background --orgs 4
        as org1
        cmscc deploy status
        [ "$(state .is_complete)" = true ]
        refused 0 ALREADY_COMMITTED cmscc deploy commit
        refused 3 NOTHING_TO_CHANGE cmscc deploy upgrade
        refused 1 NO_BUILDER cmscc deploy install --address nowhere.invalid:1
        refused 7 DEFINITION_CONCERN cmscc deploy upgrade --signature-policy "OR('Org1MSP.peer', 'Org2MSP.peer')"
        cmscc deploy upgrade --signature-policy "OR('Org9MSP.peer')" --dry-run > dry.txt 2>&1 || [ $? = 3 ]
        grep nobody-can dry.txt

        rule="OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer', 'Org4MSP.peer')"
        cmscc settings propose --endorsement-policy "$rule" --id two --description "two endorse" --dry-run
        cmscc settings propose --endorsement-policy "$rule" --id two --description "two endorse" --sign
        for org in org2 org3; do as $org; cmscc sign two; done
        cmscc settings apply two
        [ "$(cmscc settings show --json | jq .definition.matches)" = false ]
        [ "$(state .next)" = "cmscc deploy upgrade" ]
        cmscc deploy upgrade
        as org4; [ "$(state .next)" = "cmscc deploy approve" ]
        refused 3 APPROVALS_DIFFER cmscc deploy approve --version 9
        refused 3 TOO_FEW_APPROVALS cmscc deploy commit
        cmscc deploy approve
        as org1; cmscc deploy approve
        [ "$(state .next)" = "cmscc deploy commit" ]
        cmscc deploy commit
        # who has not approved cannot run it, and two of four are enough now
        as org2; [ "$(state '.members[] | select(.is_own).server')" = not_approved ]
        cmscc settings show --json | jq .definition.matches
        cmscc attest --release 3.1 --server
        cmscc deploy approve
        as org3; cmscc deploy approve
        [ "$(state .is_complete)" = true ]
        cmscc members | grep 'a server'
        cmscc capabilities | grep Org2MSP
        refused 6 SEQUENCE_TAKEN cmscc deploy approve --sequence 2 --version 5
        cmscc deploy status
        "#,
    );
    let end = "the contract is deployed, and all members run it\n";
    assert!(printed.ends_with(end), "{printed}");
}
