//! LLVM pass pipelines of Swallow, as data.
#![forbid(unsafe_code)]

/// Name and text of every preset; each is a file under `pipelines/`.
pub const PRESETS: &[(&str, &str)] = &[
    ("o0", include_str!("../pipelines/o0.txt")),
    ("o1", include_str!("../pipelines/o1.txt")),
    ("o2", include_str!("../pipelines/o2.txt")),
    ("o3", include_str!("../pipelines/o3.txt")),
];

/// The text of the preset `name` (in any case), without the final newline.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS
        .iter()
        .find(|(preset, _)| preset.eq_ignore_ascii_case(name))
        .map(|(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_in_any_case() {
        assert_eq!(preset("O2"), Some("default<O2>"));
        assert_eq!(preset("o9"), None);
    }
}
