//! Generates the wire types from `proto/`, without `protoc`; with the feature `shim` the services, too.

use std::{env, error::Error, fs, path::Path, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=build.rs");
    let root = Path::new("proto");
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, [root])?;
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo hands OUT_DIR over in the environment"
    )]
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let mut config = prost_build::Config::new();
    // the default is a hash map, whose encoding differs between two runs
    config.btree_map(["."]).bytes(["."]).include_file("_all.rs");
    // the rpc is called `Connect`, and so would be the generated transport constructor
    #[cfg(feature = "shim")]
    config.service_generator(
        tonic_prost_build::configure()
            .build_transport(false)
            .service_generator(),
    );
    config.compile_fds(descriptors)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
