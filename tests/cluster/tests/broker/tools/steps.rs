//! What the tools are told to do.

use strait_cluster_tests::tools::Tool;

use super::Side;

/// Between what runs on live brokers and what reads the files of stopped ones.
const STOP: &str = "---";

/// A tool with its arguments and its input.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) is_refused: bool,
    class: String,
    arguments: Vec<String>,
    input: String,
}

/// All of them in their order: with the brokers running, then with both stopped.
pub(super) fn all() -> [Vec<Step>; 2] {
    let (running, stopped) = include_str!("steps.txt").split_once(STOP).expect("two parts");
    [running, stopped].map(|part| {
        part.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(step).collect()
    })
}

fn step(line: &str) -> Step {
    let (name, rest) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    let (command, input) = rest.split_once(" < ").unwrap_or((rest, ""));
    let mut words = command.split(' ').map(str::to_owned);
    let class = words.next().unwrap_or_else(|| panic!("{line}"));
    let class = if class.starts_with("kafka.") { class } else { format!("org.apache.kafka.{class}") };
    Step {
        name: name.trim_end_matches('!').to_owned(),
        is_refused: name.ends_with('!'),
        class,
        arguments: words.collect(),
        input: input.to_owned(),
    }
}

impl Step {
    /// What is run at one side.
    pub(super) fn tool(&self, Side { address, folder, data }: &Side) -> Tool {
        let places = [("FOLDER", folder.display().to_string()), ("DATA", data.display().to_string())];
        let placed = |argument: &String| {
            places.iter().fold(argument.clone(), |argument, (name, place)| argument.replace(name, place))
        };
        let mut arguments: Vec<String> = self.arguments.iter().map(placed).collect();
        // One tool has the address after its command; one reads files only.
        let place = usize::from(self.class.ends_with("ClusterTool"));
        if !self.class.ends_with("DumpLogSegments") {
            arguments.splice(place..place, ["--bootstrap-server".to_owned(), address.clone()]);
        }
        let (name, input, class) = (self.name.clone(), self.input.clone(), self.class.clone());
        Tool { name, input, class, arguments }
    }
}
