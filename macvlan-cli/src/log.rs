//! The log of the resident part: lines on standard error, which systemd passes to the journal.

use std::env;
use std::fmt::{self, Result};
use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{self as lines, FmtContext};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::escape::escaped;
use crate::failure::{Done, Failure, NAME};

/// The variable with the level: `error`, `warn`, `info` (the default), `debug` or `trace`.
const VARIABLE: &str = "MACVLAN_LOG";

/// Writes the events of this process from now on.
pub(crate) fn start() -> Done {
    let level = match env::var(VARIABLE) {
        Ok(level) if !level.is_empty() => level.parse::<LevelFilter>().map_err(|_| {
            Failure::usage(format!(
                "cannot use {VARIABLE}={level}: expected error, warn, info, debug or trace"
            ))
        })?,
        _ => LevelFilter::INFO,
    };
    let is_journal = env::var_os("JOURNAL_STREAM").is_some();
    let lines = lines::layer().with_writer(io::stderr).event_format(Line { is_journal });
    // At lower levels, the crates below describe each frame to etcd.
    let others = level.min(LevelFilter::WARN);
    let filter = Targets::new().with_default(others).with_target("macvlan", level);
    let subscriber = tracing_subscriber::registry().with(lines).with(filter);
    // Another one is set if a program calls the command more than once.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// One line: `macvlan: what was done key=value key=value`.
struct Line {
    is_journal: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Result {
        if self.is_journal {
            // As of sd-daemon(3).
            write!(writer, "<{}>", priority(*event.metadata().level()))?;
        }
        let mut line = String::new();
        context.field_format().format_fields(Writer::new(&mut line), event)?;
        // A line of another's text must not look like one of the log.
        write!(writer, "{NAME}: {}", OneLine(&line))?;
        writeln!(writer)
    }
}

fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        self.0.split(['\n', '\r']).enumerate().try_for_each(|(at, part)| {
            f.write_str(if at == 0 { "" } else { " " })?;
            f.write_str(&escaped(part.trim(), &[]))
        })
    }
}
