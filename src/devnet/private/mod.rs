//! Private data: which collections there are and who is a member, and what travels between peers
//! beside the blocks.

mod collection;
mod store;

pub use collection::CollectionDefinition;
pub(super) use {
    collection::{define_collections, implicit_of},
    store::PrivateStore,
};
