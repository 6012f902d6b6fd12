//! What Kafka answered: a line for each question, `QUESTION => ANSWER`, in the order in which they were asked. The same
//! question with the same answer at several places is one line: `QUESTION @ PLACE|PLACE => ANSWER`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use strait_cluster_tests::golden;
use strait_cluster_tests::kafka::Release;

use super::peer::Peer;
use super::{Scenario, differences};

const SEPARATOR: &str = " => ";
const AT: &str = " @ ";
const OR: &str = "|";

/// Questions with their answers. No question is asked twice in the same words.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    lines: Vec<(String, String)>,
}

impl Answers {
    /// What several scenarios gave, one after the other.
    pub(super) fn in_turn(peer: &mut Peer, scenarios: &[Scenario]) -> Result<Self> {
        let mut all = Self::default();
        for scenario in scenarios {
            all.lines.extend(scenario(peer)?.lines);
        }
        Ok(all)
    }

    /// A question whose answer depends on those before it.
    pub(super) fn add_step(&mut self, place: &str, what: &str, answer: impl Into<String>) {
        let step = self.lines.len() + 1;
        self.add(format!("{place} {step}: {what}"), answer);
    }

    pub(super) fn add(&mut self, question: impl Into<String>, answer: impl Into<String>) {
        self.lines.push((question.into(), answer.into()));
    }

    /// A question that is asked at several places.
    pub(super) fn add_at(&mut self, question: &str, place: &str, answer: impl Into<String>) {
        self.add(format!("{question}{AT}{place}"), answer);
    }

    fn parse(text: &str) -> Result<Self> {
        let mut answers = Self::default();
        for line in text.lines() {
            let (question, answer) = line.split_once(SEPARATOR).with_context(|| line.to_owned())?;
            match question.split_once(AT) {
                Some((question, places)) => {
                    places.split(OR).for_each(|place| answers.add_at(question, place, answer));
                }
                None => answers.add(question, answer),
            }
        }
        Ok(answers)
    }

    fn print(&self) -> String {
        let mut printed: Vec<(String, &str)> = Vec::new();
        for (question, answer) in &self.lines {
            let (what, place) = question.split_once(AT).unwrap_or((question, ""));
            let start = format!("{what}{AT}");
            match printed.last_mut() {
                Some((last, same)) if *same == answer && !place.is_empty() && last.starts_with(&start) => {
                    last.push_str(OR);
                    last.push_str(place);
                }
                _ => printed.push((question.clone(), answer.as_str())),
            }
        }
        printed.iter().map(|(question, answer)| format!("{question}{SEPARATOR}{answer}\n")).collect()
    }

    fn by_question(&self) -> Result<BTreeMap<&str, &str>> {
        let mut found = BTreeMap::new();
        for (question, answer) in &self.lines {
            if found.insert(question.as_str(), answer.as_str()).is_some() {
                bail!("asked twice: {question}");
            }
        }
        Ok(found)
    }
}

fn answers_of(name: &str, release: Release) -> PathBuf {
    golden::file(&format!("{name}-{}.txt", release.version))
}

pub(super) fn write(name: &str, release: Release, answers: &Answers) -> Result<()> {
    answers.by_question()?;
    fs::write(answers_of(name, release), answers.print())?;
    Ok(())
}

/// Panics with all answers of ours that are not Kafka's and are not meant to differ.
pub(super) fn assert_same(name: &str, release: Release, ours: &Answers) {
    let path = answers_of(name, release);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let kafka = Answers::parse(&text).expect("a file of answers");
    let (kafka, ours) = (kafka.by_question().expect("Kafka's"), ours.by_question().expect("ours"));
    let questions =
        |answers: &BTreeMap<&str, &str>| answers.keys().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let mut wrong = Vec::new();
    for (question, theirs) in &kafka {
        let difference = differences::meant(name, release, question, theirs);
        let meant = difference.map_or(*theirs, |difference| difference.ours);
        let why = difference.map_or("the same", |difference| difference.why);
        match ours.get(question) {
            Some(answer) if *answer == meant => {}
            Some(answer) => wrong.push(format!(
                "{question}\n  ours    {answer}\n  Kafka's {theirs}\n  meant   {meant} ({why})"
            )),
            None => wrong.push(format!("not asked: {question}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} answers differ:\n{}", wrong.len(), kafka.len(), wrong.join("\n"));
    assert_eq!(questions(&kafka), questions(&ours), "questions without an answer of Kafka");
}
