#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| retrofit_import::fuzzing::layout(data));
