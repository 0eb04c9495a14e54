//! The import table of the rooms, and what pure rooms may name, checked by reading `src/`.
