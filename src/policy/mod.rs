//! Policies: signature policies, implicit meta policies, their evaluation and its explanation.
