//! `cmscc update`: beside configtxlator, on public configs and on those of a network; and what it says of an
//! update beside what the orderer answers.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cmscc::{
    config::{Update, envelope},
    json as fabric_json,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CHANNEL, Net, text};

/// configtxlator of the release under test, and the program.
pub(super) struct Tools {
    configtxlator: PathBuf,
    folder: TempDir,
}

impl Tools {
    /// `None`, after saying so, where there are no binaries to run.
    #[expect(clippy::disallowed_methods, reason = "the test's own settings")]
    fn find() -> Option<Self> {
        let Some(bin) = env::var_os("FABRIC_BIN") else {
            println!("SKIPPED: set FABRIC_BIN to compare with configtxlator");
            return None;
        };
        Some(Self {
            configtxlator: PathBuf::from(bin).join("configtxlator"),
            folder: TempDir::new().unwrap(),
        })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the test.
    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn cmscc(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cmscc"))
            .arg("update")
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn configtxlator(&self, args: &[&str]) -> Result<Vec<u8>, String> {
        let out = Command::new(&self.configtxlator).args(args).output();
        let out = out.unwrap();
        match out.status.success() {
            true => Ok(out.stdout),
            false => Err(String::from_utf8_lossy(&out.stderr).into_owned()),
        }
    }

    fn decoded(&self, message: &str, file: &Path) -> Result<Vec<u8>, String> {
        self.configtxlator(&["proto_decode", "--type", message, "--input", text(file)])
    }

    fn encoded(&self, message: &str, name: &str, document: &Value) -> Result<PathBuf, String> {
        let input = self.put(&format!("{name}.json"), document.to_string().as_bytes());
        let output = self.at(name);
        let types = ["proto_encode", "--type", message];
        let files = ["--input", text(&input), "--output", text(&output)];
        self.configtxlator(&[&types[..], &files].concat())?;
        Ok(output)
    }

    /// What `compute_update` makes of two serialized configs.
    fn computed(&self, channel: &str, original: &Path, updated: &Path) -> Result<Vec<u8>, String> {
        let output = self.at("theirs.pb");
        let configs = ["--original", text(original), "--updated", text(updated)];
        let rest = ["--channel_id", channel, "--output", text(&output)];
        self.configtxlator(&[&["compute_update"], &configs[..], &rest].concat())?;
        Ok(fs::read(output).unwrap())
    }

    /// Two updates are the same message, of the same length: configtxlator writes its maps in an order of
    /// its own each time. Its own decoder must read the same of both, too.
    fn same(&self, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
        let read = |bytes: &[u8]| Update::parse(bytes.to_vec().into()).unwrap();
        if read(theirs).encode() != ours {
            return Err("another message".to_owned());
        }
        if ours.len() != theirs.len() {
            return Err(format!("{} bytes, not {}", ours.len(), theirs.len()));
        }
        let (ours, theirs) = (self.put("a.pb", ours), self.put("b.pb", theirs));
        let decoded = |file: &Path| self.decoded("common.ConfigUpdate", file);
        match decoded(&ours)? == decoded(&theirs)? {
            true => Ok(()),
            false => Err("another document".to_owned()),
        }
    }
}

/// An edit of a config's JSON; `None` where it has no such place.
type Edit = (&'static str, fn(&mut Value) -> Option<()>);

/// What administrators do with jq.
const EDITS: [Edit; 15] = [
    ("batch size", |config| {
        let size = value_of(config, "Orderer", "BatchSize")?;
        *size.get_mut("max_message_count")? = json!(77);
        Some(())
    }),
    (
        "batch timeout, and versions and sequence by hand",
        |config| {
            config["sequence"] = json!("9999");
            let timeout = value_of(config, "Orderer", "BatchTimeout")?;
            timeout["timeout"] = json!("7s");
            let group = group_of(config, "Orderer")?;
            group["version"] = json!("17");
            Some(())
        },
    ),
    ("another organisation", |config| {
        let members = members_of(config)?;
        let (_, one) = members.iter().next()?;
        let one = one.clone();
        members.insert("NewcomerMSP".to_owned(), one);
        Some(())
    }),
    ("an organisation less", |config| {
        let members = members_of(config)?;
        let name = members.keys().next()?.clone();
        members.remove(&name);
        Some(())
    }),
    ("a mod policy of a group", |config| {
        let group = config["channel_group"]["groups"].as_object_mut()?;
        let (_, section) = group.iter_mut().next()?;
        section["mod_policy"] = json!("/Channel/Orderer/Admins");
        Some(())
    }),
    ("a mod policy of a value", |config| {
        let values = config["channel_group"]["values"].as_object_mut()?;
        let (_, value) = values.iter_mut().next()?;
        value["mod_policy"] = json!("/Channel/Admins");
        Some(())
    }),
    ("a policy of the channel", |config| {
        let policies = config["channel_group"]["policies"].as_object_mut()?;
        let (_, policy) = policies.iter_mut().next()?;
        policy["policy"] = json!({"type": 3, "value": {"rule": "ALL", "sub_policy": "Writers"}});
        Some(())
    }),
    ("a signature policy", |config| {
        let policies = group_of(config, "Orderer")?["policies"].as_object_mut()?;
        let (_, policy) = policies.iter_mut().next()?;
        policy["policy"] = json!({"type": 1, "value": {
            "identities": [{"principal": {"msp_identifier": "AnyMSP", "role": "ADMIN"}, "principal_classification": "ROLE"}],
            "rule": {"n_out_of": {"n": 1, "rules": [{"signed_by": 0}]}}, "version": 0
        }});
        Some(())
    }),
    ("a policy less", |config| {
        let policies = group_of(config, "Orderer")?["policies"].as_object_mut()?;
        let name = policies.keys().next()?.clone();
        policies.remove(&name);
        Some(())
    }),
    ("a value less", |config| {
        let values = group_of(config, "Orderer")?["values"].as_object_mut()?;
        values
            .remove("ChannelRestrictions")
            .or_else(|| values.remove("Capabilities"))?;
        Some(())
    }),
    ("more levels", |config| {
        let values = config["channel_group"]["values"].as_object_mut()?;
        values.insert(
            "Capabilities".to_owned(),
            json!({"mod_policy": "Admins", "value": {"capabilities": {"V1_3": {}, "V2_0": {}, "V3_0": {}}}, "version": "0"}),
        );
        Some(())
    }),
    ("acls", |config| {
        let acls: serde_json::Map<String, Value> = (0..20)
            .map(|n| {
                (
                    format!("cscc/Function{n}"),
                    json!({"policy_ref": "/Channel/Application/Admins"}),
                )
            })
            .collect();
        let values = group_of(config, "Application")?["values"].as_object_mut()?;
        values.insert(
            "ACLs".to_owned(),
            json!({"mod_policy": "Admins", "value": {"acls": acls}, "version": "0"}),
        );
        Some(())
    }),
    ("anchor peers", |config| {
        let members = members_of(config)?;
        let (_, one) = members.iter_mut().next()?;
        one["values"].as_object_mut()?.insert(
            "AnchorPeers".to_owned(),
            json!({"mod_policy": "Admins", "value": {"anchor_peers": [{"host": "peer9.example.com", "port": 7051}]}, "version": "0"}),
        );
        Some(())
    }),
    ("consenters", |config| {
        let metadata = value_of(config, "Orderer", "ConsensusType")?.get_mut("metadata")?;
        metadata
            .get_mut("options")?
            .get_mut("election_tick")
            .map(|tick| *tick = json!(11))?;
        let consenters = metadata.get_mut("consenters")?.as_array_mut()?;
        let one = consenters.first()?.clone();
        consenters.push(one);
        Some(())
    }),
    ("a new section", |config| {
        let groups = config["channel_group"]["groups"].as_object_mut()?;
        let (_, section) = groups.iter().next()?;
        let section = section.clone();
        let is_new = !groups.contains_key("Consortiums");
        is_new.then(|| groups.insert("Consortiums".to_owned(), json!({
            "groups": {}, "mod_policy": "/Channel/Orderer/Admins", "policies": section["policies"].clone(), "values": {}, "version": "3"
        })))?;
        Some(())
    }),
];

fn group_of<'a>(config: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    config["channel_group"]["groups"].get_mut(name)
}

fn value_of<'a>(config: &'a mut Value, group: &str, name: &str) -> Option<&'a mut Value> {
    group_of(config, group)?["values"]
        .get_mut(name)?
        .get_mut("value")
}

/// The organisations of the application, or of the first consortium.
fn members_of(config: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    let groups = &mut config["channel_group"]["groups"];
    let section = match groups.get("Application").is_some() {
        true => groups.get_mut("Application")?,
        false => groups.get_mut("Consortiums")?["groups"]
            .as_object_mut()?
            .values_mut()
            .next()?,
    };
    section["groups"].as_object_mut()
}

/// What came of the comparison.
#[derive(Debug, Default)]
struct Figures {
    files: usize,
    without_config: usize,
    newer: usize,
    edits: usize,
    refused_by_both: usize,
    differ: Vec<String>,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test's own settings")]
fn public_configs_give_what_configtxlator_gives() {
    let Some(folder) = env::var_os("CMSCC_PUBLIC_CONFIGS") else {
        println!("SKIPPED: CMSCC_PUBLIC_CONFIGS names a folder with configs of others");
        return;
    };
    let Some(tools) = Tools::find() else { return };
    let mut figures = Figures::default();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        compare(&tools, &path, &mut figures);
    }
    let Figures {
        files,
        without_config,
        newer,
        edits,
        refused_by_both,
        differ,
    } = figures;
    println!(
        "{files} files with a config ({without_config} others, {newer} newer than configtxlator), {edits} edits, {refused_by_both} refused by both, \
         {} differ",
        differ.len()
    );
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(files > 0);
}

fn compare(tools: &Tools, path: &Path, figures: &mut Figures) {
    let shown = tools.cmscc(&["inspect", text(path), "--json"]);
    let seen: Value = serde_json::from_slice(&shown.stdout).unwrap();
    if seen["files"][0]["config"].is_null() {
        figures.without_config += 1;
        return;
    }
    figures.files += 1;
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let channel = seen["files"][0]["channel_id"].as_str();
    let channel = channel.unwrap_or("mychannel").to_owned();
    let given = tools.cmscc(&["inspect", text(path), "--decode"]);
    let mut differ = |what: &str, why: &str| figures.differ.push(format!("{name}: {what}: {why}"));
    if !given.status.success() {
        // what we cannot say, configtxlator cannot say either
        differ("decode", &String::from_utf8_lossy(&given.stderr));
        return;
    }
    let config: Value = serde_json::from_slice(&given.stdout).unwrap();
    let original = match tools.encoded("common.Config", "original.pb", &config) {
        Ok(original) => original,
        // a tool of 2.5 does not know what a channel of 3.0 has
        Err(_) if !config["channel_group"]["groups"]["Orderer"]["values"]["Orderers"].is_null() => {
            figures.newer += 1;
            return;
        }
        Err(error) => return differ("proto_encode", &error),
    };
    let ours = fabric_json::decode("common.Config", config.to_string().as_bytes()).unwrap();
    let ours = tools.put("ours.pb", &ours);
    let decoded = |file: &Path| tools.decoded("common.Config", file);
    if decoded(&original) != decoded(&ours) || decoded(&original).as_ref() != Ok(&given.stdout) {
        differ("proto_decode", "another document");
    }
    // what their decoder says of the whole block holds the same config
    if seen["files"][0]["form"] == "common.Block" && seen["files"][0]["encoding"] == "protobuf" {
        let block = tools.decoded("common.Block", path).unwrap();
        let block: Value = serde_json::from_slice(&block).unwrap();
        if block["data"]["data"][0]["payload"]["data"]["config"] != config {
            differ("proto_decode of the block", "another document");
        }
    }
    let whole = tools.put("config.json", config.to_string().as_bytes());
    for (kind, edit) in EDITS {
        let mut modified = config.clone();
        if edit(&mut modified).is_none() || modified == config {
            continue;
        }
        let edited = tools.put("modified.json", modified.to_string().as_bytes());
        let out = tools.at("update.pb");
        let _ = fs::remove_file(&out);
        let compute = |original: &Path| {
            let files = ["compute", text(original), text(&edited), "-o", text(&out)];
            let done = tools.cmscc(&[&files[..], &["-C", channel.as_str()]].concat());
            match done.status.success() {
                true => Ok(fs::read(&out).unwrap()),
                false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
            }
        };
        figures.edits += 1;
        let mut differ = |why: &str| figures.differ.push(format!("{name}: {kind}: {why}"));
        let updated = tools.encoded("common.Config", "modified.pb", &modified);
        let theirs = updated
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|updated| tools.computed(&channel, &original, updated));
        let given_as = [
            ("both in JSON", compute(&whole)),
            ("from the file", compute(path)),
            ("from a serialized config", compute(&original)),
        ];
        let mut refused = 0;
        for (how, ours) in given_as {
            match (ours, &theirs) {
                (Ok(ours), Ok(theirs)) => {
                    if let Err(why) = tools.same(&ours, theirs) {
                        differ(&format!("{how}: {why}"));
                    }
                }
                (Err(_), Err(_)) => refused += 1,
                (Ok(_), Err(error)) => {
                    differ(&format!("{how}: only configtxlator refuses: {error}"))
                }
                (Err(error), Ok(_)) => differ(&format!("{how}: only we refuse: {error}")),
            }
        }
        figures.refused_by_both += usize::from(refused == 3);
    }
    // both refuse where nothing differs
    let nothing = tools.cmscc(&["compute", text(&whole), text(&whole), "-C", &channel]);
    if nothing.status.code() != Some(3) || tools.computed(&channel, &original, &original).is_ok() {
        figures
            .differ
            .push(format!("{name}: nothing: is no difference"));
    }
}

#[test]
fn what_is_checked_is_what_the_orderer_answers() {
    let Some(net) = Net::up(1900) else { return };
    let Some(tools) = Tools::find() else { return };
    let mut desk = OfflineDesk {
        net: &net,
        tools: &tools,
        case: 0,
        compared: 0,
    };
    let (both, org1, orderer) = (&["org1", "org2"][..], &["org1"][..], &["orderer"][..]);

    desk.case("batch timeout", orderer, "accepted", |config| {
        value_of(config, "Orderer", "BatchTimeout").unwrap()["timeout"] = json!("300ms");
    });
    desk.case("batch size by a member", both, "not_signed", |config| {
        value_of(config, "Orderer", "BatchSize").unwrap()["max_message_count"] = json!(11);
    });
    desk.case("own anchor peers", org1, "accepted", |config| {
        anchors(config, "Org1MSP");
    });
    desk.case("anchor peers of another", org1, "not_signed", |config| {
        anchors(config, "Org2MSP");
    });
    let orgx: Value = serde_json::from_str(&net.org_json("OrgXMSP")).unwrap();
    let add = |config: &mut Value| {
        let members = members_of(config).unwrap();
        members.insert("OrgXMSP".to_owned(), orgx.clone());
    };
    let before = desk.block("before.pb");
    desk.case("add an organisation by one", org1, "not_signed", add);
    desk.case(
        "by one of two who signs twice",
        &["org1", "org1"],
        "not_signed",
        add,
    );
    desk.case(
        "by one and somebody else",
        &["org1", "orgx"],
        "not_signed",
        add,
    );
    let added = desk.case("add an organisation", both, "accepted", add);

    // the same once more, and another one that was made for the config before
    desk.again("in effect already", &added, "in_effect");
    let stale = desk.made("stale", &before, both, |config| {
        members_of(config).unwrap().remove("Org2MSP");
    });
    desk.again("made for the config before", &stale, "stale");

    desk.case("consensus metadata", orderer, "refused", |config| {
        let metadata = &mut value_of(config, "Orderer", "ConsensusType").unwrap()["metadata"];
        metadata["options"]["tick_interval"] = json!("soon");
    });
    desk.case("no consenters", orderer, "refused", |config| {
        let metadata = &mut value_of(config, "Orderer", "ConsensusType").unwrap()["metadata"];
        metadata["consenters"] = json!([]);
    });
    desk.case("another consensus type", orderer, "refused", |config| {
        let consensus = value_of(config, "Orderer", "ConsensusType").unwrap();
        consensus["type"] = json!("solo");
        consensus["metadata"] = Value::Null;
    });
    desk.case("batch size of nothing", orderer, "refused", |config| {
        value_of(config, "Orderer", "BatchSize").unwrap()["max_message_count"] = json!(0);
    });
    desk.case("an unknown level", orderer, "refused", |config| {
        let levels = &mut value_of(config, "Orderer", "Capabilities").unwrap()["capabilities"];
        levels["V9_9"] = json!({});
    });
    desk.case("a policy that counts nobody", both, "refused", |config| {
        let policy = &mut group_of(config, "Application").unwrap()["policies"]["Readers"]["policy"];
        *policy =
            json!({"type": 1, "value": {"identities": [], "rule": {"signed_by": 4}, "version": 0}});
    });
    desk.wrong_channel();
    desk.other_encodings(&before);

    // who locks himself out is told so, and the orderer does it all the same
    desk.case("nobody could change it again", &["org1", "org2"], "blocked", |config| {
        let policy = &mut group_of(config, "Application").unwrap()["policies"]["Admins"]["policy"];
        *policy = json!({"type": 1, "value": {
            "identities": [{"principal": {"msp_identifier": "Org9MSP", "role": "ADMIN"}, "principal_classification": "ROLE"}],
            "rule": {"n_out_of": {"n": 1, "rules": [{"signed_by": 0}]}}, "version": 0
        }});
    });
    println!("{} verdicts are the orderer's", desk.compared);
}

fn anchors(config: &mut Value, org: &str) {
    let peer =
        json!([{"host": "127.0.0.1", "port": 7051}, {"host": "peer1.example.com", "port": 7051}]);
    let org = &mut members_of(config).unwrap()[org];
    org["values"]["AnchorPeers"]["value"] = json!({ "anchor_peers": peer });
    org["values"]["AnchorPeers"]["mod_policy"] = json!("Admins");
}

#[test]
fn bft_orderers_answer_what_is_checked() {
    let settings = &[("CAPS", "v3"), ("CONSENSUS", "bft")];
    let Some(net) = Net::up_with(1950, settings) else {
        return;
    };
    let Some(tools) = Tools::find() else { return };
    let mut desk = OfflineDesk {
        net: &net,
        tools: &tools,
        case: 0,
        compared: 0,
    };
    let orderer = &["orderer"][..];
    desk.case("batch timeout", orderer, "accepted", |config| {
        value_of(config, "Orderer", "BatchTimeout").unwrap()["timeout"] = json!("300ms");
    });
    desk.case("a consenter less", orderer, "refused", |config| {
        let orderers = value_of(config, "Orderer", "Orderers").unwrap();
        let mapping = orderers["consenter_mapping"].as_array_mut().unwrap();
        mapping.pop();
    });
    println!("{} verdicts are the orderers'", desk.compared);
}

/// Somebody with files, `cmscc update`, and the tools of before.
struct OfflineDesk<'a> {
    net: &'a Net,
    tools: &'a Tools,
    case: usize,
    compared: usize,
}

impl OfflineDesk<'_> {
    /// The newest config block, as `peer channel fetch config` writes it.
    fn block(&self, name: &str) -> PathBuf {
        self.net.try_fetch(name).unwrap()
    }

    /// One edit of the config of now: signed, checked, and sent. Gives the file that was sent.
    fn case(
        &mut self,
        what: &str,
        signers: &[&str],
        expected: &str,
        edit: impl FnOnce(&mut Value),
    ) -> PathBuf {
        self.case += 1;
        let block = self.block(&format!("config-{}.pb", self.case));
        let signed = self.made(what, &block, signers, edit);
        self.sent(what, &signed, &block, signers[0], expected);
        signed
    }

    /// What was sent before, once more.
    fn again(&mut self, what: &str, signed: &Path, expected: &str) {
        self.case += 1;
        let block = self.block(&format!("config-{}.pb", self.case));
        self.sent(what, signed, &block, "org1", expected);
    }

    /// An edit of the config in a block, computed by both tools, wrapped by both, and signed by these: every
    /// second one with `peer channel signconfigtx`.
    fn made(
        &mut self,
        what: &str,
        block: &Path,
        signers: &[&str],
        edit: impl FnOnce(&mut Value),
    ) -> PathBuf {
        let tools = self.tools;
        let decoded = tools.decoded("common.Block", block).unwrap();
        let decoded: Value = serde_json::from_slice(&decoded).unwrap();
        let config = decoded["data"]["data"][0]["payload"]["data"]["config"].clone();
        let mut modified = config.clone();
        edit(&mut modified);
        let edited = tools.put("modified.json", modified.to_string().as_bytes());
        let update = tools.at("update.pb");
        let done = tools.cmscc(&["compute", text(block), text(&edited), "-o", text(&update)]);
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        // what an orderer would refuse, and what is blocking, is computed all the same
        assert!(
            matches!(done.status.code(), Some(0 | 3 | 7)),
            "{what}: {errors}"
        );
        let original = tools.encoded("common.Config", "o.pb", &config).unwrap();
        let updated = tools.encoded("common.Config", "m.pb", &modified).unwrap();
        let theirs = tools.computed(CHANNEL, &original, &updated).unwrap();
        let ours = fs::read(&update).unwrap();
        tools.same(&ours, &theirs).unwrap();

        let wrapped = tools.at("envelope.pb");
        let done = tools.cmscc(&["wrap", text(&update), "-o", text(&wrapped)]);
        assert!(done.status.success(), "{what}");
        let by_hand = tools.decoded("common.ConfigUpdate", &update).unwrap();
        let by_hand: Value = serde_json::from_slice(&by_hand).unwrap();
        let by_hand = json!({"payload": {
            "header": {"channel_header": {"channel_id": CHANNEL, "type": 2}},
            "data": {"config_update": by_hand}
        }});
        let by_hand = tools
            .encoded("common.Envelope", "hand.pb", &by_hand)
            .unwrap();
        // in an envelope made of JSON, configtxlator writes the update in the very bytes of `compute`
        let read = |file: &Path| {
            let bytes = fs::read(file).unwrap();
            let length = bytes.len();
            let read = envelope::read_update_envelope(&bytes.into()).unwrap();
            (read.channel_id, read.config_update, read.signatures, length)
        };
        assert_eq!(read(&wrapped), read(&by_hand), "{what}");

        let mut files = Vec::new();
        for (place, signer) in signers.iter().enumerate() {
            let signed = tools.at(&format!("signed-{place}.pb"));
            match place % 2 {
                0 => self.sign(signer, &wrapped, &signed, &ours),
                _ => {
                    fs::copy(&wrapped, &signed).unwrap();
                    self.net.sign_file(signer, &signed);
                }
            }
            files.push(signed);
        }
        let merged = self.net.work(&format!("merged-{}.pb", self.case));
        let mut args = vec!["merge"];
        args.extend(files.iter().map(|file| text(file)));
        let done = tools.cmscc(&[&args[..], &["-o", text(&merged)]].concat());
        assert!(done.status.success(), "{what}");
        merged
    }

    /// Signs with the program, whatever it thinks of the update: nothing is judged without a config.
    fn sign(&self, signer: &str, file: &Path, out: &Path, update: &[u8]) {
        let (folder, msp) = match signer {
            "orderer" => (
                "ordererOrganizations/example.com/users/Admin@example.com".to_owned(),
                "OrdererMSP",
            ),
            "org1" => (admin("org1"), "Org1MSP"),
            "org2" => (admin("org2"), "Org2MSP"),
            "orgx" => (admin("orgx"), "OrgXMSP"),
            other => panic!("{other}"),
        };
        let folder = self.net.root().join("crypto").join(folder).join("msp");
        let digest = Update::parse(update.to_vec().into()).unwrap().digest();
        let done = self.tools.cmscc(&[
            "sign",
            text(file),
            "-o",
            text(out),
            "--msp-id",
            msp,
            "--msp-folder",
            text(&folder),
            "--yes",
            "--digest",
            &digest.to_string(),
        ]);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// What is said of a file, and what the orderer answers to who sends it.
    fn sent(&mut self, what: &str, file: &Path, block: &Path, sender: &str, expected: &str) {
        let args = ["check", text(file), "--against", text(block), "--json"];
        let mut done = self.tools.cmscc(&args);
        let mut said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(said["outcome"], expected, "{what}: {said:#}");
        let codes = [("accepted", 0), ("blocked", 7), ("stale", 6)];
        let code = codes.iter().find(|(name, _)| *name == expected);
        assert_eq!(
            done.status.code(),
            Some(code.map_or(3, |(_, code)| *code)),
            "{what}"
        );
        if expected == "blocked" {
            let accept = ["--accept-finding", "LOCKOUT_POLICY"];
            done = self.tools.cmscc(&[&args[..], &accept].concat());
            said = serde_json::from_slice(&done.stdout).unwrap();
        }
        let answer = self.net.submit(sender, file);
        let agrees = match &answer {
            Ok(_) => said["outcome"] == "accepted",
            Err(_) => said["outcome"] != "accepted",
        };
        assert!(agrees, "{what}: {said:#}\nthe orderer: {answer:?}");
        if let (Some(words), Err(answer)) = (said["orderer_says"].as_str(), &answer) {
            assert!(
                answer.contains(words),
                "{what}: {words}\nthe orderer: {answer}"
            );
        }
        self.compared += 1;
        println!("{what}: {}", said["outcome"]);
        if answer.is_ok() {
            let sequence = said["config_sequence"].as_u64().unwrap() + 1;
            self.net.config_block(sequence);
        }
    }

    /// An update of another channel in an envelope of this one.
    fn wrong_channel(&mut self) {
        let block = self.block("channel.pb");
        let config = self.tools.cmscc(&["inspect", text(&block), "--decode"]);
        let config: Value = serde_json::from_slice(&config.stdout).unwrap();
        let mut modified = config.clone();
        anchors(&mut modified, "Org1MSP");
        value_of(&mut modified, "Orderer", "BatchTimeout").unwrap()["timeout"] = json!("9s");
        let original = self.tools.put("c.json", config.to_string().as_bytes());
        let edited = self.tools.put("m.json", modified.to_string().as_bytes());
        let update = self.tools.at("other.pb");
        let files = [
            "compute",
            text(&original),
            text(&edited),
            "-o",
            text(&update),
        ];
        let done = self
            .tools
            .cmscc(&[&files[..], &["-C", "otherchannel"]].concat());
        assert!(done.status.success());
        let bytes = fs::read(&update).unwrap();
        let file = self.net.work("other-envelope.pb");
        fs::write(
            &file,
            envelope::update_envelope(&CHANNEL.into(), &bytes, &[]),
        )
        .unwrap();
        let done = self
            .tools
            .cmscc(&["check", text(&file), "--against", text(&block)]);
        assert_eq!(done.status.code(), Some(3));
        let answer = self.net.submit("org1", &file).unwrap_err();
        let words = "ConfigUpdate for channel 'otherchannel' but envelope for channel 'mychannel'";
        assert!(answer.contains(words), "{answer}");
        // the bare update says the orderer's words, too
        let done = self
            .tools
            .cmscc(&["check", text(&update), "--against", text(&block), "--json"]);
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert!(
            answer.contains(said["orderer_says"].as_str().unwrap()),
            "{said:#}"
        );
        self.compared += 1;
    }

    /// Two who compute the same with configtxlator sign other bytes.
    fn other_encodings(&mut self, block: &Path) {
        let tools = self.tools;
        let decoded = tools.decoded("common.Block", block).unwrap();
        let decoded: Value = serde_json::from_slice(&decoded).unwrap();
        let config = decoded["data"]["data"][0]["payload"]["data"]["config"].clone();
        let mut modified = config.clone();
        members_of(&mut modified).unwrap().remove("Org2MSP");
        let original = tools.encoded("common.Config", "o.pb", &config).unwrap();
        let updated = tools.encoded("common.Config", "m.pb", &modified).unwrap();
        let mut envelopes: Vec<PathBuf> = Vec::new();
        // it writes its maps in another order nearly each time
        for _ in 0..50 {
            let bytes = tools.computed(CHANNEL, &original, &updated).unwrap();
            let envelope = envelope::update_envelope(&CHANNEL.into(), &bytes, &[]);
            if envelopes
                .iter()
                .all(|file| fs::read(file).unwrap() != envelope)
            {
                envelopes.push(tools.put(&format!("e{}.pb", envelopes.len()), &envelope));
            }
            if envelopes.len() == 2 {
                break;
            }
        }
        let [one, two] = envelopes.as_slice() else {
            panic!("configtxlator wrote the same bytes 50 times");
        };
        self.net.sign_file("org1", one);
        self.net.sign_file("org2", two);
        let done = tools.cmscc(&["merge", text(one), text(two), "-o", "never.pb", "--json"]);
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(said["error"]["symbol"], "OTHER_ENCODING", "{said:#}");
        // what one of them signed is the update of the edit
        let edited = tools.put("modified.json", modified.to_string().as_bytes());
        let files = ["check", text(&edited), "--against", text(block)];
        let done = tools.cmscc(&[&files[..], &["--signed", text(one), "--json"]].concat());
        let said: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(said["outcome"], "not_signed", "{said:#}");
        assert_eq!(said["signatures"][0]["standing"], "counts", "{said:#}");
    }
}

fn admin(org: &str) -> String {
    format!("peerOrganizations/{org}.example.com/users/Admin@{org}.example.com")
}
