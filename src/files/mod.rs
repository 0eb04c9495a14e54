//! What a file is that somebody hands over: the one place where the files of a channel's config are
//! recognised. What to do with one is said by whoever asked for another.
//!
//! Protobuf does not say what it is. A message is taken for the first of a list that has no other
//! fields than it has, down to what tells it from the others. Each step reads the bytes once, so that
//! recognising costs no more than linear in the file.
//!
//! | file | what it does |
//! |---|---|
//! | `form` | the messages that are recognised, and what is told of one |
//! | `message` | serialized messages |
//! | `text` | messages in Fabric's JSON form, by the names of their members |

mod form;
mod message;
mod text;

pub use form::{FileForm, FormDetail, Recognised, header_type_name};
pub use message::{has_config_fields, is_signature, recognised_message};
pub use text::{
    GroupPlace, form_of_json, group_of_json, holds_private_key, is_pem, is_sections_of_json,
    pem_label, recognised_json,
};
