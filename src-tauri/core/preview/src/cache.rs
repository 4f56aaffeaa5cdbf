//! The pictures made last, bounded by their bytes. They are patient data: in memory only, and gone when told to.

use crate::{InstanceKey, Levels, Picture, Placeholder, Request};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What a placeholder or an entry counts beside its picture, in bytes.
const ENTRY: usize = 256;

type Answer = Result<Arc<Picture>, Placeholder>;

/// A request of an instance, comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    instance: InstanceKey,
    frame: u32,
    edge: u32,
    levels: (u8, u64, u64),
}

impl Key {
    fn new(instance: InstanceKey, request: &Request) -> Self {
        let levels = match request.levels {
            Levels::OfFile => (0, 0, 0),
            Levels::OfData => (1, 0, 0),
            Levels::Given(window) => (2, window.center.to_bits(), window.width.to_bits()),
        };
        Self { instance, frame: request.frame, edge: request.edge(), levels }
    }
}

/// The pictures made last.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    most: usize,
    held: usize,
    /// Counts uses: the smallest was longest ago.
    now: u64,
    answers: HashMap<Key, (u64, Answer)>,
    used: BTreeMap<u64, Key>,
}

impl Cache {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(crate) fn get(&mut self, instance: InstanceKey, request: &Request) -> Option<Answer> {
        let key = Key::new(instance, request);
        let (used, answer) = self.answers.get_mut(&key)?;
        self.now += 1;
        self.used.remove(used);
        self.used.insert(self.now, key);
        *used = self.now;
        Some(answer.clone())
    }

    pub(crate) fn put(&mut self, instance: InstanceKey, request: &Request, answer: &Answer) {
        let key = Key::new(instance, request);
        self.remove(key);
        if size(answer) > self.most {
            return;
        }
        self.now += 1;
        self.held += size(answer);
        self.answers.insert(key, (self.now, answer.clone()));
        self.used.insert(self.now, key);
        while self.held > self.most {
            let Some((_, oldest)) = self.used.first_key_value() else { return };
            self.remove(*oldest);
        }
    }

    /// Drops every picture of an instance.
    pub(crate) fn forget(&mut self, instance: InstanceKey) {
        let keys: Vec<Key> =
            self.answers.keys().filter(|key| key.instance == instance).copied().collect();
        keys.into_iter().for_each(|key| self.remove(key));
    }

    fn remove(&mut self, key: Key) {
        if let Some((used, answer)) = self.answers.remove(&key) {
            self.used.remove(&used);
            self.held -= size(&answer);
        }
    }
}

fn size(answer: &Answer) -> usize {
    ENTRY + answer.as_ref().map_or(0, |picture| picture.png.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(bytes: usize) -> Answer {
        let (png, width, height, columns, rows, frames) = (vec![0; bytes], 1, 1, 1, 1, 1);
        Ok(Arc::new(Picture { png, width, height, columns, rows, frames, window: None }))
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_the_bytes_stay_bounded() {
        let (mut cache, request) = (Cache::new(4_000), Request::thumbnail(64));
        for number in 0..3 {
            cache.put(InstanceKey(number), &request, &picture(1_000));
        }
        assert!(cache.get(InstanceKey(0), &request).is_some());
        cache.put(InstanceKey(3), &request, &picture(1_000));
        assert!(cache.get(InstanceKey(1), &request).is_none());
        assert!(cache.get(InstanceKey(0), &request).is_some());
        assert!(cache.held <= 4_000 && cache.used.len() == cache.answers.len());
        cache.put(InstanceKey(9), &request, &picture(5_000));
        assert!(cache.get(InstanceKey(9), &request).is_none());
    }

    #[test]
    fn a_forgotten_instance_leaves_nothing() {
        let mut cache = Cache::new(1 << 20);
        for frame in 0..5 {
            let request = Request { frame, ..Request::thumbnail(64) };
            cache.put(InstanceKey(1), &request, &picture(10));
            cache.put(InstanceKey(2), &request, &Err(Placeholder::Damaged));
        }
        cache.forget(InstanceKey(1));
        assert_eq!((cache.answers.len(), cache.used.len()), (5, 5));
        cache.forget(InstanceKey(2));
        assert_eq!((cache.held, cache.used.len()), (0, 0));
    }
}
