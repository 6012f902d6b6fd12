//! `POST /v1/flows/{id}/offsets:translate`: where offsets of one side lie at the other, now. Asked about are raw
//! positions, groups, or a time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strait_client::{IsolationLevel, ListOffsetsAt, TopicPartition};
use strait_http::Problem;
use strait_replicator_core::group::{ByPartition, Translated};
use strait_wire::batch::Record;

use super::{find, handle, refused};
use crate::flow::{AskError, Direction, FlowHandle, GroupQuestion, Groups, Side};
use crate::partition_reader::{PartitionError, PartitionReader};
use crate::status::{DaemonStatus, FlowStatus};

/// Offsets in one question.
const MOST_OFFSETS: usize = 100_000;

/// Fetches behind what a broker says about a time.
const MOST_FETCHES: usize = 64;

/// What is asked: one of the four.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    direction: Way,
    offsets: Option<Vec<At>>,
    groups: Option<Vec<String>>,
    #[serde(default)]
    all_groups: bool,
    time: Option<AtTime>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    #[default]
    ToTarget,
    ToSource,
}

/// An offset of a topic by its name at the side that is asked about: the next that somebody will read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    topic: String,
    partition: i32,
    offset: i64,
}

/// The first records of that time or later in all partitions of these topics, or of all that are copied.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AtTime {
    /// Milliseconds since 1970.
    timestamp_ms: i64,
    #[serde(default)]
    topics: Vec<String>,
}

/// An offset at both sides.
#[derive(Debug, Serialize)]
struct Both {
    group: Option<String>,
    topic: String,
    partition: i32,
    remote_topic: String,
    source_offset: Option<i64>,
    target_offset: Option<i64>,
    translation: &'static str,
}

/// An offset to translate, with the group that stands there.
struct Place {
    group: Option<String>,
    /// The topic at the side that is asked about.
    topic: String,
    partition: i32,
    offset: i64,
}

pub(super) async fn translate(
    State(status): State<DaemonStatus>,
    Path(id): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<Json<Value>, Problem> {
    let flow = find(&status, &id)?;
    let handle = handle(&flow)?;
    let names = Names::of(&flow);
    let direction = match asked.direction {
        Way::ToTarget => Direction::ToTarget,
        Way::ToSource => Direction::ToSource,
    };
    let places = match (asked.offsets, asked.groups, asked.all_groups, asked.time) {
        (Some(offsets), None, false, None) => Ok(offsets.into_iter().map(Place::from).collect()),
        (None, Some(groups), false, None) => of_groups(handle, direction, Groups::Named(groups)).await,
        (None, None, true, None) => of_groups(handle, direction, Groups::All).await,
        (None, None, false, Some(time)) => of_time(handle, direction, &names, &time).await,
        _ => {
            let detail = "one of offsets, groups, all_groups and time is to be given".to_owned();
            return Err(Problem::new(StatusCode::BAD_REQUEST, "bad-question", "Bad question", detail));
        }
    };
    let places = places.map_err(|error| refused(&id, &error))?;
    if places.len() > MOST_OFFSETS {
        let detail = format!("{} offsets are asked about, {MOST_OFFSETS} are allowed", places.len());
        let title = "Too many offsets";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-offsets", title, detail));
    }
    let known: Vec<Option<&(String, String)>> =
        places.iter().map(|place| names.of_topic(direction, &place.topic)).collect();
    let mut questions: ByPartition<Vec<i64>> = ByPartition::new();
    for (place, known) in places.iter().zip(&known) {
        let Some((topic, _)) = known else { continue };
        let of_topic = questions.entry(topic.clone()).or_default();
        of_topic.entry(place.partition).or_default().push(place.offset.max(0));
    }
    let answers = handle.translator.translate(direction, questions).await;
    let mut answers = answers.map_err(|error| refused(&id, &AskError::from(error)))?;
    let rows = places.iter().zip(known).map(|(place, known)| {
        let of_topic = known.and_then(|(topic, _)| answers.get_mut(topic));
        let answer = of_topic.and_then(|of_topic| of_topic.get_mut(&place.partition)?.next());
        both(direction, place, known, answer.unwrap_or(Translated::NotCopied))
    });
    let rows: Vec<Both> = rows.collect();
    Ok(Json(json!({ "offsets": rows })))
}

impl From<At> for Place {
    fn from(at: At) -> Self {
        Self { group: None, topic: at.topic, partition: at.partition, offset: at.offset }
    }
}

/// Topics of a flow by their names at both sides.
struct Names {
    by_source: BTreeMap<String, (String, String)>,
    by_target: BTreeMap<String, (String, String)>,
    partitions: Vec<(String, i32, String)>,
}

impl Names {
    fn of(flow: &FlowStatus) -> Self {
        let pair = |topic: &String, remote: &String| (topic.clone(), remote.clone());
        let partitions = flow.partitions.iter();
        Self {
            by_source: partitions
                .clone()
                .map(|of| (of.topic.clone(), pair(&of.topic, &of.remote_topic)))
                .collect(),
            by_target: partitions
                .clone()
                .map(|of| (of.remote_topic.clone(), pair(&of.topic, &of.remote_topic)))
                .collect(),
            partitions: partitions
                .map(|of| (of.topic.clone(), of.partition, of.remote_topic.clone()))
                .collect(),
        }
    }

    /// Both names of a topic.
    fn of_topic(&self, direction: Direction, topic: &str) -> Option<&(String, String)> {
        match direction {
            Direction::ToTarget => self.by_source.get(topic),
            Direction::ToSource => self.by_target.get(topic),
        }
    }
}

async fn of_groups(
    handle: &FlowHandle,
    direction: Direction,
    groups: Groups,
) -> Result<Vec<Place>, AskError> {
    let side = match direction {
        Direction::ToTarget => Side::Source,
        Direction::ToSource => Side::Target,
    };
    let found = handle.ask_groups(|answer| GroupQuestion::Committed { side, groups, answer }).await?;
    let places = found.into_iter().map(|at| Place {
        group: Some(at.group),
        topic: at.topic,
        partition: at.partition,
        offset: at.offset,
    });
    Ok(places.collect())
}

/// Where records of a time begin at the side that is asked about; behind the last one where there is none. A broker
/// counts markers of transactions too, which are younger than the records before them: they are passed over.
async fn of_time(
    handle: &FlowHandle,
    direction: Direction,
    names: &Names,
    time: &AtTime,
) -> Result<Vec<Place>, AskError> {
    let cluster = match direction {
        Direction::ToTarget => &handle.source,
        Direction::ToSource => &handle.target,
    };
    let named = names.partitions.iter().map(|(topic, partition, remote)| match direction {
        Direction::ToTarget => (topic.clone(), *partition),
        Direction::ToSource => (remote.clone(), *partition),
    });
    let wanted: Vec<TopicPartition> =
        named.filter(|(topic, _)| time.topics.is_empty() || time.topics.contains(topic)).collect();
    let mut places = Vec::new();
    let mut behind_end = Vec::new();
    for ((topic, partition), offset) in
        list(cluster, &wanted, ListOffsetsAt::Timestamp(time.timestamp_ms)).await?
    {
        let reader = PartitionReader::new(cluster.clone(), topic.clone(), partition);
        let found = match offset {
            ..0 => None,
            offset => first_since(&reader, offset, time.timestamp_ms).await?,
        };
        match found {
            Some(offset) => places.push(Place { group: None, topic, partition, offset }),
            None => behind_end.push((topic, partition)),
        }
    }
    let ends = list(cluster, &behind_end, ListOffsetsAt::Latest).await?;
    places.extend(ends.into_iter().map(|((topic, partition), offset)| Place {
        group: None,
        topic,
        partition,
        offset,
    }));
    Ok(places)
}

/// The first record at or after an offset that is not older than a time.
async fn first_since(
    reader: &PartitionReader,
    from: i64,
    timestamp_ms: i64,
) -> Result<Option<i64>, AskError> {
    let failed = |error: PartitionError| AskError::Failed(error.to_string());
    let Some(leader) = reader.leader().await.map_err(failed)? else { return Ok(None) };
    let mut offset = from;
    for _ in 0..MOST_FETCHES {
        let before = offset;
        for batch in reader.batches(&leader, offset).await.map_err(failed)? {
            let is_it = |record: &&Record| record.offset >= before && record.timestamp >= timestamp_ms;
            if let Some(record) = batch.records.iter().find(is_it) {
                return Ok(Some(record.offset));
            }
            offset = offset.max(batch.next_offset);
        }
        if offset == before {
            return Ok(None);
        }
    }
    // Records out of order: what the broker said is as good as anything.
    Ok(Some(from))
}

async fn list(
    cluster: &strait_client::Cluster,
    partitions: &[TopicPartition],
    at: ListOffsetsAt,
) -> Result<Vec<(TopicPartition, i64)>, AskError> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let listed = cluster.list_offsets(partitions, at, IsolationLevel::ReadCommitted).await;
    let listed = listed.map_err(|error| AskError::Failed(error.to_string()))?.into_iter();
    let offsets = listed.map(|((topic, partition), found)| match found {
        Ok(found) => Ok(((topic, partition), found.offset)),
        Err(error) => Err(AskError::Failed(format!("{topic}-{partition}: {error}"))),
    });
    offsets.collect()
}

fn both(direction: Direction, place: &Place, known: Option<&(String, String)>, answer: Translated) -> Both {
    let (asked, found) = (Some(place.offset), answer.offset());
    let (source_offset, target_offset) = match direction {
        Direction::ToTarget => (asked, found),
        Direction::ToSource => (found, asked),
    };
    let only = |side: Direction| if side == direction { place.topic.clone() } else { String::new() };
    let (topic, remote_topic) =
        known.cloned().unwrap_or_else(|| (only(Direction::ToTarget), only(Direction::ToSource)));
    let (group, partition) = (place.group.clone(), place.partition);
    let nothing = place.offset < 0;
    let translation = if nothing { Translated::NoOffset } else { answer }.name();
    let (source_offset, target_offset) = match nothing {
        true => (None, None),
        false => (source_offset, target_offset),
    };
    Both { group, topic, partition, remote_topic, source_offset, target_offset, translation }
}
