//! `deploy/scenario.sh` on a development network.

use super::desk::Desk;

#[test]
fn the_story_of_a_consortium_is_told_with_commands_alone() {
    let desk = Desk::new();
    let printed = desk.run("cmscc devnet up --background\n\"$REPOSITORY\"/deploy/scenario.sh");
    assert!(
        printed.ends_with("Everything was as expected.\n"),
        "{printed}"
    );
}
