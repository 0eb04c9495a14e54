use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, Mode};

use super::{
    folder::{Drawer, DropFolder, LOOKED},
    round::{Carried, REFUSALS, apart, judged},
};
use crate::client::{ClientError, Exit};

/// A folder that people drop files into, and a place that nobody may touch.
struct Case {
    home: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("carry")).unwrap();
        fs::create_dir(home.path().join("elsewhere")).unwrap();
        fs::write(home.path().join("elsewhere/kept"), "kept").unwrap();
        Self { home }
    }

    /// A place in the folder.
    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join("carry").join(name)
    }

    fn elsewhere(&self) -> PathBuf {
        self.home.path().join("elsewhere")
    }

    fn opened(&self) -> Result<DropFolder, ClientError> {
        DropFolder::open(&self.home.path().join("carry"))
    }

    /// Nothing came to the place elsewhere, and nothing changed there.
    #[track_caller]
    fn is_untouched(&self) {
        let there = fs::read_dir(self.elsewhere()).unwrap();
        let there: Vec<_> = there.map(|one| one.unwrap().file_name()).collect();
        assert_eq!(there, ["kept"]);
        assert_eq!(fs::read(self.elsewhere().join("kept")).unwrap(), b"kept");
    }
}

fn refuse(folder: &DropFolder, name: &str) -> Result<(), ClientError> {
    folder.put_away(OsStr::new(name), Drawer::Refused, Some("why so"), 7)
}

fn names(folder: &DropFolder) -> Vec<OsString> {
    folder.names(&BTreeSet::new(), None).unwrap().names
}

#[test]
fn only_regular_files_of_bounded_length_are_read() {
    let case = Case::new();
    fs::write(case.at("a.sig"), b"x").unwrap();
    fs::write(case.at("large.sig"), vec![0; 5 << 20]).unwrap();
    fs::write(case.at("other.txt"), b"x").unwrap();
    fs::write(case.at(".hidden.sig"), b"x").unwrap();
    symlink("/etc/passwd", case.at("link.sig")).unwrap();
    fs::create_dir(case.at("folder.sig")).unwrap();
    let (fifo, mode) = (FileType::Fifo, Mode::RUSR);
    rustix::fs::mknodat(rustix::fs::CWD, case.at("pipe.sig"), fifo, mode, 0).unwrap();
    let folder = case.opened().unwrap();
    let expected = [
        ("a.sig", Ok("x")),
        ("large.sig", Err("more than")),
        ("link.sig", Err("a link")),
        ("pipe.sig", Err("no regular file")),
    ];
    assert_eq!(names(&folder), expected.map(|(name, _)| name));
    for (name, expected) in expected {
        let read = folder.read(OsStr::new(name)).unwrap();
        assert!(read.since > 0, "{name}");
        match (read.content, expected) {
            (Ok(content), Ok(text)) => assert_eq!(content, text.as_bytes()),
            (Err(why), Err(part)) => assert!(why.message.contains(part), "{name}: {why}"),
            other => panic!("{name}: {other:?}"),
        }
        refuse(&folder, name).unwrap();
        assert!(case.at("refused").join(name).symlink_metadata().is_ok());
    }
    assert!(folder.read(OsStr::new("a.sig")).is_none(), "it was moved");
    assert_eq!(names(&folder), [""; 0]);
    let link = case.at("refused/link.sig");
    assert_eq!(fs::read_link(link).unwrap(), Path::new("/etc/passwd"));
    let why = fs::read_to_string(case.at("refused/link.sig.why")).unwrap();
    assert_eq!(why, "why so\n");
}

#[test]
fn drawers_that_lead_elsewhere_are_not_gone_to() {
    for drawer in ["done", "refused"] {
        let case = Case::new();
        fs::write(case.at("a.sig"), "x").unwrap();
        symlink(case.elsewhere(), case.at(drawer)).unwrap();
        let error = case.opened().unwrap_err();
        assert_eq!(error.symbol, "CARRY_OF_OTHERS", "{error}");
        assert!(error.hint.unwrap().contains(drawer));
        case.is_untouched();
        assert!(case.at("a.sig").exists());
    }
    // nor is the folder itself, however it is written
    let case = Case::new();
    let link = case.home.path().join("link");
    symlink(case.elsewhere(), &link).unwrap();
    for path in [link.clone(), link.join(""), link.join(".")] {
        let error = DropFolder::open(&path).unwrap_err();
        assert_eq!(error.symbol, "CARRY_UNREADABLE", "{error}");
    }
    case.is_untouched();
}

#[test]
fn drawers_of_others_are_refused() {
    let case = Case::new();
    let drawer = case.at("refused");
    fs::create_dir(&drawer).unwrap();
    let right = |mode: u32| {
        fs::set_permissions(&drawer, fs::Permissions::from_mode(mode)).unwrap();
        case.opened()
    };
    for mode in [0o775, 0o777, 0o1777, 0o702] {
        let error = right(mode).unwrap_err();
        assert_eq!(error.symbol, "CARRY_OF_OTHERS", "{mode:o}");
        assert!(error.hint.unwrap().contains("chmod go-w"), "{mode:o}");
    }
    right(0o755).unwrap();
    // others than root may give nothing away
    if chown(&drawer, Some(4_002), None).is_ok() {
        let error = case.opened().unwrap_err();
        assert_eq!(error.symbol, "CARRY_OF_OTHERS");
        assert!(error.message.contains("user 4002"), "{error}");
    }
}

/// What others do between two steps.
#[test]
fn what_is_moved_meanwhile_leads_nowhere() {
    let case = Case::new();
    fs::write(case.at("a.sig"), "x").unwrap();
    fs::write(case.at("b.sig"), "x").unwrap();
    let folder = case.opened().unwrap();
    fs::rename(case.at("refused"), case.at("away")).unwrap();
    symlink(case.elsewhere(), case.at("refused")).unwrap();
    refuse(&folder, "a.sig").unwrap();
    assert!(case.at("away/a.sig").exists() && case.at("away/a.sig.why").exists());
    // and the folder itself
    let carry = case.home.path().join("carry");
    fs::rename(&carry, case.home.path().join("carried")).unwrap();
    symlink(case.elsewhere(), &carry).unwrap();
    refuse(&folder, "b.sig").unwrap();
    assert!(case.home.path().join("carried/away/b.sig").exists());
    case.is_untouched();
}

#[test]
fn nothing_is_written_over_or_through_a_link() {
    let case = Case::new();
    let folder = case.opened().unwrap();
    let kept = case.elsewhere().join("kept");
    symlink(&kept, case.at("refused/a.sig")).unwrap();
    symlink(&kept, case.at("refused/b.sig.why")).unwrap();
    for name in ["a.sig", "b.sig"] {
        fs::write(case.at(name), "x").unwrap();
        refuse(&folder, name).unwrap();
        assert!(!case.at(name).exists());
    }
    case.is_untouched();
    let there = fs::read_dir(case.at("refused")).unwrap();
    let mut there: Vec<_> = there.map(|one| one.unwrap().file_name()).collect();
    there.sort();
    let expected = [
        "a.sig",
        "a.sig.7.1",
        "a.sig.7.1.why",
        "b.sig",
        "b.sig.7.1.why",
        "b.sig.why",
    ];
    assert_eq!(there, expected);
}

#[test]
fn a_name_of_any_length_finds_its_place() {
    let case = Case::new();
    let folder = case.opened().unwrap();
    let name = format!("{}.sig", "0".repeat(251));
    // the same again, and again
    for times in 1..4 {
        fs::write(case.at(&name), "x").unwrap();
        refuse(&folder, &name).unwrap();
        assert!(!case.at(&name).exists());
        let there = fs::read_dir(case.at("refused")).unwrap().count();
        assert_eq!(there, 2 * times);
    }
}

#[test]
fn new_files_come_first_and_the_others_take_turns() {
    let case = Case::new();
    for name in ["a.sig", "b.sig", "c.sig", "d.pb"] {
        fs::write(case.at(name), "x").unwrap();
    }
    let folder = case.opened().unwrap();
    let known: BTreeSet<OsString> = ["a.sig", "b.sig", "c.sig", "gone.sig"]
        .map(OsString::from)
        .into();
    let found = folder.names(&known, Some(OsStr::new("b.sig"))).unwrap();
    assert_eq!(found.names, ["d.pb", "c.sig", "a.sig", "b.sig"]);
    let still = ["a.sig", "b.sig", "c.sig"].map(OsString::from);
    assert_eq!(found.known, still.into());
    assert!(!found.is_crowded);
}

/// However many others there are, a file is looked at.
#[test]
fn a_crowd_hides_nothing() {
    let case = Case::new();
    for at in 0..20_000 {
        fs::write(case.at(&format!("{at}.j")), "").unwrap();
    }
    for at in 0..LOOKED + 10 {
        fs::write(case.at(&format!("{at:05}.sig")), "x").unwrap();
    }
    let folder = case.opened().unwrap();
    let found = folder.names(&BTreeSet::new(), None).unwrap();
    assert_eq!(found.names.len(), LOOKED);
    assert_eq!(found.names.first().unwrap(), "00000.sig");
    assert!(!found.is_crowded);
}

#[test]
fn only_what_refuses_the_file_itself_ends_it() {
    for (exit, symbol, is_final) in [
        (Exit::Usage, "BAD_SIGNATURE_FILE", true),
        (Exit::Usage, "WRONG_CHANNEL", true),
        (Exit::Stale, "SIGNATURE_INVALID", true),
        (Exit::Denied, "SIGNER_UNKNOWN", true),
        (Exit::Stale, "WRONG_BYTES", false),
        (Exit::Stale, "STALE_UPDATE", false),
        (Exit::Failed, "MVCC_READ_CONFLICT", false),
        (Exit::Failed, "TOO_MANY_SIGNATURES", false),
        (Exit::Failed, "UNKNOWN_UPDATE", false),
        (Exit::Failed, "CARRY_UNREADABLE", false),
        (Exit::Denied, "NOT_MEMBER", false),
        (Exit::Failed, "WHATEVER_COMES_NEXT", false),
    ] {
        let error = apart(ClientError::new(exit, symbol, "why")).unwrap();
        assert_eq!(
            matches!(judged(error), Carried::Refused(_)),
            is_final,
            "{symbol}"
        );
    }
    // these are of no file: the round ends, and the agent holds where there are two chains
    for (exit, symbol) in [
        (Exit::Unreachable, "UNREACHABLE"),
        (Exit::Unsafe, "BLOCK_NOT_PROVEN"),
        (Exit::Failed, "CONFIG_FORK"),
    ] {
        apart(ClientError::new(exit, symbol, "why")).unwrap_err();
    }
}

#[test]
fn what_refuses_a_file_is_a_code_that_there_is() {
    let codes = include_str!("../../../../docs/errors.md");
    for symbol in REFUSALS {
        // the contract's, and the one for what is no signature file
        let is_known = codes.contains(&format!("`{symbol}`")) || *symbol == "BAD_SIGNATURE_FILE";
        assert!(is_known, "{symbol}");
    }
}
