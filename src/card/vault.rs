//! The pool of slots in which digits live while they are needed.

// Slots are handed out as pointers into pages shared by all of them; the borrow checker cannot follow that.
#![allow(unsafe_code)]

use super::pages::{LockedPages, all_locked};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroize;

/// Size of a slot with its two guards.
const SLOT_BYTES: usize = 128;
/// Guard before and after the usable bytes of a slot.
const GUARD_BYTES: usize = 8;
/// What a guard holds for as long as nobody writes past a slot.
const GUARD: [u8; GUARD_BYTES] = [0xA5, 0x5A, 0xC3, 0x3C, 0x96, 0x69, 0xF0, 0x0F];
/// Usable bytes of a slot.
pub(super) const SLOT_USABLE_BYTES: usize = SLOT_BYTES - 2 * GUARD_BYTES;
/// Size of a region, the unit by which the vault grows.
const REGION_BYTES: usize = 16 * 1024;
/// Most slots the vault will ever hold. A payment takes five at most: card number, its repetition,
/// expiry, code, postal code.
pub const MAX_SLOTS: usize = 32_768;

/// No memory is left for another field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no room is left in the locked memory for card data ({MAX_SLOTS} fields at most): wait for calls to end, \
     or raise the memory limit of the service"
)]
pub struct VaultFull;

/// How the vault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct VaultStatus {
    /// Regions of memory mapped so far.
    pub regions: usize,
    /// Slots that hold a field now.
    pub slots_in_use: usize,
    /// Slots taken out of use because something wrote past their end: a fault of this program, to be reported.
    pub slots_damaged: usize,
    /// Whether every page for card data could be locked. If not, the limit on locked memory
    /// (`LimitMEMLOCK=` of the service) is too small, and digits could reach a swap device.
    pub locked: bool,
}

/// The process's memory for card data: fixed slots in pages that are locked, left out of core dumps, empty
/// in a forked child and fenced by guards. Thread-safe; bounded by [`MAX_SLOTS`].
pub struct Vault {
    pool: Mutex<Pool>,
}

struct Pool {
    regions: Vec<LockedPages>,
    free: Vec<NonNull<u8>>,
    in_use: usize,
    damaged: usize,
}

// SAFETY: the pointers in `free` lead into `regions`, which move along with them.
unsafe impl Send for Pool {}

static VAULT: Vault = Vault::new();

impl Vault {
    const fn new() -> Vault {
        Vault { pool: Mutex::new(Pool { regions: Vec::new(), free: Vec::new(), in_use: 0, damaged: 0 }) }
    }

    /// How the process's vault stands. Opens the first region if there is none, so that `locked` is the
    /// answer of the kernel and not a hope.
    pub fn status() -> VaultStatus {
        VAULT.stands()
    }

    /// An empty slot of the process's vault.
    pub(super) fn slot() -> Result<Slot, VaultFull> {
        VAULT.take()
    }

    fn stands(&self) -> VaultStatus {
        let mut pool = self.pool();
        let mapped = !pool.regions.is_empty() || pool.grow().is_ok();
        VaultStatus {
            regions: pool.regions.len(),
            slots_in_use: pool.in_use,
            slots_damaged: pool.damaged,
            locked: mapped && all_locked(),
        }
    }

    fn take(&'static self) -> Result<Slot, VaultFull> {
        let mut pool = self.pool();
        if pool.free.is_empty() {
            pool.grow()?;
        }
        let start = pool.free.pop().ok_or(VaultFull)?;
        pool.in_use += 1;
        Ok(Slot { start, vault: self })
    }

    /// A thread that panicked under the lock left no half-done work: each step below is a push or a pop.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn grow(&mut self) -> Result<(), VaultFull> {
        if (self.regions.len() + 1) * (REGION_BYTES / SLOT_BYTES) > MAX_SLOTS {
            return Err(VaultFull);
        }
        let mut region = LockedPages::map(REGION_BYTES).map_err(|_| VaultFull)?;
        // Pages larger than a region leave its end unused, so that the bound on slots holds everywhere.
        for slot in region[..REGION_BYTES].chunks_exact_mut(SLOT_BYTES) {
            slot[..GUARD_BYTES].copy_from_slice(&GUARD);
            slot[SLOT_BYTES - GUARD_BYTES..].copy_from_slice(&GUARD);
        }
        for index in 0..REGION_BYTES / SLOT_BYTES {
            // SAFETY: the offset stays within the region's REGION_BYTES.
            self.free.push(unsafe { region.start().add(index * SLOT_BYTES) });
        }
        self.regions.push(region);
        Ok(())
    }
}

/// One field's memory: [`SLOT_USABLE_BYTES`] bytes, zero at first, wiped when dropped.
pub(super) struct Slot {
    start: NonNull<u8>,
    vault: &'static Vault,
}

// SAFETY: a slot is its holder's alone until dropped.
unsafe impl Send for Slot {}
// SAFETY: a shared slot is only read.
unsafe impl Sync for Slot {}

impl Deref for Slot {
    type Target = [u8; SLOT_USABLE_BYTES];

    fn deref(&self) -> &Self::Target {
        // SAFETY: `start` leads to SLOT_BYTES mapped bytes that no other slot overlaps; the vault that maps
        // them is static and never unmaps a region. Bytes have no alignment to keep.
        unsafe { self.start.add(GUARD_BYTES).cast().as_ref() }
    }
}

impl DerefMut for Slot {
    fn deref_mut(&mut self) -> &mut Self::Target {
        // SAFETY: as for `deref`, and `&mut self` makes this the only reference.
        unsafe { self.start.add(GUARD_BYTES).cast().as_mut() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.zeroize();
        // SAFETY: the whole slot, guards included, is mapped and still this holder's alone.
        let slot: &[u8; SLOT_BYTES] = unsafe { self.start.cast().as_ref() };
        let intact = slot.starts_with(&GUARD) && slot.ends_with(&GUARD);
        let mut pool = self.vault.pool();
        pool.in_use -= 1;
        if intact {
            pool.free.push(self.start);
        } else {
            pool.damaged += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vault of the test's own, which no other test writes to.
    fn vault() -> &'static Vault {
        Box::leak(Box::new(Vault::new()))
    }

    #[test]
    fn a_released_slot_is_wiped() {
        let vault = vault();
        let mut slot = vault.take().expect("room");
        slot[..16].copy_from_slice(b"4111111111111111");
        slot[SLOT_USABLE_BYTES - 1] = b'7';
        let start = slot.start;
        // SAFETY: regions are never unmapped, and nobody else uses this vault.
        let bytes = || unsafe { std::ptr::read_volatile(start.cast::<[u8; SLOT_BYTES]>().as_ptr()) };
        assert_eq!(&bytes()[GUARD_BYTES..GUARD_BYTES + 16], b"4111111111111111");
        drop(slot);
        assert!(bytes()[GUARD_BYTES..SLOT_BYTES - GUARD_BYTES].iter().all(|b| *b == 0));
        assert_eq!(vault.stands().slots_in_use, 0);
    }

    #[test]
    fn a_full_vault_says_so_and_recovers() {
        let vault = vault();
        let mut slots: Vec<Slot> = (0..MAX_SLOTS).map(|_| vault.take().expect("room")).collect();
        assert_eq!(vault.take().err(), Some(VaultFull));
        assert_eq!(vault.stands().slots_in_use, MAX_SLOTS);
        slots.pop();
        assert!(vault.take().is_ok());
    }

    #[test]
    fn slots_never_overlap() {
        let vault = vault();
        let mut slots: Vec<Slot> = (0..300).map(|_| vault.take().expect("room")).collect();
        for (n, slot) in slots.iter_mut().enumerate() {
            slot.fill(n as u8);
        }
        assert!(slots.iter().enumerate().all(|(n, slot)| slot.iter().all(|b| *b == n as u8)));
        assert_eq!(vault.stands().regions, 3);
    }

    #[test]
    fn a_slot_written_past_its_end_is_never_used_again() {
        let vault = vault();
        let slot = vault.take().expect("room");
        let start = slot.start;
        // SAFETY: the last guard byte of a slot that is mapped and held.
        unsafe { start.add(SLOT_BYTES - 1).write(0) };
        drop(slot);
        assert_eq!(vault.stands().slots_damaged, 1);
        assert!((0..200).map(|_| vault.take().expect("room")).all(|slot| slot.start != start));
    }

    #[test]
    fn many_threads_share_the_vault() {
        let vault = vault();
        std::thread::scope(|scope| {
            for mark in 1..=4u8 {
                scope.spawn(move || {
                    for _ in 0..500 {
                        let mut slot = vault.take().expect("room");
                        assert!(slot.iter().all(|b| *b == 0), "a fresh slot is empty");
                        slot.fill(mark);
                        std::thread::yield_now();
                        assert!(slot.iter().all(|b| *b == mark));
                    }
                });
            }
        });
        assert_eq!(vault.stands().slots_in_use, 0);
    }

    /// A service allowed to lock no memory at all.
    #[test]
    #[ignore = "run by the test below, in its own process"]
    fn process_that_may_lock_nothing() {
        assert!(!Vault::status().locked);
        assert!(Vault::slot().is_ok(), "the caller decides what unlocked memory is good for");
    }

    #[test]
    fn the_vault_says_when_the_kernel_locks_nothing() {
        use std::os::unix::{fs::MetadataExt, process::CommandExt};
        let this_test = std::env::current_exe().expect("this test");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "ulimit -l 0 && exec \"$0\" --exact --ignored \"$1\""]).arg(this_test);
        command.arg("card::vault::tests::process_that_may_lock_nothing");
        if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
            // Root may lock all it likes.
            command.uid(65534).gid(65534);
        }
        let output = command.output().expect("a process");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
    }
}
