//! `seed OUT FILE…`: the files as a corpus of the target `reader` (in OUT/reader) and of `guards` (in OUT/guards).

use std::path::Path;
use std::{env, fs, io};

#[path = "../package.rs"]
mod package;

fn main() -> io::Result<()> {
    let mut args = env::args_os().skip(1);
    let out = args.next().expect("a folder");
    let out = Path::new(&out);
    for target in ["reader", "guards"] {
        fs::create_dir_all(out.join(target))?;
    }
    for (number, path) in args.enumerate() {
        let file = fs::read(path)?;
        let parted = package::parted(&file);
        fs::write(out.join(format!("reader/seed-{number}")), &parted)?;
        let guarded = if parted == file { [&[0], file.as_slice()].concat() } else { parted };
        fs::write(out.join(format!("guards/seed-{number}")), guarded)?;
    }
    Ok(())
}
