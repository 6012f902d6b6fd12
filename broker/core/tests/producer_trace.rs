//! What a partition knows of its producers decides as Kafka 4.3.1's own `ProducerStateManager` does: random histories
//! that were run through it (`golden/Trace.java`), answer by answer.

use strait_broker_core::producer_state::{Admission, Append, Marker, Producers};
use strait_wire::batch::{Attributes, BatchHeader, ControlKind};

const TRACE: &str = include_str!("golden/producers-4.3.1.txt");
const EXPIRATION_MS: i64 = 400;

fn header(numbers: &[i64], offset: i64) -> BatchHeader {
    let &[producer_id, epoch, sequence, count, transactional, _] = numbers else { panic!("six numbers") };
    BatchHeader {
        base_offset: offset,
        batch_length: 100,
        partition_leader_epoch: 0,
        magic: 2,
        crc: 0,
        attributes: Attributes((transactional as i16) << 4),
        last_offset_delta: count as i32 - 1,
        base_timestamp: offset,
        max_timestamp: offset + count - 1,
        producer_id,
        producer_epoch: epoch as i16,
        base_sequence: sequence as i32,
        records_count: count as i32,
    }
}

fn append_batch(producers: &mut Producers, numbers: &[i64]) -> String {
    let header = header(numbers, producers.end_offset());
    let append = if numbers[5] == 1 { Append::CLIENT } else { Append::COORDINATOR };
    match producers.admit(&header, append) {
        Err(error) => format!("ERROR {}", error.code().0),
        Ok(Admission::Duplicate(batch)) => format!("DUPLICATE {} {}", batch.first_offset, batch.timestamp),
        Ok(Admission::Append) => {
            producers.appended(&header);
            "OK".to_owned()
        }
    }
}

fn append_marker(producers: &mut Producers, numbers: &[i64]) -> String {
    let &[producer_id, epoch, abort, coordinator, version] = numbers else { panic!("five numbers") };
    let offset = producers.end_offset();
    let marker = Marker {
        producer_id,
        producer_epoch: epoch as i16,
        kind: if abort == 1 { ControlKind::Abort } else { ControlKind::Commit },
        coordinator_epoch: coordinator as i32,
        offset,
        timestamp: offset,
        transaction_version: version as i16,
    };
    if let Err(error) = producers.admit_marker(&marker, Append::COORDINATOR) {
        return format!("ERROR {}", error.code().0);
    }
    match producers.marker_appended(&marker) {
        None => "OK".to_owned(),
        Some(ended) => {
            assert_eq!(ended.is_aborted, abort == 1);
            format!("ENDED {} {} {}", ended.first_offset, ended.last_offset, ended.last_stable_offset)
        }
    }
}

#[test]
fn every_answer_is_that_of_kafka() {
    let mut producers = Producers::new(0);
    let mut answers = 0;
    for (at, line) in TRACE.lines().enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let numbers = |count: usize| -> Vec<i64> {
            words[1..=count].iter().map(|word| word.parse().expect("a number")).collect()
        };
        let place = format!("line {}: {line}", at + 1);
        match words[0] {
            "NEW" => producers = Producers::new(0),
            "H" => producers.high_watermark_moved(producers.end_offset()),
            "X" => producers.remove_expired(producers.end_offset(), EXPIRATION_MS),
            "U" => {
                let unstable =
                    Some(producers.last_stable_offset(i64::MAX)).filter(|offset| *offset != i64::MAX);
                assert_eq!(unstable.unwrap_or(-1), numbers(1)[0], "{place}");
            }
            "B" => assert_eq!(append_batch(&mut producers, &numbers(6)), words[7..].join(" "), "{place}"),
            "M" => assert_eq!(append_marker(&mut producers, &numbers(5)), words[6..].join(" "), "{place}"),
            other => panic!("{other} is no event"),
        }
        answers += 1;
    }
    assert!(answers > 8_000, "{answers} answers");
}
