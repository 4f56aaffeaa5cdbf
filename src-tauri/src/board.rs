//! The board: the one state that the window shows. Whoever knows something new writes it here; the window is told.
//!
//! Knows neither the relay nor the web view: it is told changes and tells them on, whole fields at a time, at most ten
//! times a second, however often it is written.

use crate::view::State;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// No more often than this is the window told.
const BEAT: Duration = Duration::from_millis(100);

/// The state, and who listens.
pub(crate) struct Board {
    state: watch::Sender<State>,
    /// Grows with each listener: the latest one is told, earlier ones end (a page that was loaded anew).
    listener: watch::Sender<u64>,
    revisions: AtomicU64,
}

impl Board {
    /// A board that shows this.
    #[must_use]
    pub(crate) fn new(state: State) -> Self {
        Self {
            state: watch::Sender::new(state),
            listener: watch::Sender::new(0),
            revisions: AtomicU64::new(0),
        }
    }

    /// Writes on the board. What is the same as before is told to nobody.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        });
    }

    /// Reads from the board.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.borrow())
    }

    /// The number of a new revision of some list.
    pub(crate) fn next_revision(&self) -> u64 {
        self.revisions.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Waits for the board to be written on.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Tells the whole state and then its changes, until `tell` fails or another listener comes.
    pub(crate) async fn listen(&self, mut tell: impl FnMut(Value) -> bool) {
        let mut state = self.state.subscribe();
        let mut latest = self.listener.subscribe();
        let mut me = 0;
        self.listener.send_modify(|number| {
            *number += 1;
            me = *number;
        });
        let mut told = fields(&state.borrow_and_update());
        if !tell(Value::Object(told.clone())) {
            return;
        }
        loop {
            tokio::select! {
                changed = state.changed() => if changed.is_err() { return },
                _ = latest.wait_for(|number| *number != me) => return,
            }
            let now = fields(&state.borrow_and_update());
            let news: Map<String, Value> = now
                .iter()
                .filter(|(name, value)| told.get(*name) != Some(value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            told = now;
            if !news.is_empty() && !tell(Value::Object(news)) {
                return;
            }
            tokio::time::sleep(BEAT).await;
        }
    }
}

/// The state by its fields.
fn fields(state: &State) -> Map<String, Value> {
    match serde_json::to_value(state) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => {
            tracing::error!("the state could not be written as an object");
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{DropState, Stage};
    use std::sync::{Arc, Mutex};

    type Told = Arc<Mutex<Vec<Value>>>;

    fn listening() -> (Arc<Board>, Told, tokio::task::JoinHandle<()>) {
        let board = Arc::new(Board::new(State::at_start(true)));
        let (told, hers) = (Told::default(), board.clone());
        let ears = told.clone();
        let task = tokio::spawn(async move {
            hers.listen(|news| {
                ears.lock().unwrap().push(news);
                true
            })
            .await;
        });
        (board, told, task)
    }

    async fn until(told: &Told, fits: impl Fn(&[Value]) -> bool) {
        while !fits(&told.lock().unwrap()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_message_is_the_whole_state_and_later_ones_are_what_changed() {
        let (board, told, _task) = listening();
        until(&told, |told| told.len() == 1).await;
        assert!(told.lock().unwrap()[0].get("settings").is_some());
        board.change(|state| state.stage = Stage::Open);
        until(&told, |told| told.len() == 2).await;
        assert_eq!(told.lock().unwrap()[1], serde_json::json!({ "stage": "open" }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_ten_times_a_second_and_its_end_is_told() {
        let (board, told, _task) = listening();
        until(&told, |told| told.len() == 1).await;
        for n in 1..=2_000 {
            board.change(|state| state.queue.bytes_left = n);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let ends = |told: &[Value]| {
            told.last().and_then(|news| news["queue"]["bytes_left"].as_u64()) == Some(2_000)
        };
        until(&told, ends).await;
        let messages = told.lock().unwrap().len();
        assert!((3..=23).contains(&messages), "{messages} messages in two seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn what_did_not_change_is_not_told() {
        let (board, told, _task) = listening();
        until(&told, |told| told.len() == 1).await;
        board.change(|state| state.drop = DropState::None);
        tokio::time::sleep(BEAT * 5).await;
        assert_eq!(told.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_is_loaded_anew_takes_the_place_of_the_one_before() {
        let (board, told, task) = listening();
        until(&told, |told| told.len() == 1).await;
        let again = board.clone();
        let _second = tokio::spawn(async move { again.listen(|_| true).await });
        task.await.unwrap();
        board.change(|state| state.stage = Stage::Open);
        tokio::time::sleep(BEAT * 5).await;
        assert_eq!(told.lock().unwrap().len(), 1);
    }
}
