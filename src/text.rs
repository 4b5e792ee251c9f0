//! Text that others wrote, shown so that it does nothing but be read.
//!
//! Names, messages and reasons come from job files, import files and hypervisors. What they say is
//! data: it steers no terminal, and one line stays one line wherever lines mean something.

use std::borrow::Cow;

/// Whether a character does something to a terminal or to the lines around it: controls, separators of
/// lines, and what turns the direction of writing (by which a text can look like another one).
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text on one line, with `?` for each character that [`steers`].
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(steers) {
        true => text.replace(steers, "?").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_replaced_and_nothing_else() {
        for plain in [
            "",
            "node1",
            "größer – 大",
            "%s %n {} $(id) `id` ../../etc '\"\\",
        ] {
            assert_eq!(one_line(plain), plain);
        }
        let steering = "\u{1b}]0;x\u{7}\r\n\t\u{0}\u{7f}\u{9b}2J\u{85}\u{2028}\u{202e}\u{2066}";
        assert_eq!(one_line(steering), "?]0;x???????2J????");
    }
}
