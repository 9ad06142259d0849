//! Where on this machine FreeSWITCH is.

use std::path::{Path, PathBuf};

/// An installed FreeSWITCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Install {
    /// The program.
    pub program: PathBuf,
    /// The directory with its modules.
    pub modules: PathBuf,
}

/// Looks where `FREESWITCH_HOME` points, then along `PATH`.
pub(super) fn find() -> Option<Install> {
    let home = std::env::var_os("FREESWITCH_HOME").map(|home| PathBuf::from(home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    home.into_iter()
        .chain(std::env::split_paths(&path))
        .find_map(|directory| at(&directory.join("freeswitch")))
}

/// The installation a program belongs to; none without its modules beside it.
pub(super) fn at(program: &Path) -> Option<Install> {
    if !program.is_file() {
        return None;
    }
    // Whoever links the program into /usr/local/bin has its modules elsewhere.
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let beside = [program, &real].map(|program| program.parent().and_then(Path::parent).map(Path::to_owned));
    let own =
        beside.into_iter().flatten().flat_map(|home| [home.join("lib/freeswitch/mod"), home.join("mod")]);
    let packaged = ["/usr/lib/freeswitch/mod", "/usr/lib64/freeswitch/mod"].map(PathBuf::from);
    let modules = own.chain(packaged).find(|directory| directory.join("mod_event_socket.so").is_file())?;
    Some(Install { program: program.to_owned(), modules })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_beside_the_program() {
        let home = tempfile::tempdir().expect("a directory");
        let program = home.path().join("bin/freeswitch");
        let modules = home.path().join("lib/freeswitch/mod");
        std::fs::create_dir_all(home.path().join("bin")).expect("a directory");
        std::fs::create_dir_all(&modules).expect("a directory");
        assert_eq!(at(&program), None);
        std::fs::write(&program, "").expect("a file");
        std::fs::write(modules.join("mod_event_socket.so"), "").expect("a file");
        assert_eq!(at(&program), Some(Install { program, modules }));
    }
}
