//! Replies in Russian and English from templates; pure.
