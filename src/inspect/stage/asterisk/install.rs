//! Where on this machine Asterisk is.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A tree that `tests/run` has made, seen from the top of the source.
const OWN_TREE: &str = "target/live/asterisk";

/// An installed Asterisk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Install {
    /// The program.
    pub program: PathBuf,
    /// The directory with its modules.
    pub modules: PathBuf,
    /// The directory with its sounds and documentation.
    pub data: PathBuf,
    /// Where the program and its libraries belong to another system than the one that runs: that system's
    /// loader, and its libraries.
    pub foreign: Option<(PathBuf, PathBuf)>,
}

impl Install {
    /// What starts the program.
    pub fn command(&self) -> Command {
        let Some((loader, libraries)) = &self.foreign else { return Command::new(&self.program) };
        let mut command = Command::new(loader);
        command.arg("--library-path").arg(libraries).arg(&self.program);
        command
    }
}

/// Looks where `ASTERISK_HOME` points, then into the tree that `tests/run` makes, then along `PATH`. What
/// `ASTERISK_HOME` names has to be one: whoever names a tree does not want another.
pub(super) fn find() -> Option<Install> {
    if let Some(home) = std::env::var_os("ASTERISK_HOME") {
        return tree(Path::new(&home));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    tree(Path::new(OWN_TREE)).or_else(|| {
        std::env::split_paths(&path).chain(sbin).find_map(|directory| installed(&directory.join("asterisk")))
    })
}

/// A whole system in a directory, as debootstrap makes it.
fn tree(root: &Path) -> Option<Install> {
    let root = root.canonicalize().ok()?;
    let program = root.join("usr/sbin/asterisk");
    if !program.is_file() {
        return None;
    }
    let libraries = subdirectories(&root.join("usr/lib"))
        .find(|directory| directory.join("asterisk/modules/chan_pjsip.so").is_file())?;
    let loader = subdirectories(&libraries).find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ld-linux") && name.contains(".so")
    })?;
    let modules = libraries.join("asterisk/modules");
    let data = root.join("usr/share/asterisk");
    Some(Install { program, modules, data, foreign: Some((loader, libraries)) })
}

/// One that belongs to the system that runs.
fn installed(program: &Path) -> Option<Install> {
    if !program.is_file() {
        return None;
    }
    let mut libraries: Vec<PathBuf> =
        ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from).to_vec();
    libraries.extend(subdirectories(Path::new("/usr/lib")));
    let modules = libraries
        .into_iter()
        .map(|directory| directory.join("asterisk/modules"))
        .find(|directory| directory.join("chan_pjsip.so").is_file())?;
    let data = ["/usr/share/asterisk", "/var/lib/asterisk"]
        .map(PathBuf::from)
        .into_iter()
        .find(|directory| directory.join("documentation").is_dir())?;
    Some(Install { program: program.to_owned(), modules, data, foreign: None })
}

/// Whatever is in a directory.
fn subdirectories(directory: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_brings_its_own_loader() {
        let home = tempfile::tempdir().expect("a directory");
        let root = home.path().canonicalize().expect("it is there");
        let libraries = root.join("usr/lib/some-linux-gnu");
        let modules = libraries.join("asterisk/modules");
        std::fs::create_dir_all(root.join("usr/sbin")).expect("a directory");
        std::fs::create_dir_all(&modules).expect("a directory");
        let program = root.join("usr/sbin/asterisk");
        std::fs::write(&program, "").expect("a file");
        std::fs::write(modules.join("chan_pjsip.so"), "").expect("a file");
        assert_eq!(tree(&root), None);
        let loader = libraries.join("ld-linux-some.so.2");
        std::fs::write(&loader, "").expect("a file");
        let data = root.join("usr/share/asterisk");
        assert_eq!(tree(&root), Some(Install { program, modules, data, foreign: Some((loader, libraries)) }));
    }
}
