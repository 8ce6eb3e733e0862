//! Any bytes give a network, `None` or an error; a small network is run as well.
//!
//! `cargo +nightly fuzz run from_onnx -- -max_total_time=600` in `crates/mbconv`. As a corpus,
//! the test `files_for_the_fuzzer` writes small networks to `fuzz/corpus/from_onnx`.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mbconv::{InstructionSet, Network, Runner};

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(network)) = Network::from_onnx(bytes) else {
        return;
    };
    let side = network.input_side();
    if side > 64 {
        return;
    }
    for set in InstructionSet::all_available() {
        let Ok(packed) = network.pack(set) else {
            panic!("{} is there and cannot be used", set.name());
        };
        let mut out = vec![0.0; packed.dimension()];
        let picture = vec![0.5; side * side * 3];
        let ran = Runner::new(Arc::new(packed)).run(&[picture], &mut out);
        assert!(ran.is_ok(), "{ran:?}");
    }
});
