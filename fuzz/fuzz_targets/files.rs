#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| cmscc_fuzz::files(data));
