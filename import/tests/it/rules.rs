//! The rules, judged through the public surface.

mod documents;
mod example;
mod examples;
mod files;
mod findings;
mod sound;
mod values;
