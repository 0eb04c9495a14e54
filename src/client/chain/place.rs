//! Whether others may put another file in the place of one's own.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{StatVfsMountFlags, statvfs},
    process::geteuid,
};

/// The user, and the group, who may change everything anyway.
const ROOT: u32 = 0;
/// Bits of a mode.
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// A file or folder by which others may change what a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenPlace {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The other user whom it belongs to; `None`: others may write.
    pub(crate) owner: Option<u32>,
}

impl OpenPlace {
    /// What is wrong, in words.
    pub(crate) fn what(&self) -> String {
        let shown = self.path.display();
        match self.owner {
            Some(owner) => {
                let who = geteuid().as_raw();
                format!("`{shown}` belongs to user {owner}, and you are user {who}")
            }
            None => format!("others may change `{shown}`"),
        }
    }

    /// The command that puts it right.
    pub(crate) fn remedy(&self) -> String {
        let shown = self.path.display();
        match self.owner {
            Some(_) => format!("chown {} {shown}", geteuid().as_raw()),
            None => format!("chmod go-w {shown}"),
        }
    }
}

/// The first of a file or folder and the folders that it lies in, as far as they exist, which somebody else than
/// this user and root may change; of links also where they lead. Fine are: folders in which each may move only
/// what is their own (sticky); a group of this user's number, which is theirs alone; what is mounted for reading;
/// and folders of root's at which something is mounted, as volumes of containers are.
// SECURITY: who may write into a folder may move away what is in it, whoever owns that
pub(crate) fn open_place(path: &Path) -> Option<OpenPlace> {
    let whole = std::path::absolute(path).ok()?;
    let found = on_the_way(&whole);
    found.or_else(|| {
        let there = whole.ancestors().find(|place| place.exists())?;
        let real = fs::canonicalize(there).ok()?;
        on_the_way(&real)
    })
}

fn on_the_way(path: &Path) -> Option<OpenPlace> {
    path.ancestors().find_map(|place| {
        let open = |owner| {
            Some(OpenPlace {
                path: place.to_owned(),
                owner,
            })
        };
        let link = fs::symlink_metadata(place).ok()?;
        let about = fs::metadata(place).ok();
        // in a sticky folder its owner may put another link in its place
        for about in [Some(&link), about.as_ref()].into_iter().flatten() {
            let (whose, who) = (about.uid(), geteuid().as_raw());
            if whose != who && whose != ROOT && !is_for_reading(place) {
                return open(Some(whose));
            }
        }
        match about.is_some_and(|about| is_open(place, &about)) {
            true => open(None),
            false => None,
        }
    })
}

/// Whether others may write; in a folder, whether they may move what is not theirs.
fn is_open(place: &Path, about: &Metadata) -> bool {
    let mode = about.mode();
    let own_group = [ROOT, geteuid().as_raw()].contains(&about.gid());
    let writes = mode & OTHERS_WRITE != 0 || (mode & GROUP_WRITES != 0 && !own_group);
    let keeps = about.is_dir() && (mode & STICKY != 0 || is_mounted(place, about));
    writes && !keeps && !is_for_reading(place)
}

/// Whether something is mounted at a folder of root's.
fn is_mounted(place: &Path, about: &Metadata) -> bool {
    let above = place.parent().and_then(|above| fs::metadata(above).ok());
    about.uid() == ROOT && above.is_some_and(|above| above.dev() != about.dev())
}

/// Whether nobody can write there, as files that a container is given.
fn is_for_reading(place: &Path) -> bool {
    statvfs(place).is_ok_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn right(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn whoever_may_move_what_is_on_the_way_is_found() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        let file = at("a/b/file");
        fs::write(&file, "x").unwrap();
        symlink(&file, at("link")).unwrap();
        symlink(at("a"), at("way")).unwrap();
        let paths = [file.clone(), at("link"), at("way/b/file"), at("a/b/none/x")];
        let found = |path: &Path| open_place(path).map(|open| open.path);
        for path in &paths {
            assert_eq!(found(path), None, "{}", path.display());
        }
        for (place, mode, path) in [
            ("a", 0o777, Some("a")),
            ("a", 0o702, Some("a")),
            ("a/b", 0o757, Some("a/b")),
            // each may only move what is their own
            ("a/b", 0o1777, None),
            ("a", 0o755, None),
        ] {
            let before = fs::metadata(at(place)).unwrap().mode();
            right(&at(place), mode);
            for given in &paths {
                let found = found(given).map(|found| fs::canonicalize(found).unwrap());
                let path = path.map(|path| fs::canonicalize(at(path)).unwrap());
                assert_eq!(found, path, "{place} {mode:o} {}", given.display());
            }
            right(&at(place), before & 0o7777);
        }
        right(&file, 0o606);
        let open = open_place(&at("link")).unwrap();
        assert!(open.what().contains("others may change"));
        assert_eq!(
            open.remedy(),
            format!("chmod go-w {}", at("link").display())
        );
        right(&file, 0o600);
        // others than root may give nothing away
        if chown(at("a"), Some(4_002), Some(4_002)).is_ok() {
            let open = open_place(&file).unwrap();
            assert_eq!((open.path.clone(), open.owner), (at("a"), Some(4_002)));
            assert!(open.what().contains("belongs to user 4002"));
        }
    }

    #[test]
    fn a_group_counts_unless_it_is_ones_own() {
        let home = tempfile::tempdir().unwrap();
        right(home.path(), 0o770);
        let own = geteuid().as_raw();
        if chown(home.path(), None, Some(own)).is_ok() {
            assert_eq!(open_place(home.path()), None);
        }
        // others than root may give nothing away
        if chown(home.path(), None, Some(4_002)).is_ok() {
            assert!(open_place(home.path()).is_some());
            right(home.path(), 0o750);
            assert_eq!(open_place(home.path()), None);
        }
    }
}
