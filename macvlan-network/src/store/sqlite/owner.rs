//! The machine that a store's file belongs to, which is the one that wrote it last.

use rusqlite::{Transaction, params};

use crate::error::{Error, ErrorKind};
use crate::machine::{Claim, Machine};

use super::transaction::{Attempt, Stop};

/// Returns the machine that a file belongs to, from its columns; `None` until one has written it.
pub(super) fn machine(boot: Option<String>, id: Option<String>) -> Option<Machine> {
    boot.map(|boot| Machine { boot, id })
}

/// Refuses a file of another machine.
pub(super) fn check(owner: &Machine) -> Attempt<()> {
    let here = Machine::here().map_err(Stop::Unusable)?;
    if !owner.is_other_than(here) {
        return Ok(());
    }
    let why = format!("the file belongs to {owner}, and this is {here}");
    let hint = "use one file for each machine; if this file was moved here for good, or the \
                machine-id has changed, open it as one that was moved";
    Err(Stop::Unusable(Error::new(ErrorKind::OtherMachine, "", why).with_hint(hint)))
}

/// Makes a file this machine's, with its current boot.
pub(super) fn claim(transaction: &Transaction<'_>, moved: bool) -> Attempt<()> {
    let here = Machine::here().map_err(Stop::Unusable)?;
    let select = "SELECT boot, machine FROM store";
    let owner = transaction.query_row(select, [], |row| Ok(machine(row.get(0)?, row.get(1)?)))?;
    let Machine { boot, id } = match here.claim(owner.as_ref()) {
        Claim::Held => return Ok(()),
        Claim::Take(machine) => machine,
        Claim::Refused if moved => here.clone(),
        Claim::Refused => return owner.as_ref().map_or(Ok(()), check),
    };
    transaction.execute("UPDATE store SET boot = ?, machine = ?", params![boot, id])?;
    Ok(())
}
