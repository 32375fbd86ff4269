//! The rules, judged through the public surface.

mod documents;
mod example;
mod examples;
mod files;
mod findings;
mod settings;
mod sound;
mod spoiled;
mod values;
