//! Configs as they come back from the JSON of configtxlator, which leaves out what it does not know.

use super::given::{Encoding, FileConfig};
use crate::{
    config::{ConfigTree, PlainForms},
    json,
};

/// The longest JSON form that is made. Unit: bytes.
const LONGEST: usize = 64 << 20;

const CONFIG: &str = "common.Config";

/// Both configs once through their JSON form.
pub(super) fn plain_forms(original: &FileConfig, modified: &FileConfig) -> Option<PlainForms> {
    let plain = |config: &FileConfig| match config.encoding {
        Encoding::Json => Some(config.tree.clone()),
        _ => plain(&config.tree),
    };
    Some(PlainForms {
        current: plain(original)?,
        edited: plain(modified)?,
        is_lossy: modified.encoding != Encoding::Json,
    })
}

/// A config as it comes back from its JSON form.
fn plain(tree: &ConfigTree) -> Option<ConfigTree> {
    let text = json::encode_compact(CONFIG, &tree.encode(), LONGEST).ok()?;
    ConfigTree::parse(json::decode(CONFIG, text.as_bytes()).ok()?.into()).ok()
}
