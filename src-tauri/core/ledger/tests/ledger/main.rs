//! The ledger from outside: chain, receipts, readers, paper.

#[cfg(test)]
mod chain;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod paper;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod support;
