//! The `tonegate` command.

fn main() {}
