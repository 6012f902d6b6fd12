//! A live table below the log on a terminal. Log lines and table share standard error, so each knows of the other.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands below the log now.
static SHOWN: Mutex<String> = Mutex::new(String::new());

const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// Whether there is a terminal to show a table on.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|terminal| terminal != "dumb")
}

/// Replaces the table; an empty text takes it away.
pub(crate) fn show(text: &str) -> io::Result<()> {
    let mut shown = shown();
    let mut output = erased(&shown);
    output.push_str(&drawn(text));
    text.clone_into(&mut shown);
    io::stderr().lock().write_all(output.as_bytes())
}

/// A line that stays, above the table if there is one, else on standard output.
pub(crate) fn say(line: &str) -> io::Result<()> {
    if is_terminal() {
        return LogWriter.write_all(format!("{line}\n").as_bytes());
    }
    writeln!(io::stdout(), "{line}")
}

/// Where the log is written: above the table, if there is one.
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shown = shown();
        let mut error = io::stderr().lock();
        error.write_all(erased(&shown).as_bytes())?;
        error.write_all(line)?;
        error.write_all(drawn(&shown).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn shown() -> MutexGuard<'static, String> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What takes a text away that ends where the cursor is.
fn erased(text: &str) -> String {
    match text.lines().count() {
        0 => String::new(),
        lines => format!("\x1b[{lines}F\x1b[J"),
    }
}

/// A text whose lines are cut at the terminal's width, so that they can be counted.
fn drawn(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("{NO_WRAP}{}\n{WRAP}", text.trim_end_matches('\n')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lines_are_erased_as_were_drawn() {
        for text in ["", "one", "one\ntwo", "one\ntwo\n"] {
            let lines = drawn(text).matches('\n').count();
            let expected = if lines == 0 { String::new() } else { format!("\x1b[{lines}F\x1b[J") };
            assert_eq!(erased(text), expected);
        }
    }
}
