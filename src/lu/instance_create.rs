//! Creating an instance.
