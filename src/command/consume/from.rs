//! Where reading begins.

use std::time::{Duration, UNIX_EPOCH};

use strait_client::{AutoOffsetReset, ClientError, Cluster, IsolationLevel, ListOffsetsAt, TopicPartition};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Beginning,
    End,
    Offset(i64),
    /// So many offsets before the end.
    Last(i64),
    /// Milliseconds since 1970.
    Time(i64),
}

pub(super) fn parse(text: &str) -> Result<From, String> {
    match text {
        "beginning" => return Ok(From::Beginning),
        "end" => return Ok(From::End),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(if number < 0 { From::Last(number.saturating_neg()) } else { From::Offset(number) });
    }
    let time = humantime::parse_rfc3339_weak(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let millis = time.map(|since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    millis.map(From::Time).ok_or_else(|| {
        "must be beginning, end, an offset, -N, or a time such as 2026-01-31T08:00:00Z".to_owned()
    })
}

impl From {
    /// It can be a group's policy.
    pub(super) fn is_policy(self) -> bool {
        matches!(self, Self::Beginning | Self::End)
    }

    pub(super) fn policy(self) -> AutoOffsetReset {
        match self {
            Self::Beginning => AutoOffsetReset::Earliest,
            Self::End | Self::Offset(_) | Self::Last(_) | Self::Time(_) => AutoOffsetReset::Latest,
        }
    }

    /// Each partition's first offset to read.
    pub(super) async fn offsets(
        self,
        cluster: &Cluster,
        partitions: &[TopicPartition],
        isolation: IsolationLevel,
    ) -> Result<Vec<(TopicPartition, i64)>, anyhow::Error> {
        match self {
            Self::Offset(offset) => {
                Ok(partitions.iter().map(|partition| (partition.clone(), offset)).collect())
            }
            Self::Beginning => at(cluster, partitions, ListOffsetsAt::Earliest, isolation).await,
            Self::End => at(cluster, partitions, ListOffsetsAt::Latest, isolation).await,
            Self::Last(count) => {
                let firsts = at(cluster, partitions, ListOffsetsAt::Earliest, isolation).await?;
                let ends = at(cluster, partitions, ListOffsetsAt::Latest, isolation).await?;
                let first = |partition: &TopicPartition| {
                    firsts.iter().find(|(known, _)| known == partition).map_or(0, |(_, first)| *first)
                };
                let begins = ends.into_iter().map(|(partition, end)| {
                    let begin = end.saturating_sub(count).max(first(&partition));
                    (partition, begin)
                });
                Ok(begins.collect())
            }
            Self::Time(time) => {
                let ends = at(cluster, partitions, ListOffsetsAt::Latest, isolation).await?;
                let mut found = at(cluster, partitions, ListOffsetsAt::Timestamp(time), isolation).await?;
                for (partition, offset) in found.iter_mut().filter(|(_, offset)| *offset < 0) {
                    // Nothing is that young: the end.
                    *offset = ends.iter().find(|(known, _)| known == partition).map_or(0, |(_, end)| *end);
                }
                Ok(found)
            }
        }
    }
}

async fn at(
    cluster: &Cluster,
    partitions: &[TopicPartition],
    at: ListOffsetsAt,
    isolation: IsolationLevel,
) -> Result<Vec<(TopicPartition, i64)>, anyhow::Error> {
    let found = cluster.list_offsets(partitions, at, isolation).await.map_err(|error: ClientError| error)?;
    let found = found.into_iter().map(|(partition, found)| {
        let offset =
            found.map_err(|error| anyhow::anyhow!("{}-{}: {error}", partition.0, partition.1))?.offset;
        Ok((partition, offset))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_word_an_offset_or_a_time() {
        let table = [
            ("beginning", Some(From::Beginning)),
            ("end", Some(From::End)),
            ("7", Some(From::Offset(7))),
            ("-5", Some(From::Last(5))),
            ("1970-01-01T00:00:02Z", Some(From::Time(2_000))),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
