//! Packages come taken apart, so that a change breaks no checksum.

#![no_main]

#[path = "../package.rs"]
mod package;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.first() == Some(&b'Z') {
        retrofit_import::fuzzing::guards(&[&[0], package::whole(data).as_slice()].concat());
    } else {
        retrofit_import::fuzzing::guards(data);
    }
});
