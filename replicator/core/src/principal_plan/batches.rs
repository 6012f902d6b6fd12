//! Changes split into requests.

use std::collections::BTreeMap;

use super::Whose;

/// Splits changes into requests of at most `most`, none with two changes of one owner: brokers refuse these, and one that is
/// refused would take the other with it.
pub fn batches<N: Whose, T>(changes: &[(N, T)], most: usize) -> Vec<Vec<&(N, T)>> {
    let mut seen: BTreeMap<&N::Owner, usize> = BTreeMap::new();
    let mut rounds: Vec<Vec<&(N, T)>> = Vec::new();
    for change in changes {
        let round = seen.entry(change.0.whose()).or_default();
        if rounds.len() == *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(change);
        *round += 1;
    }
    rounds.iter().flat_map(|round| round.chunks(most)).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name(char);

    impl Whose for Name {
        type Owner = char;

        fn whose(&self) -> &char {
            &self.0
        }
    }

    #[test]
    fn no_request_has_an_owner_twice() {
        let table: [(&str, usize, &str); 5] = [
            ("", 10, ""),
            ("abc", 10, "012"),
            ("abc", 2, "01 2"),
            ("aab", 10, "02 1"),
            ("babab", 1, "0 1 2 3 4"),
        ];
        for (owners, most, expected) in table {
            let changes: Vec<_> =
                owners.chars().enumerate().map(|(index, name)| (Name(name), index)).collect();
            let batches = batches(&changes, most).into_iter();
            let found: Vec<String> =
                batches.map(|batch| batch.iter().map(|(_, index)| index.to_string()).collect()).collect();
            assert_eq!(found.join(" "), expected, "{owners:?} by {most}");
        }
    }
}
