//! A daemon beside a real PBX, for what only that PBX can do to it.

use std::path::Path;
use std::sync::Arc;

use tonegate::inspect::stage::{Set, SetOptions, Theatre};

/// Everything set up around a theatre, in a directory of its own.
pub async fn set(theatre: Arc<dyn Theatre>, directory: &Path) -> Set {
    let options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), &directory.join("set"));
    Set::up(theatre, &options).await.expect("the daemon is ready")
}
