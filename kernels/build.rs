//! With the feature `cuda`: compiles the kernels in `cuda/` to PTX, which the program carries in itself.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs};

/// The oldest cards whose kernels the compiler still writes.
const LEAST_CAPABILITY: u32 = 75;

/// Ampere and everything newer; drivers translate it for the card that they find.
const DEFAULT_CAPABILITY: u32 = 80;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    for variable in ["CUDA_HOME", "CUDA_COMPUTE_CAP", "NVCC"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let sources = Path::new("cuda");
    let entries = fs::read_dir(sources).into_iter().flatten().flatten().map(|entry| entry.path());
    for file in entries.filter(|path| path.extension().is_some_and(|e| e == "cu" || e == "cuh")) {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let capability = capability();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_else(|| fail("cargo set no OUT_DIR")));
    compile(&sources.join("all.cu"), &out.join("kernels.ptx"), capability);
    println!("cargo:rustc-env=SLIPSTREAM_COMPUTE_CAP={capability}");
}

/// The least compute capability that the kernels are to run on, as `80` for 8.0.
fn capability() -> u32 {
    let Ok(text) = env::var("CUDA_COMPUTE_CAP") else { return DEFAULT_CAPABILITY };
    match text.parse() {
        Ok(number @ LEAST_CAPABILITY..1000) => number,
        _ => {
            fail(&format!("CUDA_COMPUTE_CAP is {text:?}, expected a number from {LEAST_CAPABILITY}, such as 80 or 90"))
        }
    }
}

fn compile(source: &Path, ptx: &Path, capability: u32) {
    let nvcc = nvcc();
    let mut command = Command::new(&nvcc);
    command.args(["-ptx", "-O3", "--std=c++17", "--Werror", "all-warnings"]).arg(format!("-arch=compute_{capability}"));
    match command.arg(source).arg("-o").arg(ptx).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!(
            "{} cannot compile {}: {}{}",
            nvcc.display(),
            source.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => fail(&format!(
            "the feature cuda needs CUDA's compiler, and {} cannot be run ({error}); set the toolkit up with \
             `bash kernels/cuda/toolkit.sh DIR && . DIR/env.sh`, or set CUDA_HOME or NVCC",
            nvcc.display()
        )),
    }
}

/// The compiler: `$NVCC`, the toolkit's, or whatever is on PATH.
fn nvcc() -> PathBuf {
    let in_toolkit = || env::var_os("CUDA_HOME").map(|home| Path::new(&home).join("bin/nvcc"));
    env::var_os("NVCC").map(PathBuf::from).or_else(in_toolkit).unwrap_or_else(|| "nvcc".into())
}

fn fail(reason: &str) -> ! {
    println!("cargo:error={}", reason.trim_end().replace('\n', "\ncargo:error="));
    exit(1);
}
