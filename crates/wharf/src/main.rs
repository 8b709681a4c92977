//! `wharf`: see ARCHITECTURE.md.

fn main() {}
