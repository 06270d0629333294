//! What paste-core promises to those who use it from outside.

mod ui; // messages of the compiler on typical mistakes
