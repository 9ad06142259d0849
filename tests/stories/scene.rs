//! What stories begin with.

use std::path::Path;

pub use tonegate::inspect::stage::Scene;
use tonegate::inspect::stage::{CallPlan, Set, SetOptions, StageError, TestCard};

use crate::teller::Stage;

const EXPIRY: &str = "0330";
const CODE: &str = "737";

/// Published test cards.
pub const VISA: TestCard = TestCard { pan: 4111111111111111, expiry: EXPIRY, code: CODE };
pub const MASTERCARD: TestCard = TestCard { pan: 5555555555554444, expiry: EXPIRY, code: CODE };
/// Sixteen digits of which no part is found in memory by chance.
pub const VARIED: TestCard = TestCard { pan: 5555444433331111, expiry: EXPIRY, code: CODE };
pub const SHORT_OF_FUNDS: TestCard = TestCard { pan: 4000000000009995, expiry: EXPIRY, code: CODE };

pub type Told = Result<(), StageError>;

/// Fails a story with a sentence.
#[macro_export]
macro_rules! ensure {
    ($what:expr, $($words:tt)+) => {
        if !$what {
            return Err(tonegate::inspect::stage::StageError(format!($($words)+)));
        }
    };
}

pub async fn set(stage: &Stage, change: impl FnOnce(&mut SetOptions)) -> Result<Set, StageError> {
    let mut options = SetOptions::new(Path::new(env!("CARGO_BIN_EXE_tonegate")), &stage.directory);
    change(&mut options);
    Set::up(stage.theatre.clone(), &options).await
}

/// A conversation as planned, with a daemon beside the PBX.
pub async fn open(stage: &Stage, plan: CallPlan) -> Result<Scene, StageError> {
    open_with(stage, plan, |_| {}).await
}

pub async fn open_with(
    stage: &Stage,
    plan: CallPlan,
    change: impl FnOnce(&mut SetOptions),
) -> Result<Scene, StageError> {
    Scene::open(set(stage, change).await?, &plan).await
}
