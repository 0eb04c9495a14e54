//! The `cmscc` program.

fn main() {}
