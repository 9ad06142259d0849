//! Memory pages for secrets: locked, undumped, empty after a fork, fenced by guard pages.

// The kernel is asked for pages and told how to treat them; no safe interface exists for that.
#![allow(unsafe_code)]

use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::{Zeroize, Zeroizing};

/// Set for good once the kernel refused to lock a page, usually because of a small `RLIMIT_MEMLOCK`.
static LOCK_REFUSED: AtomicBool = AtomicBool::new(false);

/// Whether every page of secrets so far could be locked, so that none can reach a swap device.
pub(super) fn all_locked() -> bool {
    !LOCK_REFUSED.load(Ordering::Relaxed)
}

/// A private mapping, zeroed at first, with an inaccessible page on either side. Wiped, then unmapped, on
/// drop.
pub(super) struct LockedPages {
    start: NonNull<u8>,
    usable_bytes: usize,
    page_bytes: usize,
}

// SAFETY: the mapping belongs to this value alone, and is reached only through `&self` and `&mut self`.
unsafe impl Send for LockedPages {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for LockedPages {}

impl LockedPages {
    /// Maps at least `bytes` bytes, rounded up to whole pages.
    ///
    /// # Errors
    /// What the kernel said if it has no mapping left to give, or none that it keeps out of core dumps.
    pub(super) fn map(bytes: usize) -> io::Result<LockedPages> {
        let page_bytes = page_bytes();
        let usable_bytes = bytes
            .max(1)
            .checked_next_multiple_of(page_bytes)
            .filter(|n| *n <= isize::MAX as usize - 2 * page_bytes)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let total = usable_bytes + 2 * page_bytes;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                total,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `base` starts a mapping of `total` bytes, longer than one page; it is not null.
        let start = unsafe { NonNull::new_unchecked(base.cast::<u8>().add(page_bytes)) };
        // From here on, dropping `pages` gives the mapping back.
        let pages = LockedPages { start, usable_bytes, page_bytes };
        let inner = start.as_ptr().cast::<libc::c_void>();
        // SAFETY: `inner` and `usable_bytes` are the middle of the mapping made above, page by page.
        unsafe {
            if libc::mprotect(inner, usable_bytes, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return pages.give_up();
            }
            if libc::madvise(inner, usable_bytes, libc::MADV_DONTDUMP) != 0
                || libc::madvise(inner, usable_bytes, libc::MADV_WIPEONFORK) != 0
            {
                return Err(io::Error::last_os_error());
            }
            if libc::mlock(inner, usable_bytes) != 0 {
                LOCK_REFUSED.store(true, Ordering::Relaxed);
            }
        }
        Ok(pages)
    }

    /// Unmaps pages that were never made writable, which `drop` could not wipe.
    fn give_up<T>(self) -> io::Result<T> {
        let cause = io::Error::last_os_error();
        let pages = std::mem::ManuallyDrop::new(self);
        pages.unmap();
        Err(cause)
    }

    fn unmap(&self) {
        // SAFETY: the mapping was made by `map` with exactly these bounds, and the caller is done with it.
        unsafe {
            let base = self.start.as_ptr().sub(self.page_bytes);
            libc::munmap(base.cast(), self.usable_bytes + 2 * self.page_bytes);
        }
    }

    /// First byte of the usable pages.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Deref for LockedPages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the usable pages are mapped, readable and initialised (the kernel zeroes them).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.usable_bytes) }
    }
}

impl DerefMut for LockedPages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.usable_bytes) }
    }
}

impl Drop for LockedPages {
    fn drop(&mut self) {
        self.zeroize();
        self.unmap();
    }
}

/// Bytes for a secret of some length: locked pages, or wiped heap where the kernel has no mapping left (and
/// [`all_locked`] says so from then on).
pub(super) enum SecretBytes {
    /// The rule.
    Pages(LockedPages),
    /// The exception.
    Heap(Zeroizing<Vec<u8>>),
}

impl SecretBytes {
    /// At least `bytes` zeroed bytes.
    pub(super) fn zeroed(bytes: usize) -> SecretBytes {
        match LockedPages::map(bytes) {
            Ok(pages) => SecretBytes::Pages(pages),
            Err(_) => {
                LOCK_REFUSED.store(true, Ordering::Relaxed);
                SecretBytes::Heap(Zeroizing::new(vec![0; bytes]))
            }
        }
    }
}

impl Deref for SecretBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            SecretBytes::Pages(pages) => pages,
            SecretBytes::Heap(heap) => heap,
        }
    }
}

impl DerefMut for SecretBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            SecretBytes::Pages(pages) => pages,
            SecretBytes::Heap(heap) => heap,
        }
    }
}

/// Size of a memory page here.
pub(super) fn page_bytes() -> usize {
    // SAFETY: sysconf only reads.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines `/proc/self/smaps` gives for the mapping that holds `address`.
    fn smaps_of(address: usize) -> String {
        let all = std::fs::read_to_string("/proc/self/smaps").expect("procfs");
        let mut inside = false;
        let mut found = String::new();
        for line in all.lines() {
            let range = line.split_whitespace().next().and_then(|word| word.split_once('-'));
            if let Some((low, high)) = range
                && let (Ok(low), Ok(high)) = (usize::from_str_radix(low, 16), usize::from_str_radix(high, 16))
            {
                inside = (low..high).contains(&address);
            }
            if inside {
                found.push_str(line);
                found.push('\n');
            }
        }
        found
    }

    #[test]
    fn the_kernel_keeps_the_pages_out_of_dumps_and_forks_and_fences_them() {
        let pages = LockedPages::map(5000).expect("a mapping");
        assert_eq!(pages.len() % page_bytes(), 0);
        assert!(pages.len() >= 5000);
        assert!(pages.iter().all(|b| *b == 0));
        let start = pages.start().as_ptr() as usize;
        let facts = smaps_of(start);
        let flags = facts.lines().find(|l| l.starts_with("VmFlags")).expect("flags");
        assert!(flags.contains(" dd"), "not dumped: {flags}");
        assert!(flags.contains(" wf"), "wiped on fork: {flags}");
        if all_locked() {
            assert!(flags.contains(" lo"), "locked: {flags}");
        }
        for guard in [start - 1, start + pages.len()] {
            assert!(smaps_of(guard).lines().next().expect("guard page").contains("---p"));
        }
    }
}
