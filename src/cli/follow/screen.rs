//! Lines at the bottom of a terminal that are drawn over in place.
//!
//! Each frame goes out in one piece: up to where the last one began, then line by line, each cleared
//! behind its end. Nothing is padded, and the last column stays free: a terminal that is made
//! narrower then folds as little as possible, and what it folds can be told from the lines' widths.

use std::fmt::Write;

/// What makes a part of a line stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Colour {
    Red,
    Green,
    Cyan,
}

impl Colour {
    fn code(self) -> u8 {
        match self {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Cyan => 36,
        }
    }
}

/// A line: plain text, then a part in colour, then plain text again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Line {
    pub(in crate::cli) head: String,
    pub(in crate::cli) mark: String,
    pub(in crate::cli) colour: Option<Colour>,
    pub(in crate::cli) tail: String,
}

impl Line {
    /// A line without colour.
    pub(in crate::cli) fn plain(text: String) -> Line {
        Line {
            head: text,
            ..Line::default()
        }
    }

    /// Cut to so many columns, ending in an ellipsis where something is missing.
    pub(in crate::cli) fn cut(mut self, columns: usize) -> Line {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns.saturating_sub(1);
        for part in [&mut self.head, &mut self.mark, &mut self.tail] {
            let there = part.chars().count();
            if there > left {
                *part = part.chars().take(left).collect();
            }
            left = left.saturating_sub(there);
        }
        self.tail.push('…');
        self
    }

    fn width(&self) -> usize {
        [&self.head, &self.mark, &self.tail]
            .iter()
            .map(|part| part.chars().count())
            .sum()
    }

    /// Its text without colours.
    #[cfg(test)]
    pub(in crate::cli) fn text(&self) -> String {
        format!("{}{}{}", self.head, self.mark, self.tail)
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.head);
        // Writing to a string cannot fail.
        let _ = match self.colour.filter(|_| !self.mark.is_empty()) {
            Some(colour) => write!(out, "\x1b[{}m{}\x1b[0m", colour.code(), self.mark),
            None => write!(out, "{}", self.mark),
        };
        out.push_str(&self.tail);
    }
}

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Size {
    pub(in crate::cli) columns: usize,
    pub(in crate::cli) rows: usize,
}

/// What stands on the terminal, so that the next frame can take its place.
#[derive(Debug)]
pub(in crate::cli) struct Screen {
    drawn: Vec<Line>,
    size: Size,
    /// Widths of the lines that went off the top when the terminal became lower. They come back when
    /// it is made higher again.
    lost: Vec<usize>,
}

impl Screen {
    /// A terminal on which nothing has been drawn.
    pub(in crate::cli) fn new() -> Screen {
        Screen {
            drawn: vec![],
            size: Size {
                columns: 0,
                rows: 0,
            },
            lost: vec![],
        }
    }

    /// What to write so that these lines stand where the last ones stood; nothing if they do.
    pub(in crate::cli) fn draw(&mut self, lines: Vec<Line>, size: Size) -> String {
        if lines == self.drawn && size == self.size {
            return String::new();
        }
        let mut out = self.back_to_top(size);
        for line in &lines {
            line.write(&mut out);
            out.push_str("\x1b[K\r\n");
        }
        out.push_str("\x1b[J");
        self.drawn = lines;
        self.size = size;
        out
    }

    /// What to write so that a line that stays stands above the others.
    pub(in crate::cli) fn say(&mut self, text: &str, size: Size) -> String {
        let mut out = self.back_to_top(size);
        let _ = write!(out, "{text}\x1b[K\r\n\x1b[J");
        self.drawn.clear();
        // They are no longer right above.
        self.lost.clear();
        self.size = size;
        out
    }

    /// To where the last frame began, wherever the terminal has moved that to.
    fn back_to_top(&mut self, size: Size) -> String {
        // The cursor's own row is below the frame.
        let room = size.rows.saturating_sub(1).max(1);
        let columns = size.columns.max(1);
        let height = |width: usize| width.div_ceil(columns).max(1);
        // What comes back does so above the rest, the last that was lost first.
        let mut widths: Vec<usize> = self.drawn.iter().map(Line::width).collect();
        let mut returning = size.rows.saturating_sub(self.size.rows);
        while let Some(width) = self.lost.pop_if(|width| height(*width) <= returning) {
            returning -= height(width);
            widths.insert(0, width);
        }
        let rows: usize = widths.iter().copied().map(height).sum();
        let mut excess = rows.saturating_sub(room);
        for width in widths {
            if excess == 0 {
                break;
            }
            let gone = height(width).min(excess);
            self.lost.push(width.min(gone * columns));
            excess -= gone;
        }
        match rows.min(room) {
            0 => "\r".to_owned(),
            up => format!("\r\x1b[{up}A"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Size = Size {
        columns: 80,
        rows: 24,
    };

    fn lines(texts: &[&str]) -> Vec<Line> {
        let plain = |text: &&str| Line::plain((*text).to_owned());
        texts.iter().map(plain).collect()
    }

    #[test]
    fn a_frame_takes_the_place_of_the_last_one() {
        let mut screen = Screen::new();
        let first = screen.draw(lines(&["one", "two"]), WIDE);
        assert_eq!(first, "\rone\x1b[K\r\ntwo\x1b[K\r\n\x1b[J");
        assert_eq!(screen.draw(lines(&["one", "two"]), WIDE), "");
        let next = screen.draw(lines(&["three"]), WIDE);
        assert_eq!(next, "\r\x1b[2Athree\x1b[K\r\n\x1b[J");
    }

    #[test]
    fn folded_lines_are_counted() {
        let mut screen = Screen::new();
        screen.draw(lines(&["a long line of text", "short"]), WIDE);
        let narrow = Size {
            columns: 10,
            rows: 24,
        };
        let next = screen.draw(lines(&["new"]), narrow);
        assert!(next.starts_with("\r\x1b[3Anew"), "{next:?}");
    }

    #[test]
    fn rows_that_left_at_the_top_are_drawn_over_when_they_return() {
        let mut screen = Screen::new();
        screen.draw(lines(&["x"; 20]), WIDE);
        let low = Size {
            columns: 80,
            rows: 10,
        };
        let next = screen.draw(lines(&["x"; 8]), low);
        assert!(next.starts_with("\r\x1b[9A"), "{next:?}");
        let next = screen.draw(lines(&["x"; 20]), WIDE);
        assert!(next.starts_with("\r\x1b[19A"), "{next:?}");
    }

    #[test]
    fn what_left_folded_returns_unfolded() {
        let mut screen = Screen::new();
        let folded = "x".repeat(15);
        let mut texts = vec![folded.as_str()];
        texts.extend(["x"; 19]);
        screen.draw(lines(&texts), WIDE);
        let small = Size {
            columns: 10,
            rows: 10,
        };
        screen.draw(lines(&["x"; 8]), small);
        // Of 21 rows 9 had room; the 12 others are 11 lines.
        let next = screen.draw(lines(&texts), WIDE);
        assert!(next.starts_with("\r\x1b[19A"), "{next:?}");
    }

    #[test]
    fn what_is_said_stays_above() {
        let mut screen = Screen::new();
        screen.draw(lines(&["one"]), WIDE);
        assert_eq!(screen.say("said", WIDE), "\r\x1b[1Asaid\x1b[K\r\n\x1b[J");
        assert_eq!(screen.draw(lines(&["one"]), WIDE), "\rone\x1b[K\r\n\x1b[J");
    }

    #[test]
    fn a_line_is_cut_within_its_parts_and_coloured_where_it_is_marked() {
        let line = Line {
            head: "12 ".to_owned(),
            mark: "====".to_owned(),
            colour: Some(Colour::Green),
            tail: " done".to_owned(),
        };
        assert_eq!(line.clone().cut(12), line);
        assert_eq!(line.clone().cut(6).text(), "12 ==…");
        assert_eq!(line.clone().cut(2).text(), "1…");
        let mut out = String::new();
        line.write(&mut out);
        assert_eq!(out, "12 \x1b[32m====\x1b[0m done");
    }
}
