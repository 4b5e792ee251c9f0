//! Reading what an operator names: a file, or standard input as `-`.

use std::io::Read;
use std::path::Path;

use super::problem::{Problem, Result};

/// The content of a file, or of standard input, of at most so many bytes.
///
/// # Errors
/// When it cannot be read, or is larger: then no more than that is held in memory.
pub fn read(file: &Path, most: u64) -> Result<Vec<u8>> {
    let wrong = |error: std::io::Error| Problem::file(file, &error);
    match file == Path::new("-") {
        true => read_all(std::io::stdin(), file, most),
        false => read_all(open(file).map_err(wrong)?, file, most),
    }
}

/// A file, or standard input, to be read bit by bit.
///
/// # Errors
/// When it cannot be opened.
pub fn reader(file: &Path) -> Result<Box<dyn Read>> {
    match file == Path::new("-") {
        true => Ok(Box::new(std::io::stdin())),
        false => match open(file) {
            Ok(file) => Ok(Box::new(std::io::BufReader::new(file))),
            Err(error) => Err(Problem::file(file, &error)),
        },
    }
}

/// The same as text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_text(file: &Path, most: u64) -> Result<String> {
    String::from_utf8(read(file, most)?)
        .map_err(|_| Problem::input(format!("{}: it is not a text file", file.display())))
}

#[expect(clippy::disallowed_methods, reason = "a file that an operator names")]
fn open(file: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::open(file)
}

fn read_all(source: impl Read, file: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    // One byte more tells a file that is too large from one that just fits.
    source
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::file(file, &error))?;
    match bytes.len() as u64 > most {
        true => Err(Problem::input(format!(
            "{}: it is larger than {most} bytes",
            file.display()
        ))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files of the test's own")]
mod tests {
    use super::*;

    #[test]
    fn as_many_bytes_as_allowed_and_one_more() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), b"12345");
        let error = read(file.path(), 4).unwrap_err().error.message;
        let name = file.path().display();
        assert_eq!(error, format!("{name}: it is larger than 4 bytes"));
        // Endless files end, too.
        assert!(read(Path::new("/dev/zero"), 1 << 16).is_err());
    }

    #[test]
    fn what_is_no_text_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff\xfe").unwrap();
        let error = read_text(file.path(), 5).unwrap_err().error.message;
        assert!(error.ends_with("it is not a text file"), "{error}");
    }
}
