//! The rules, judged through the public surface.

mod documents;
mod example;
mod examples;
mod findings;
mod sound;
