//! What is written to stderr: lines for the user, and the log (`-X jit-log`).
#![forbid(unsafe_code)]

use std::fmt::Display;
use std::io::Write;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes a line to stderr. Where nobody reads it any more it is lost: `eprintln!` would panic, and end the program.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether the text is a filter: a level, or levels by module, joined by commas.
#[must_use]
pub fn is_filter(text: &str) -> bool {
    let is_level = |text: &str| !text.is_empty() && text.parse::<LevelFilter>().is_ok();
    let is_target = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || "_:-".contains(c))
    };
    text.split(',').all(|part| match part.split_once('=') {
        Some((target, level)) => is_target(target) && is_level(level),
        None => is_level(part) || is_target(part),
    }) && text.parse::<Targets>().is_ok()
}

/// Sends what the filter lets through to stderr. A second start keeps the first filter.
pub fn start(filter: &str) {
    if let Ok(filter) = filter.parse::<Targets>() {
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false);
        let _ = tracing_subscriber::registry()
            .with(layer)
            .with(filter)
            .try_init();
    }
}

#[cfg(test)]
mod tests {
    use super::is_filter;

    #[test]
    fn filters_are_levels_by_module() {
        assert!(is_filter("debug") && is_filter("_swallow::control=trace,info"));
        assert!(!is_filter("") && !is_filter("=,=") && !is_filter("a=loud"));
    }
}
