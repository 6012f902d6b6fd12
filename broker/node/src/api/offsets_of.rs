//! Which partitions the offsets of a group may be kept of.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;

use crate::call::Call;

/// Takes the partitions out that are not there, or that the client may not read; topics without any other go too.
/// `refuse` makes the answer of a topic from its name, those partitions, and why.
pub(super) fn take_refused<T, P, R>(
    call: &Call,
    topics: &mut Vec<T>,
    parts: impl for<'a> Fn(&'a mut T) -> (&'a str, &'a mut Vec<P>),
    index: impl Fn(&P) -> i32,
    refuse: impl Fn(String, Vec<i32>, ErrorCode) -> R,
) -> Vec<R> {
    let mut refused = Vec::new();
    topics.retain_mut(|topic| {
        let (name, asked) = parts(topic);
        let may_read = call.may(Operation::Read, ResourceType::Topic, name);
        let error = match may_read {
            true => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            false => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        };
        let found = call.node.topics.by_name(name).filter(|_| may_read);
        let is_there = |index| found.as_ref().is_some_and(|found| found.partition(index).is_some());
        let missing = asked.extract_if(.., |asked| !is_there(index(asked)));
        let partitions: Vec<i32> = missing.map(|asked| index(&asked)).collect();
        let is_left = !asked.is_empty();
        if !partitions.is_empty() {
            refused.push(refuse(name.to_owned(), partitions, error));
        }
        is_left
    });
    refused
}

/// Adds answers of refused partitions to those of the others. `parts` gives the name of an answer's topic and its
/// partitions.
pub(super) fn add_refused<T, P>(
    answers: &mut Vec<T>,
    refused: Vec<T>,
    parts: impl for<'a> Fn(&'a mut T) -> (&'a str, &'a mut Vec<P>),
) {
    for mut topic in refused {
        let (name, partitions) = parts(&mut topic);
        let (name, partitions) = (name.to_owned(), std::mem::take(partitions));
        match answers.iter_mut().map(&parts).find(|(found, _)| *found == name) {
            Some((_, found)) => found.extend(partitions),
            None => {
                *parts(&mut topic).1 = partitions;
                answers.push(topic);
            }
        }
    }
}
