//! `clickleaf-trainer`: from Criteo rows to a registered, promoted model.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    wait_passively();
    cli::main()
}

/// XGBoost's OpenMP threads spin while they wait, which costs several times the CPU time on a shared machine. The
/// library reads this variable as it is loaded, so the program starts itself once more with it.
#[cfg(all(unix, feature = "xgboost"))]
fn wait_passively() {
    use std::os::unix::process::CommandExt;
    const VARIABLE: &str = "OMP_WAIT_POLICY";
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // Returns only when it fails; then training is slower and nothing else.
        let _ = std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(VARIABLE, "passive")
            .exec();
    }
}

#[cfg(not(all(unix, feature = "xgboost")))]
fn wait_passively() {}
