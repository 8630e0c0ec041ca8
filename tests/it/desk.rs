//! The front desk as a whole: through the app, the worker and the store.

mod anything;
mod doubt;
mod knowledge;
mod person;
mod trust;
