//! `deploy/scenario.sh` on a real network: the client's commands alone, before Fabric's own nodes.

use super::stage::Stage;

#[test]
fn the_story_of_a_consortium_is_told_with_commands_alone() {
    let Some(stage) = Stage::new(1250, &[]) else {
        return;
    };
    let printed = stage.run(
        r#"
        $deployed up
        $deployed org orgx > orgx.json
        $deployed org orgy > orgy.json
        export ORGX=$PWD/orgx.json ORGY=$PWD/orgy.json
        AS="$deployed env" JOIN="$deployed join" "$REPOSITORY"/deploy/scenario.sh
        "#,
    );
    assert!(
        printed.ends_with("Everything was as expected.\n"),
        "{printed}"
    );
    println!("{printed}");
}

/// Org2's administrator has the key in a token: proposes, signs and submits with it, by `peer`'s settings.
#[cfg(feature = "pkcs11")]
#[test]
fn an_administrator_whose_key_is_in_a_token_does_it_all() {
    if !crate::client::token::has_softhsm() {
        return;
    }
    let Some(stage) = Stage::new(1250, &[]) else {
        return;
    };
    let printed = stage.run(
        r#"
        $deployed up
        $deployed org orgx > orgx.json
        as() { eval "$($deployed env "$1")"; }
        as org2
        mkdir tokens
        echo "directories.tokendir = $PWD/tokens" > softhsm2.conf
        export SOFTHSM2_CONF=$PWD/softhsm2.conf
        softhsm2-util --init-token --free --label org2 --so-pin 1111 --pin 2222
        export CORE_PEER_BCCSP_PKCS11_LIBRARY=/usr/lib/softhsm/libsofthsm2.so
        export CORE_PEER_BCCSP_PKCS11_LABEL=org2 CORE_PEER_BCCSP_PKCS11_PIN=2222
        export CORE_PEER_BCCSP_DEFAULT=PKCS11
        id=$(cmscc identity show | awk '/^key id/ { print $3 }')
        softhsm2-util --import "$CORE_PEER_MSPCONFIGPATH"/keystore/* --token org2 --label a --id $id --pin 2222
        mv "$CORE_PEER_MSPCONFIGPATH"/keystore keystore
        cmscc identity test
        sign() { cmscc sign add_orgx --yes --digest $(cmscc show add_orgx --json=config_update_sha256 | grep -oE '[0-9a-f]{64}'); }
        cmscc propose add-org orgx.json --id add_orgx
        sign
        export CORE_PEER_BCCSP_DEFAULT=SW
        as org1
        sign
        as org2
        export CORE_PEER_BCCSP_DEFAULT=PKCS11
        cmscc submit add_orgx
        cmscc status
        "#,
    );
    assert!(printed.contains("✓ the key signed"), "{printed}");
    assert!(printed.contains("✓ in effect: config"), "{printed}");
    println!("{printed}");
}
