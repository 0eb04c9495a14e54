//! What to approve, who must endorse, what speaks against it.
