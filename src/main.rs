//! The `tonegate` command.

/// Wipes every allocation when it is given back: copies that libraries make of a request on its way to
/// the bank do not outlive it.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    tonegate::cli::main()
}
