//! `cmscc profile list`

use serde::Serialize;

use crate::{
    cli::{
        output,
        show::{Line, Tone, giving, table, whole},
        terminal,
    },
    client::{ClientError, Profile, ProfileStore},
};

/// Lists the profiles.
pub(super) fn run(json: bool) -> Result<(), Vec<ClientError>> {
    let store = ProfileStore::here().map_err(|error| vec![error])?;
    let file = store.load().map_err(|error| vec![error])?;
    let current = file.current();
    let rows = file.profiles().map(|(name, profile)| ProfileRow {
        name,
        is_current: Some(name) == current,
        profile,
    });
    let rows: Vec<_> = rows.collect();
    if json {
        let path = store.path().display().to_string();
        terminal::document(&ProfileList {
            file: path,
            current,
            profiles: rows,
        });
        return Ok(());
    }
    if rows.is_empty() {
        output::note("there are no profiles yet: cmscc profile add NAME");
        return Ok(());
    }
    let columns = [
        whole(""),
        whole("NAME"),
        giving("MSP ID"),
        giving("CHANNEL"),
        giving("PEERS"),
    ];
    let lines = rows.iter().map(ProfileRow::cells).collect();
    terminal::say(&table(&columns, lines, terminal::look()));
    Ok(())
}

#[derive(Serialize)]
struct ProfileList<'a> {
    file: String,
    current: Option<&'a str>,
    profiles: Vec<ProfileRow<'a>>,
}

#[derive(Serialize)]
struct ProfileRow<'a> {
    name: &'a str,
    is_current: bool,
    #[serde(flatten)]
    profile: &'a Profile,
}

impl ProfileRow<'_> {
    fn cells(&self) -> Vec<Line> {
        let mark = match self.is_current {
            true => Line::of(Tone::Good, "*"),
            false => Line::plain(" "),
        };
        let text = |text: &Option<String>| Line::plain(text.as_deref().unwrap_or("-"));
        let peers = self.profile.peers.iter().map(|peer| peer.address.as_str());
        vec![
            mark,
            Line::of(Tone::Accent, self.name),
            text(&self.profile.msp_id),
            text(&self.profile.channel),
            Line::plain(peers.collect::<Vec<_>>().join(", ")),
        ]
    }
}
