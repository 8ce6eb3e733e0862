//! The program: parses the arguments and runs a command.

fn main() {}
