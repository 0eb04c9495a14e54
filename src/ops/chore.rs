//! What else the thread of operations does.

use std::{future::Future, pin::Pin};

/// Something else to do on the thread of operations, for as long as the process lives; it must not block.
pub(crate) type Chore = Pin<Box<dyn Future<Output = ()> + Send>>;
