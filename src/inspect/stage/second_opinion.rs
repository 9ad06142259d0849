//! An independent pair of ears: multimon-ng, where it is installed. Ours are the verdict; if others hear
//! a key that ours do not, that is a finding all the same.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::StageError;

/// Whether both programs are there; a story says so once if they are not.
#[must_use]
pub fn multimon_is_here() -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    ["sox", "multimon-ng"]
        .iter()
        .all(|name| std::env::split_paths(&paths).any(|dir| dir.join(name).is_file()))
}

/// The keys that multimon-ng finds in a WAV file.
///
/// # Errors
/// If the programs fail.
pub async fn keys_by_multimon(wav: &Path) -> Result<String, StageError> {
    let raw = Command::new("sox")
        .arg(wav)
        .args(["-t", "raw", "-e", "signed-integer", "-b", "16", "-r", "22050", "-c", "1", "-"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .await?;
    if !raw.status.success() {
        return Err(StageError(format!("sox cannot read {}", wav.display())));
    }
    let mut ears = Command::new("multimon-ng")
        .args(["-q", "-a", "DTMF", "-t", "raw", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let Some(mut input) = ears.stdin.take() else {
        return Err(StageError("multimon-ng takes no input".into()));
    };
    let feed = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        input.write_all(&raw.stdout).await
    });
    let heard = ears.wait_with_output().await?;
    feed.await.map_err(|fault| StageError(fault.to_string()))??;
    let text = String::from_utf8_lossy(&heard.stdout);
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix("DTMF: "))
        .flat_map(|key| key.trim().chars())
        .collect())
}
