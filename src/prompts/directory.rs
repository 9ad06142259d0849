//! Where the recordings are.

use std::path::{Path, PathBuf};

use super::fault::SoundError;
use super::language::Language;

/// Where a package puts them, seen from the directory of the program.
const BESIDE_PROGRAM: &str = "../share/tonegate/sounds";

/// Finds the recordings that ship with tonegate: the configured directory (`[prompts] directory`), else
/// `../share/tonegate/sounds` seen from the program, else `sounds` in the source tree it was built from.
///
/// # Errors
/// If the configured directory holds no recordings, or if nothing is configured and there are none in the
/// other places.
pub fn find_default_directory(configured: Option<&Path>) -> Result<PathBuf, SoundError> {
    if let Some(directory) = configured {
        return if has_voices(directory) {
            Ok(directory.to_owned())
        } else {
            Err(SoundError::NotSounds(directory.to_owned()))
        };
    }
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent).map(|directory| directory.join(BESIDE_PROGRAM));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds");
    let places: Vec<PathBuf> = beside.into_iter().chain([source]).collect();
    places.iter().find(|place| has_voices(place)).cloned().ok_or(SoundError::NowhereFound(places))
}

/// Whether a directory has our voice for each language that is spoken. Which clips there are is checked later, one by one.
fn has_voices(directory: &Path) -> bool {
    Language::VOICES.into_iter().all(|spoken| directory.join(Language::voice_directory(spoken)).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_directory_is_believed_or_refused_but_never_replaced() {
        let sounds = tempfile::tempdir().expect("a directory");
        let refused = find_default_directory(Some(sounds.path())).unwrap_err().to_string();
        assert!(refused.contains(&sounds.path().display().to_string()), "{refused}");
        assert!(refused.contains("[prompts] directory"), "{refused}");
        for voice in Language::VOICES.map(Language::voice_directory) {
            std::fs::create_dir_all(sounds.path().join(voice)).expect("a directory");
        }
        assert_eq!(find_default_directory(Some(sounds.path())).expect("found"), sounds.path());
    }

    #[test]
    fn a_clean_clone_speaks() {
        let found = find_default_directory(None).expect("sounds in the source tree");
        assert!(found.ends_with("sounds"));
    }
}
