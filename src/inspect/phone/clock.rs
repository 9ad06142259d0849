//! One thread that paces all phones of the process.
//!
//! Four hundred phones send twenty thousand packets a second; a timer for each of them would cost more
//! than the packets. The phones are dealt to four slots 5 ms apart, so that they do not all send at once.

use super::mouth::Mouth;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

const PACKET_MS: u64 = 20;
const SLOTS: usize = 4;
const SLOT_TIME: Duration = Duration::from_millis(PACKET_MS / SLOTS as u64);
/// After a longer stall the clock starts afresh instead of sending all that was missed in one burst.
const MAX_BEHIND: Duration = Duration::from_millis(200);

struct Clock {
    slots: [Vec<Weak<Mutex<Mouth>>>; SLOTS],
    is_running: bool,
}

static CLOCK: Mutex<Clock> = Mutex::new(Clock { slots: [const { Vec::new() }; SLOTS], is_running: false });

/// Has a mouth called every 20 ms for as long as somebody else holds it. The thread starts with the
/// first phone and ends with the last.
///
/// # Errors
/// If the system starts no thread.
pub fn pace(mouth: &Arc<Mutex<Mouth>>) -> std::io::Result<()> {
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if !clock.is_running {
        thread::Builder::new().name("test-phones".into()).spawn(run)?;
        clock.is_running = true;
    }
    if let Some(slot) = clock.slots.iter_mut().min_by_key(|slot| slot.len()) {
        slot.push(Arc::downgrade(mouth));
    }
    Ok(())
}

fn run() {
    let mut due = Instant::now();
    for slot in (0..SLOTS).cycle() {
        due += SLOT_TIME;
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(early) => thread::sleep(early),
            None if now - due > MAX_BEHIND => due = now,
            None => {}
        }
        let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        clock.slots[slot].retain(|mouth| {
            let Some(mouth) = mouth.upgrade() else { return false };
            mouth.lock().unwrap_or_else(PoisonError::into_inner).tick();
            true
        });
        if clock.slots.iter().all(Vec::is_empty) {
            clock.is_running = false;
            return;
        }
    }
}
