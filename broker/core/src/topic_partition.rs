//! Topics with partitions, and which partition of an internal topic coordinates an id.

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: String,
    pub partition: i32,
}

impl TopicPartition {
    pub fn new(topic: &str, partition: i32) -> Self {
        Self { topic: topic.to_owned(), partition }
    }
}

/// The partition of `__consumer_offsets` or `__transaction_state` that an id belongs to: Java's hash of the id, its
/// absolute value, modulo the number of partitions. The smallest number counts as 0 (`Utils.abs`).
pub fn coordinator_partition(id: &str, partitions: i32) -> i32 {
    let hash = java_hash(id);
    let absolute = if hash == i32::MIN { 0 } else { hash.abs() };
    absolute.checked_rem(partitions).unwrap_or(0)
}

/// Java's `String.hashCode`: over units of UTF-16.
pub fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_java() {
        for (text, hash) in [
            ("", 0),
            ("a", 97),
            ("console-consumer-1", 35_782_224),
            ("polygenelubricants", i32::MIN),
            ("größe", 98_762_257),
            ("😀", 1_772_899),
        ] {
            assert_eq!(java_hash(text), hash, "{text}");
        }
    }

    #[test]
    fn the_smallest_hash_is_partition_zero() {
        assert_eq!(coordinator_partition("polygenelubricants", 50), 0);
        assert_eq!(coordinator_partition("a", 50), 47);
        assert_eq!(coordinator_partition("console-consumer-1", 50), 24);
        assert_eq!(coordinator_partition("a", 0), 0);
    }
}
