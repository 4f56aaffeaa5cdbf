//! The real window, driven: the built program against a real archive, from the first start to the receipt, through
//! pauses, kills and archives that are away. What a person sees is what is looked at.

#![cfg(test)]

mod driver;
mod hands;
mod screen;

mod desktop;
mod first_start;
mod refused;
mod send;
mod settings;
mod starts;
mod waits;
mod walls;
