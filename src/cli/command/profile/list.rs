//! `cmscc profile list`

use serde::Serialize;

use crate::{
    cli::{
        screen::Screen,
        show::{Line, Look, Tone, giving, table, whole},
    },
    client::{ClientError, Profile, ProfileStore},
};

/// Lists the profiles.
pub(super) fn run(screen: &Screen) -> Result<(), Vec<ClientError>> {
    let store = ProfileStore::here().map_err(|error| vec![error])?;
    let file = store.load().map_err(|error| vec![error])?;
    let current = file.current();
    let rows = file.profiles().map(|(name, profile)| ProfileRow {
        name,
        is_current: Some(name) == current,
        profile,
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        screen.note(&Line::plain(
            "there are no profiles yet: cmscc profile add NAME",
        ));
    }
    let list = ProfileList {
        file: store.path().display().to_string(),
        current,
        profiles: rows,
    };
    let drawn = screen.result(&list, Some("profiles"), |look| list.lines(look));
    drawn.map_err(|error| vec![error])
}

#[derive(Serialize)]
struct ProfileList<'a> {
    file: String,
    current: Option<&'a str>,
    profiles: Vec<ProfileRow<'a>>,
}

impl ProfileList<'_> {
    fn lines(&self, look: Look) -> Vec<Line> {
        if self.profiles.is_empty() {
            return Vec::new();
        }
        let columns = [
            whole(""),
            whole("NAME"),
            giving("MSP ID"),
            giving("CHANNEL"),
            giving("PEERS"),
        ];
        let rows = self.profiles.iter().map(ProfileRow::cells);
        table(&columns, rows.collect(), look)
    }
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
