//! The edge of the room, over real sockets: servers that misbehave on purpose, TLS, and a real Orthanc.

#[cfg(test)]
mod compare;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod orthanc;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
