//! The question before something is lost.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::Failure;

/// Goes on with `--yes`, or when a person says yes. Where nobody can be asked it is wrong input.
pub(crate) fn confirm(what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::WrongInput(format!("error: {what}: nobody can be asked here, give --yes")));
    }
    eprint!("{what}? [y/N] ");
    let mut answer = String::new();
    let read = io::stderr().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
    read.map_err(|error| Failure::Failed(error.into()))?;
    match matches!(answer.trim(), "y" | "Y" | "yes") {
        true => Ok(()),
        false => Err(Failure::Failed(anyhow::anyhow!("nothing was done"))),
    }
}
