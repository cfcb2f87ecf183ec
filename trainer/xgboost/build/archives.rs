//! Compiles XGBoost into static archives, once per compiler and set of flags, and links them.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::sources::{self, DMLC_FILES, FACTORIES, FOLDERS, XGBOOST_VERSION};

const ARCHIVES: [&str; 2] = ["libxgboost.a", "libdmlc.a"];
const LIBRARY_DEFINES: [(&str, Option<&str>); 2] = [
    ("DMLC_LOG_CUSTOMIZE", Some("1")),
    ("_MWAITXINTRIN_H_INCLUDED", None),
];
const DMLC_DEFINES: [(&str, Option<&str>); 3] = [
    ("DMLC_USE_HDFS", Some("0")),
    ("DMLC_USE_S3", Some("0")),
    ("DMLC_USE_AZURE", Some("0")),
];
const INSTALL: &str = "install one (Debian, Ubuntu: `apt-get install g++`) or name one in CXX, \
    or set XGBOOST_LIB_DIR to a folder with libxgboost.so";

/// Links the cached archives and the C++ and OpenMP runtimes, compiling what the cache lacks.
pub(crate) fn link() -> Result<(), String> {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return Err("building XGBoost from source works on Linux only: set XGBOOST_LIB_DIR".into());
    }
    let compiler = Compiler::find()?;
    let folder = cache_folder()?.join(format!(
        "xgboost-{XGBOOST_VERSION}-{:016x}",
        compiler.fingerprint()?
    ));
    if !complete(&folder) {
        build_once(&compiler, &folder)?;
    }
    // Built again if somebody empties the cache.
    println!("cargo::rerun-if-changed={}", folder.join(ARCHIVES[0]).display());
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!("cargo::rustc-link-lib=static=xgboost");
    println!("cargo::rustc-link-lib=static=dmlc");
    for runtime in ["gomp", "stdc++"] {
        let archive = compiler.file(&format!("lib{runtime}.a"));
        match archive.as_deref().and_then(Path::parent) {
            Some(folder) => {
                println!("cargo::rustc-link-search=native={}", folder.display());
                println!("cargo::rustc-link-lib=static={runtime}");
            }
            None => println!("cargo::rustc-link-lib=dylib={runtime}"),
        }
    }
    Ok(())
}

struct Compiler {
    program: PathBuf,
    flags: Vec<String>,
    version: String,
}

impl Compiler {
    fn find() -> Result<Self, String> {
        let tool = base_build()
            .try_get_compiler()
            .map_err(|error| format!("no C++ compiler: {error}; {INSTALL}"))?;
        let program = tool.path().to_owned();
        let output = Command::new(&program).arg("--version").output();
        let output = output.map_err(|_| format!("no C++ compiler `{}`: {INSTALL}", program.display()))?;
        let flags = tool
            .args()
            .iter()
            .map(|flag| flag.to_string_lossy().into_owned())
            .collect();
        Ok(Self {
            program,
            flags,
            version: String::from_utf8_lossy(&output.stdout).into_owned(),
        })
    }

    /// Everything that shapes the archives: target, compiler, flags and the sources' grouping.
    fn fingerprint(&self) -> Result<u64, String> {
        let target = env::var("TARGET").map_err(|error| format!("TARGET: {error}"))?;
        let mut hasher = DefaultHasher::new();
        (target, &self.version, &self.flags, LIBRARY_DEFINES, DMLC_DEFINES).hash(&mut hasher);
        (FACTORIES, FOLDERS, DMLC_FILES).hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// Where the compiler keeps one of its own libraries.
    fn file(&self, name: &str) -> Option<PathBuf> {
        let output = Command::new(&self.program)
            .arg(format!("-print-file-name={name}"))
            .output()
            .ok()?;
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        (path.is_absolute() && path.is_file()).then(|| path.canonicalize().unwrap_or(path))
    }
}

/// Holds a lock while it builds, so that of two builds at once one compiles and the other waits.
fn build_once(compiler: &Compiler, folder: &Path) -> Result<(), String> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    let parent = folder.parent().ok_or("the cache folder has no parent")?;
    fs::create_dir_all(parent).map_err(at(parent))?;
    let lock_path = PathBuf::from(format!("{}.lock", folder.display()));
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    lock.lock().map_err(at(&lock_path))?;
    if complete(folder) {
        return Ok(());
    }
    let root = sources::locate()?;
    let partial = parent.join(format!(".xgboost-{}-{}", XGBOOST_VERSION, process::id()));
    fs::create_dir_all(&partial).map_err(at(&partial))?;
    let built = compile(&root, &partial);
    if built.is_ok() {
        let objects = partial.join("objects");
        fs::remove_dir_all(&objects).map_err(at(&objects))?;
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(at(folder))?;
        }
        fs::rename(&partial, folder).map_err(at(folder))?;
    } else {
        // Best effort: the compiler's message is what matters.
        let _ = fs::remove_dir_all(&partial);
    }
    built.map_err(|error| {
        format!(
            "cannot compile XGBoost with `{}`: {error}",
            compiler.program.display()
        )
    })
}

fn compile(root: &Path, folder: &Path) -> Result<(), String> {
    let objects = folder.join("objects");
    fs::create_dir_all(&objects).map_err(|error| error.to_string())?;
    let chunk_file = |name: &str, files: &[String]| {
        let path = objects.join(format!("{name}.cc"));
        let text: String = files
            .iter()
            .map(|file| format!("#include \"{file}\"\n"))
            .collect();
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, String>(path)
    };
    let mut library = base_build();
    for (name, value) in LIBRARY_DEFINES {
        library.define(name, value);
    }
    match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("x86" | "x86_64") => library.define("XGBOOST_MM_PREFETCH_PRESENT", "1"),
        _ => library.define("XGBOOST_BUILTIN_PREFETCH_PRESENT", "1"),
    };
    for chunk in sources::chunks(root)? {
        library.file(chunk_file(chunk.name, &chunk.files)?);
    }
    let mut dmlc = base_build();
    for (name, value) in DMLC_DEFINES {
        dmlc.define(name, value);
    }
    dmlc.file(chunk_file("dmlc", &DMLC_FILES.map(String::from))?);
    // The paths in assertions and error messages are the same on every machine.
    let same_paths = format!("-ffile-prefix-map={}=xgboost", root.display());
    for (mut build, archive) in [(library, ARCHIVES[0]), (dmlc, ARCHIVES[1])] {
        build.flag_if_supported(&same_paths);
        build
            .include(root)
            .include(root.join("include"))
            .include(root.join("dmlc-core/include"));
        build.out_dir(&objects);
        build.try_compile(archive).map_err(|error| error.to_string())?;
        fs::rename(objects.join(archive), folder.join(archive)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The flags do not depend on the Cargo profile: a debug build trains as fast as a release build.
fn base_build() -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .cpp_link_stdlib(None)
        .std("c++17")
        .opt_level(3)
        .debug(false)
        .force_frame_pointer(false)
        .pic(true)
        .warnings(false)
        .cargo_metadata(false)
        .flag("-w")
        .flag("-funroll-loops")
        .flag("-fopenmp")
        .define("__USE_XOPEN2K8", None);
    build
}

fn complete(folder: &Path) -> bool {
    ARCHIVES.iter().all(|archive| folder.join(archive).is_file())
}

fn cache_folder() -> Result<PathBuf, String> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("CLICKLEAF_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("clickleaf")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/clickleaf")))
        .ok_or_else(|| "no cache folder: set CLICKLEAF_CACHE".into())
}
