//! How much of an explanation is told.

/// The most bytes of a path or rule, about.
pub(super) const MAX_TEXT: usize = 1_000;

/// What is left for the nodes of a tree.
pub(super) struct Room {
    /// About.
    pub(super) bytes: usize,
    /// Policies that have no node yet.
    pub(super) policies: usize,
    /// Whether all rules fit into the tree.
    pub(super) has_nodes: bool,
}

impl Room {
    /// What the policy that comes next may take at most. Unit: bytes.
    pub(super) fn share(&self) -> usize {
        self.bytes / self.policies.max(1)
    }

    /// How many nodes the policy that comes next may have at most, where so many are left.
    pub(super) fn nodes(&self, left: usize) -> usize {
        match self.has_nodes {
            true => left,
            false => left / self.policies.max(1),
        }
    }
}

/// How many of some texts, from the first on, fit into so many bytes of JSON.
pub(super) fn fitting<T>(items: &[T], room: usize, length: impl Fn(&T) -> usize) -> usize {
    let mut left = room;
    let fits = items.iter().take_while(|item| {
        let bytes = length(item).saturating_add(3);
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    });
    fits.count()
}

/// Cuts a text at about [`MAX_TEXT`] bytes.
pub(super) fn cut(mut text: String) -> String {
    if let Some(at) = (MAX_TEXT..text.len()).find(|at| text.is_char_boundary(*at)) {
        text.truncate(at);
        text.push_str("..");
    }
    text
}
