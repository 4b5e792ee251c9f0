//! Reading and writing the little XML that has to be.

use gnt_driver::{Refusal, Trouble};
use roxmltree::{Document, Node};

/// Reads a document.
pub(crate) fn parse<'a>(what: &str, text: &'a str) -> Result<Document<'a>, Refusal> {
    Document::parse(text).map_err(|error| {
        Refusal::new(
            Trouble::Failed,
            format!("{what} is not well-formed: {error}"),
        )
    })
}

/// The first child element of that name.
pub(crate) fn child<'a, 'input>(of: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    of.children().find(|child| child.has_tag_name(name))
}

/// A text as it has to stand in an element or an attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_read_again() {
        let text = "<a> & \"b\" 'c'";
        let document = format!("<x y=\"{0}\">{0}</x>", escape(text));
        let document = parse("it", &document).unwrap();
        assert_eq!(document.root_element().attribute("y"), Some(text));
        assert_eq!(document.root_element().text(), Some(text));
        assert!(parse("it", "<x>").is_err());
    }
}
