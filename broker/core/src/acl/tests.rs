//! The matrix of rules and requests.

use proptest::prelude::*;

use super::*;

const ALICE: Subject<'_> = Subject { principal: "User:alice", host: "10.0.0.1" };

fn rule(kind: PatternType, name: &str, operation: Operation, permission: Permission) -> AclBinding {
    AclBinding {
        resource_type: ResourceType::Topic,
        pattern_type: kind,
        resource_name: name.to_owned(),
        principal: "User:alice".to_owned(),
        host: "*".to_owned(),
        operation,
        permission,
    }
}

fn authorizer(rules: &[AclBinding]) -> Authorizer {
    let mut authorizer = Authorizer::default();
    rules.iter().for_each(|rule| authorizer.acls.add(rule.clone()));
    authorizer
}

fn may(rules: &[AclBinding], operation: Operation, topic: &str) -> bool {
    authorizer(rules).allows(ALICE, operation, ResourceType::Topic, topic)
}

use Operation::{All, Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
use PatternType::{Literal, Prefixed};
use Permission::{Allow, Deny};

#[test]
fn patterns_cover_what_they_name() {
    assert!(may(&[rule(Literal, "t", Read, Allow)], Read, "t"));
    assert!(!may(&[rule(Literal, "t", Read, Allow)], Read, "tt"));
    assert!(may(&[rule(Prefixed, "t", Read, Allow)], Read, "tt"));
    assert!(may(&[rule(Prefixed, "größe", Read, Allow)], Read, "größer"));
    assert!(!may(&[rule(Prefixed, "tt", Read, Allow)], Read, "t"));
    assert!(may(&[rule(Literal, "*", Read, Allow)], Read, "t"));
    assert!(!may(&[rule(Prefixed, "*", Read, Allow)], Read, "t"));
    assert!(!authorizer(&[rule(Literal, "*", Read, Allow)]).allows(ALICE, Read, ResourceType::Group, "t"));
}

#[test]
fn a_denial_goes_before_everything_but_super_users() {
    for (kind, name) in [(Literal, "t"), (Literal, "*"), (Prefixed, "t")] {
        let rules = [rule(Literal, "t", All, Allow), rule(kind, name, Read, Deny)];
        assert!(!may(&rules, Read, "t"));
        assert!(may(&rules, Write, "t"));
        let mut authorizer = authorizer(&rules);
        authorizer.super_users.insert("User:alice".to_owned());
        assert!(authorizer.allows(ALICE, Read, ResourceType::Topic, "t"));
    }
    assert!(!may(&[rule(Literal, "t", Read, Allow), rule(Literal, "t", All, Deny)], Read, "t"));
}

#[test]
fn some_operations_imply_others_and_denials_do_not() {
    for operation in [Read, Write, Delete, Alter, Describe, All] {
        assert!(may(&[rule(Literal, "t", operation, Allow)], Describe, "t"), "{operation:?}");
    }
    assert!(!may(&[rule(Literal, "t", AlterConfigs, Allow)], Describe, "t"));
    assert!(may(&[rule(Literal, "t", AlterConfigs, Allow)], DescribeConfigs, "t"));
    assert!(!may(&[rule(Literal, "t", Describe, Allow)], Read, "t"));
    let rules = [rule(Literal, "t", Describe, Allow), rule(Literal, "t", Read, Deny)];
    assert!(may(&rules, Describe, "t"));
}

#[test]
fn principals_and_hosts() {
    let everybody = AclBinding { principal: "User:*".to_owned(), ..rule(Literal, "t", Read, Allow) };
    assert!(may(&[everybody], Read, "t"));
    let other = AclBinding { principal: "User:bob".to_owned(), ..rule(Literal, "t", Read, Allow) };
    assert!(!may(&[other], Read, "t"));
    let here = AclBinding { host: "10.0.0.1".to_owned(), ..rule(Literal, "t", Read, Allow) };
    assert!(may(std::slice::from_ref(&here), Read, "t"));
    let elsewhere = AclBinding { host: "10.0.0.2".to_owned(), ..here };
    assert!(!may(&[elsewhere], Read, "t"));
}

#[test]
fn resources_without_rules_may_be_open() {
    let mut authorizer = authorizer(&[rule(Literal, "t", Read, Allow)]);
    assert!(!authorizer.allows(ALICE, Read, ResourceType::Topic, "u"));
    authorizer.allow_everyone_if_no_acl_found = true;
    assert!(authorizer.allows(ALICE, Read, ResourceType::Topic, "u"));
    assert!(!authorizer.allows(ALICE, Write, ResourceType::Topic, "t"), "it has a rule");
}

#[test]
fn a_topic_to_write_to_is_enough_for_an_idempotent_producer() {
    let any = |rules: &[AclBinding]| authorizer(rules).allows_on_any(ALICE, Write, ResourceType::Topic);
    assert!(!any(&[]));
    assert!(any(&[rule(Prefixed, "a", Write, Allow)]));
    assert!(!any(&[rule(Prefixed, "ab", Write, Allow), rule(Prefixed, "a", Write, Deny)]));
    assert!(any(&[rule(Prefixed, "a", Write, Allow), rule(Prefixed, "ab", Write, Deny)]));
    assert!(any(&[rule(Prefixed, "a", Write, Allow), rule(Literal, "a", Write, Deny)]));
    assert!(!any(&[rule(Literal, "a", Write, Allow), rule(Literal, "a", All, Deny)]));
    assert!(!any(&[rule(Literal, "*", Write, Allow), rule(Literal, "*", Write, Deny)]));
    assert!(any(&[rule(Literal, "*", Write, Allow), rule(Prefixed, "a", Write, Deny)]));
}

#[test]
fn allowed_operations_are_told_as_bits() {
    let authorizer = authorizer(&[rule(Literal, "t", Read, Allow)]);
    assert_eq!(authorizer.operations(ALICE, ResourceType::Topic, "t"), 1 << 3 | 1 << 8);
    assert!(!authorizer.allows_on_cluster(ALICE, Describe));
}

#[test]
fn rules_are_checked_found_and_removed() {
    let good = rule(Literal, "t", Read, Allow);
    assert_eq!(good.check(), Ok(()));
    let empty = AclBinding { resource_name: String::new(), ..good.clone() };
    assert_eq!(empty.check(), Err(AclError::EmptyName));
    let cluster = AclBinding { resource_type: ResourceType::Cluster, ..good.clone() };
    assert!(matches!(cluster.check(), Err(AclError::ClusterName { .. })));
    let nobody = AclBinding { principal: "alice".to_owned(), ..good.clone() };
    assert!(matches!(nobody.check(), Err(AclError::Principal { .. })));

    let rules = [
        good.clone(),
        rule(Literal, "*", Read, Allow),
        rule(Prefixed, "t", Write, Deny),
        rule(Literal, "u", Read, Allow),
    ];
    let mut authorizer = authorizer(&rules);
    let found = |authorizer: &Authorizer, pattern, name: Option<&str>| {
        let filter = AclFilter::of_ids(1, pattern, 1, 1).expect("known numbers");
        authorizer.acls.find(&AclFilter { resource_name: name.map(str::to_owned), ..filter }).len()
    };
    assert_eq!((found(&authorizer, 1, None), found(&authorizer, 3, None)), (4, 3));
    assert_eq!((found(&authorizer, 1, Some("t")), found(&authorizer, 2, Some("t"))), (2, 3));
    assert_eq!((found(&authorizer, 3, Some("t")), found(&authorizer, 2, Some("tx"))), (1, 2));
    assert_eq!(AclFilter::of_ids(1, 9, 1, 1), None);
    authorizer.acls.remove(&good);
    authorizer.acls.remove(&good);
    assert_eq!(found(&authorizer, 1, None), 3);
}

proptest! {
    /// The indexed rules decide as a walk over all of them does.
    #[test]
    fn the_index_finds_every_rule(
        rules in prop::collection::vec(("[ab*]{1,3}", any::<bool>(), any::<bool>(), 0_usize..4), 0..12),
        topic in "[ab]{1,4}",
    ) {
        let operations = [Read, Write, Describe, All];
        let rules: Vec<AclBinding> = rules
            .into_iter()
            .map(|(name, prefixed, deny, operation)| {
                let kind = if prefixed { Prefixed } else { Literal };
                rule(kind, &name, operations[operation], if deny { Deny } else { Allow })
            })
            .collect();
        let authorizer = authorizer(&rules);
        for operation in operations {
            let about = |rule: &&AclBinding| match rule.pattern_type {
                Literal => rule.resource_name == topic || rule.resource_name == "*",
                Prefixed => topic.starts_with(&rule.resource_name),
            };
            let denied = rules
                .iter()
                .filter(about)
                .any(|rule| rule.permission == Deny && rule.operation.denies(operation));
            let allowed = rules
                .iter()
                .filter(about)
                .any(|rule| rule.permission == Allow && rule.operation.allows(operation));
            prop_assert_eq!(
                authorizer.allows(ALICE, operation, ResourceType::Topic, &topic),
                allowed && !denied
            );
        }
    }
}
