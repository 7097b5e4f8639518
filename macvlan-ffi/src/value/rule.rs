//! `macvlan_rule`: a policy rule; and lists of them.

use std::ffi::{c_char, c_int};
use std::ptr::null;

use macvlan_core::{Rule, parse_net};

use crate::base::boundary::{answer, boundary, free};
use crate::base::input::{Input, input};
use crate::base::object::{give, object, out, shared};
use crate::base::optional::{Bool, macvlan_opt_u32};
use crate::base::record::record;
use crate::base::report::{Failure, macvlan_error};
use crate::base::string::macvlan_text;
use crate::base::text::{c_string, field, text};
use crate::base::view::{Arena, Output, View, nth_record, views};

/// A policy rule, which selects a routing table for packets. macvlan_rule_format() reads all fields
/// but the text.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct macvlan_rule {
    /// The size of the struct.
    pub size: usize,
    /// The sources of the packets: "10.0.0.2/32"; NULL for all.
    pub from: *const c_char,
    /// The destinations of the packets; NULL for all.
    pub to: *const c_char,
    /// The table.
    pub table: u32,
    /// The priority; rules with a lower one come first. By default the kernel chooses it.
    pub priority: macvlan_opt_u32,
    /// True if the rule is for IPv6, if neither from nor to says so.
    pub is_ipv6: Bool,
    /// The rule as text, in the format of `ip rule add`: "from 10.0.0.2/32 table 100".
    pub text: *const c_char,
}
record!(macvlan_rule);

/// Policy rules, from macvlan_handle_rules() and macvlan_rule_parse(). Freed with
/// macvlan_rule_list_free().
///
/// Threads: immutable, so any number of threads may use it at once.
pub struct macvlan_rule_list {
    _opaque: (),
}
object!(macvlan_rule_list, Vec<View<Rule>>);

impl Input for macvlan_rule {
    type Value = Rule;

    unsafe fn value(&self, argument: &str) -> Result<Rule, Failure> {
        // SAFETY: guaranteed by the caller.
        let field = |text, name| unsafe { field(text, argument, name) };
        let mut rule = Rule::new(self.table);
        if self.is_ipv6 != 0 {
            rule = rule.ipv6();
        }
        if let Some(from) = field(self.from, "from")? {
            rule = rule.from(parse_net(from)?);
        }
        if let Some(to) = field(self.to, "to")? {
            rule = rule.to(parse_net(to)?);
        }
        if let Some(priority) = self.priority.get() {
            rule = rule.priority(priority);
        }
        rule.check()?;
        Ok(rule)
    }
}

impl Output for Rule {
    type Record = macvlan_rule;

    fn record(&self, arena: &mut Arena) -> macvlan_rule {
        macvlan_rule {
            from: arena.text_of(self.get_from()),
            to: arena.text_of(self.get_to()),
            table: self.get_table(),
            priority: self.get_priority().into(),
            is_ipv6: self.get_ipv6().into(),
            text: arena.text(self),
            ..macvlan_rule::new()
        }
    }
}

/// Parses a rule in the format of macvlan_handle_add_rule(): "from 10.0.0.2/32 table 100". The
/// result is a list of one rule, which the caller frees with macvlan_rule_list_free(). Returns 0 or
/// a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_parse(
    text: *const c_char,
    list: *mut *mut macvlan_rule_list,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let list = out!(list);
        give(list, views([text!(text).parse::<Rule>()?]));
    })
}

/// Writes a rule as text, which the functions that take a rule accept. The caller frees the text
/// with macvlan_text_free(). Returns 0 or a negative errno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_format(
    rule: *const macvlan_rule,
    text: *mut *mut macvlan_text,
    error: *mut *mut macvlan_error,
) -> c_int {
    boundary!(error, {
        let text = out!(text);
        give(text, c_string(input!(rule)));
    })
}

/// Returns the number of rules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_count(list: *const macvlan_rule_list) -> usize {
    answer(0, || Ok(shared!(list).len()))
}

/// Returns one of the rules, counted from 0. It belongs to the list. NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_get(
    list: *const macvlan_rule_list,
    index: usize,
) -> *const macvlan_rule {
    answer(null(), || Ok(nth_record(shared!(list), index)))
}

/// Frees a list. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn macvlan_rule_list_free(list: *mut macvlan_rule_list) {
    // SAFETY: the header requires that no other thread uses it.
    unsafe { free(list) }
}
