//! Front-door tests: through the binary, through HTTP, through the store's traits.
