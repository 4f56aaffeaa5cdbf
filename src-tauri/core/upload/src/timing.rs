//! How long to wait for what. There is no deadline for a whole request: a large batch on a slow line may take hours.

use std::time::Duration;

/// The waits of an [`Archive`](crate::Archive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the start of a connection until TCP and TLS stand.
    pub connect: Duration,
    /// While a body is sent: the longest time in which the connection takes no byte.
    pub stall: Duration,
    /// While a body is sent: the longest time in which the source gives no byte. Drives retry bad sectors for minutes.
    pub source: Duration,
    /// From the last byte of a body to the first of the answer. Some archives import before they answer.
    pub answer: Duration,
    /// While waiting for an answer to a question, or for the rest of any answer: the longest time without a byte.
    pub idle: Duration,
    /// How long an unused connection is kept. Orthanc closes after one second, so this stays below.
    pub pool_idle: Duration,
    /// The first TCP keepalive probe of a silent connection.
    pub keepalive: Duration,
    /// Linux, Android: the longest time in which sent bytes may stay unacknowledged.
    pub unacknowledged: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(60),
            source: Duration::from_secs(300),
            answer: Duration::from_secs(30 * 60),
            idle: Duration::from_secs(60),
            pool_idle: Duration::from_millis(900),
            keepalive: Duration::from_secs(30),
            unacknowledged: Duration::from_secs(300),
        }
    }
}
