//! `cmscc profile use` and `remove`

use serde::Serialize;

use crate::{
    cli::{screen::Screen, show::Line},
    client::{ClientError, ProfileStore},
};

/// What was done with a profile.
#[derive(Serialize)]
struct ProfileChanged<'a> {
    profile: &'a str,
    current: Option<&'a str>,
}

/// Makes a profile the current one.
pub(super) fn choose(name: &str, screen: &Screen) -> Result<(), Vec<ClientError>> {
    change(name, screen, |store| {
        let mut file = store.load()?;
        file.choose(name)?;
        store.save(&file)?;
        let text = format!("{name} is the current profile");
        Ok((text, Some(name.to_owned())))
    })
}

/// Removes a profile.
pub(super) fn remove(name: &str, screen: &Screen) -> Result<(), Vec<ClientError>> {
    change(name, screen, |store| {
        let mut file = store.load()?;
        file.remove(name)?;
        store.save(&file)?;
        let folder = store.folder(name);
        if folder.is_dir() {
            let note = format!(
                "its files stay, maybe a private key among them: {}",
                folder.display()
            );
            screen.note(&Line::plain(note));
        }
        let text = format!("{name} is removed");
        Ok((text, file.current().map(str::to_owned)))
    })
}

fn change(
    name: &str,
    screen: &Screen,
    done: impl FnOnce(&ProfileStore) -> Result<(String, Option<String>), ClientError>,
) -> Result<(), Vec<ClientError>> {
    let store = ProfileStore::here().map_err(|error| vec![error])?;
    let (text, current) = done(&store).map_err(|error| vec![error])?;
    let changed = ProfileChanged {
        profile: name,
        current: current.as_deref(),
    };
    let drawn = screen.result(&changed, None, |_| vec![Line::plain(text)]);
    drawn.map_err(|error| vec![error])
}
