//! Where our broker is meant to answer otherwise than a Kafka did, and why: the one list of it.

use strait_cluster_tests::kafka::Release;

/// One difference that is meant.
pub(super) struct Difference {
    /// The file of answers, of all releases or of one.
    file: &'static str,
    release: Option<&'static str>,
    /// What the question begins with.
    question: &'static str,
    /// What the place begins with: one of these.
    places: &'static [&'static str],
    /// What Kafka's answer begins with.
    kafka: &'static str,
    /// Our answer.
    pub(super) ours: &'static str,
    pub(super) why: &'static str,
}

const INVALID_RECORD: &str = "INVALID_RECORD (87)";
const DAMAGE: &str =
    "Kafka stores records under numbers that are not theirs: its log ends before its last record";

/// Topics that keep records without a codec as they come.
const AS_THEY_COME: &[&str] = &["producer-", "uncompressed-", "one-hour-", "small-producer"];

static DIFFERENCES: [Difference; 30] = [
    Difference {
        file: "produce",
        release: None,
        question: "",
        places: &[""],
        kafka: "UNKNOWN_SERVER_ERROR",
        ours: INVALID_RECORD,
        why: "Kafka throws what has no error code: a codec that fails, records with wrong numbers, a length without end",
    },
    numbered("gaps with a patched last offset delta, none @"),
    numbered("offset deltas from 1, none @"),
    numbered("offset deltas backwards, none @"),
    numbered("record offset delta"),
    numbered("payload bit flipped under a new checksum, none @"),
    Difference {
        file: "produce",
        release: None,
        question: "record key length -2",
        places: &[""],
        kafka: "",
        ours: INVALID_RECORD,
        why: "Kafka takes any negative length for null; no client writes one, and not every reader takes it so",
    },
    Difference {
        file: "acknowledgements",
        release: None,
        question: "null records",
        places: &[""],
        kafka: "silence",
        ours: "acked 0 INVALID_RECORD (87) at -1",
        why: "Kafka throws and never answers",
    },
    Difference {
        file: "fetch",
        release: None,
        question: "at most 1048576 in all and 1 of each, isolation 1",
        places: &[""],
        kafka: "NONE (0); 0 NONE (0): batches [0] high watermark 16 stable 13 start 0 aborted [9]; 1 ",
        ours: "NONE (0); 0 NONE (0): batches [0] high watermark 16 stable 13 start 0 aborted []; 1 NONE (0): batches [] high watermark 3 stable 3 start 0 aborted [null]",
        why: "Kafka tells all that was aborted up to its next index entry, ours what was in the batches that are given",
    },
    of_the_future("all records of the future", "INVALID_TIMESTAMP (32) records 0,1,2"),
    of_the_future("one record of the future", "INVALID_TIMESTAMP (32) records 1"),
    of_the_future("record of the future without a key", "INVALID_TIMESTAMP (32) records 1"),
    of_the_small_future("one record of the future, none"),
    of_the_small_future("one record of the future, zstd"),
    of_the_small_future("record of the future without a key, none"),
    of_the_small_future("record of the future without a key, zstd"),
    known("stopped 16:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 9, log from 0 with append time"),
    known("killed 18:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 5, log from 0 with append time"),
    known("killed 20:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 9, log from 0 with append time"),
    deleted("killed 28:", "at 16, log from 0", "at 16, log from 16"),
    deleted("killed 29:", "at 15, log from 0 with append time", "at 17, log from 16"),
    deleted("killed 32:", "at 17, log from 0", "at 18, log from 16"),
    deleted("killed 33:", "at 18, log from 0", "at 19, log from 16"),
    known("stopped 27:", "at 16,", "at 14, log from 15 with append time"),
    known("stopped 30:", "at 17,", "at 16, log from 15"),
    known("stopped 31:", "at 18,", "at 17, log from 15"),
    known("rolled 8:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 1, log from 0 with append time"),
    known("rolled 9:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 2, log from 0 with append time"),
    known("rolled 10:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 3, log from 0 with append time"),
    known("rolled 11:", "OUT_OF_ORDER_SEQUENCE_NUMBER", "at 4, log from 0 with append time"),
];

const fn numbered(question: &'static str) -> Difference {
    let (file, kafka, ours) = ("produce", "stored", INVALID_RECORD);
    Difference { file, release: None, question, places: AS_THEY_COME, kafka, ours, why: DAMAGE }
}

const fn of_the_future(question: &'static str, ours: &'static str) -> Difference {
    let (file, kafka, why) =
        ("produce", "stored: ", "message.timestamp.after.max.ms is an hour since Kafka 4.0");
    Difference { file, release: Some("3.9.2"), question, places: &[""], kafka, ours, why }
}

/// The same where Kafka 3.9 finds the batch too large once it is compressed anew.
const fn of_the_small_future(question: &'static str) -> Difference {
    let (places, kafka) = (&["small-gzip"], "MESSAGE_TOO_LARGE (10)");
    Difference { places, kafka, ..of_the_future(question, "INVALID_TIMESTAMP (32) records 1") }
}

/// What DeleteRecords took, with what was known of its producer.
const fn deleted(question: &'static str, kafka: &'static str, ours: &'static str) -> Difference {
    let why = "a kill within a minute makes Kafka forget DeleteRecords; ours keeps it";
    Difference { file: "idempotence-restart", release: None, question, places: &[""], kafka, ours, why }
}

/// What was remembered of a producer where Kafka forgot it: its duplicates are known for longer.
const fn known(question: &'static str, kafka: &'static str, ours: &'static str) -> Difference {
    let why = "after a start Kafka knows the newest batch of a producer only, and none where all records were deleted";
    Difference { file: "idempotence-restart", release: None, question, places: &[""], kafka, ours, why }
}

/// The difference that is meant where Kafka answered `kafka`; `None` where ours is the same.
pub(super) fn meant(
    file: &str,
    release: Release,
    question: &str,
    kafka: &str,
) -> Option<&'static Difference> {
    let place = question.split_once(" @ ").map_or("", |(_, place)| place);
    DIFFERENCES.iter().find(|difference| {
        difference.file == file
            && difference.release.is_none_or(|only| only == release.version)
            && question.starts_with(difference.question)
            && difference.places.iter().any(|start| place.starts_with(start))
            && kafka.starts_with(difference.kafka)
    })
}
