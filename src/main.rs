//! retrofit
fn main() {}
