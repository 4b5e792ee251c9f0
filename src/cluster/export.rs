//! stub
use super::{Config, FileSettings};
pub fn write(_c: &Config, _s: &FileSettings) -> String {
    String::new()
}
