//! Libvirt's lists of named values.

use std::ffi::{c_char, c_int, c_ulonglong};

use super::functions::{VirTypedParameter, VirTypedValue};

const INT: c_int = 1;
const UINT: c_int = 2;
const LLONG: c_int = 3;
const ULLONG: c_int = 4;

/// Named numbers. What is no number, or less than zero, is left out: nothing here asks for it.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, u64)>);

impl Parameters {
    /// Copies a list.
    pub(super) fn read(list: &[VirTypedParameter]) -> Parameters {
        let number = |parameter: &VirTypedParameter| {
            // SAFETY: the kind says which of the union is meant, and all of its bytes are written:
            // libvirt allocates these lists zeroed.
            unsafe {
                match parameter.kind {
                    INT => u64::try_from(parameter.value.i).ok(),
                    UINT => Some(u64::from(parameter.value.ui)),
                    LLONG => u64::try_from(parameter.value.l).ok(),
                    ULLONG => Some(parameter.value.ul),
                    _ => None,
                }
            }
        };
        let named =
            |parameter: &VirTypedParameter| Some((name(&parameter.field), number(parameter)?));
        Parameters(list.iter().filter_map(named).collect())
    }

    /// That of a name.
    pub(super) fn get(&self, wanted: &str) -> Option<u64> {
        let mut named = self.0.iter().filter(|(name, _)| name == wanted);
        named.next().map(|(_, value)| *value)
    }
}

/// A name in a field of fixed width.
pub(super) fn name(field: &[c_char; 80]) -> String {
    let bytes = field.iter().take_while(|c| **c != 0);
    // A C character is a byte, whatever its sign.
    let bytes: Vec<u8> = bytes.map(|c| c.to_ne_bytes()[0]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A number under a name of at most 79 bytes, for C.
pub(super) fn number(name: &str, value: c_ulonglong) -> VirTypedParameter {
    debug_assert!(name.len() < 80);
    let mut field = [0; 80];
    for (to, from) in field.iter_mut().zip(name.bytes().take(79)) {
        *to = c_char::from_ne_bytes([from]);
    }
    VirTypedParameter {
        field,
        kind: ULLONG,
        value: VirTypedValue { ul: value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_names() {
        let mut small = number("pass", 0);
        small.kind = INT;
        small.value.i = -1;
        let list = [number("bandwidth", 7), small];
        let parameters = Parameters::read(&list);
        assert_eq!(parameters.get("bandwidth"), Some(7));
        assert_eq!(parameters.get("pass"), None);
        assert_eq!(parameters.get("band"), None);
    }
}
